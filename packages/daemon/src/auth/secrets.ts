import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Letters and digits that nobody takes for one another; 32 of them, 5 bits each. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** 256 random bits, for a cookie. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** How a token is stored: it has more bits than anybody can guess, so one plain hash will do. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Whether two hashes are the same, taking as long for every pair. */
export function isSameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function randomText(length: number): string {
  return [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

/** A password that a person copies: 24 characters, 120 bits. */
export function generatePassword(): string {
  return randomText(24);
}

/** Each signs in once when the authenticator is lost: 80 bits. */
export function generateRecoveryCodes(): string[] {
  return Array.from({ length: 8 }, () => randomText(16).replace(/(.{4})(?=.)/g, '$1-'));
}

/** A recovery code as it is compared: without dashes. */
export function plainCode(code: string): string {
  return code.replaceAll('-', '');
}
