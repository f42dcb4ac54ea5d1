import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { readTextFile, writePrivateFile } from '../platform/files.ts';

/** The key of one home: signs checkpoints, and marks secrets. */
export interface AuditKey {
  /** Ed25519, in Base64. */
  sign(text: string): string;
  verify(text: string, signature: string): boolean;
  /** 16 hexadecimal digits that are the same for the same secret, and tell nothing of it without the key. */
  mark(secret: string): string;
}

/**
 * The key in a file, made there (0600) the first time.
 * @throws Error when the file holds no such key
 */
export function loadAuditKey(path: string): AuditKey {
  return readAuditKey(path) ?? makeKey(path);
}

/**
 * The key in a file; null when there is none.
 * @throws Error when the file holds no such key
 */
export function readAuditKey(path: string): AuditKey | null {
  const text = readTextFile(path);
  return text === null ? null : toKey(parse(path, text));
}

function makeKey(path: string): AuditKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  writePrivateFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return toKey(privateKey);
}

function parse(path: string, text: string): KeyObject {
  const complaint = `${path} holds no key of the audit trail; put the right one back, or move it away for a new one`;
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (error) {
    throw new Error(complaint, { cause: error });
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(complaint);
  return key;
}

function toKey(privateKey: KeyObject): AuditKey {
  const publicKey = createPublicKey(privateKey);
  const secret = privateKey.export({ type: 'pkcs8', format: 'der' });
  const markKey = Buffer.from(hkdfSync('sha256', secret, '', 'codepiper marks of secrets', 32));
  return {
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
    verify: (text, signature) => verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64')),
    mark: (value) => createHmac('sha256', markKey).update(value).digest('hex').slice(0, 16),
  };
}
