import { createECDH } from 'node:crypto';
import { readTextFile, writePrivateFile } from '../platform/files.ts';

/** What the settings say about push messages. */
export interface PushConfiguration {
  enabled: boolean;
  publicKey: string | null;
  privateKey: string | null;
  subject: string | null;
}

/** By what push services know us: the pair of keys and whom to write to (RFC 8292). Base64URL. */
export interface PushKeys {
  publicKey: string;
  privateKey: string;
  subject: string;
}

export type PushAvailability =
  | { keys: PushKeys; isEnabled: boolean; reasons: string[] }
  | { keys: null; isEnabled: false; reasons: string[] };

/** Some push services refuse a subject without a real-looking host. */
const defaultSubject = 'mailto:codepiper@example.com';
const privateBytes = 32;

/** The configured keys, else those of a file, which are made there (0600) the first time. */
export function loadPushKeys(path: string, configured: PushConfiguration): PushAvailability {
  const { enabled, publicKey, privateKey, subject } = configured;
  const problem = (reason: string): PushAvailability => ({ keys: null, isEnabled: false, reasons: [reason] });
  const isOwn = publicKey !== null || privateKey !== null;
  if (isOwn && (publicKey === null || privateKey === null)) {
    const missing = publicKey === null ? 'push.publicKey' : 'push.privateKey';
    return problem(`${missing} is missing: set both keys, or none for keys of codepiper's own`);
  }
  let secret: string;
  try {
    secret = privateKey ?? readKey(path) ?? makeKey(path);
  } catch (error) {
    // On a full disk the daemon starts all the same.
    return problem(`${path} cannot be used: ${(error as Error).message}`);
  }
  const found = publicOf(secret);
  if (found === null) {
    const where = isOwn ? 'push.privateKey' : path;
    return problem(`${where} holds no private key of 32 bytes in Base64URL`);
  }
  if (publicKey !== null && publicKey.replace(/=+$/, '') !== found) {
    return problem('push.publicKey does not belong to push.privateKey');
  }
  const keys = { publicKey: found, privateKey: secret, subject: subject ?? defaultSubject };
  return {
    keys,
    isEnabled: enabled,
    reasons: enabled ? [] : ['push.enabled is off (CODEPIPER_PUSH_ENABLED)'],
  };
}

function readKey(path: string): string | null {
  return readTextFile(path)?.trim() ?? null;
}

function makeKey(path: string): string {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  // Leading zeros are left out by OpenSSL.
  const bytes = Buffer.concat([Buffer.alloc(privateBytes), pair.getPrivateKey()]).subarray(-privateBytes);
  const secret = bytes.toString('base64url');
  writePrivateFile(path, `${secret}\n`);
  return secret;
}

function publicOf(secret: string): string | null {
  const bytes = Buffer.from(secret, 'base64url');
  if (bytes.length !== privateBytes) return null;
  const pair = createECDH('prime256v1');
  try {
    pair.setPrivateKey(bytes);
    return pair.getPublicKey('base64url');
  } catch {
    return null;
  }
}
