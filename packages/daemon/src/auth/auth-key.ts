import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { readTextFile, writePrivateFile } from '../platform/files.ts';

/** The key of one home, for what the account keeps: whoever has the database alone learns nothing. */
export interface AuthKey {
  /** AES-256-GCM. @param purpose what it is for: a text for one is none for another */
  encrypt(text: string, purpose: string): string;
  /** Null when it was encrypted under another key, or for another purpose. */
  decrypt(sealed: string, purpose: string): string | null;
  /** HMAC-SHA256, in hexadecimal digits. */
  hash(text: string, purpose: string): string;
}

const bytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * The key in a file, made there (0600) the first time.
 * @throws Error when the file holds no such key
 */
export function loadAuthKey(path: string): AuthKey {
  const text = readTextFile(path);
  if (text !== null) return toKey(parse(path, text));
  const made = randomBytes(bytes);
  writePrivateFile(path, `${made.toString('base64')}\n`);
  return toKey(made);
}

function parse(path: string, text: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === bytes) return key;
  throw new Error(
    `${path} holds no key of the account; put the right one back, or move it away for a new one and run \`codepiper auth reset-mfa\``,
  );
}

function toKey(secret: Buffer): AuthKey {
  const derive = (use: string) =>
    Buffer.from(hkdfSync('sha256', secret, '', `codepiper account ${use}`, bytes));
  const sealing = derive('encryption');
  const hashing = derive('hashes');
  return {
    encrypt(text, purpose) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
    },
    decrypt(sealed, purpose) {
      const all = Buffer.from(sealed, 'base64');
      if (all.length < nonceBytes + tagBytes) return null;
      const cipher = createDecipheriv('aes-256-gcm', sealing, all.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
        .setAAD(Buffer.from(purpose))
        .setAuthTag(all.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        return cipher.update(all.subarray(nonceBytes + tagBytes), undefined, 'utf8') + cipher.final('utf8');
      } catch {
        return null;
      }
    },
    hash: (text, purpose) => createHmac('sha256', hashing).update(`${purpose}\0${text}`).digest('hex'),
  };
}
