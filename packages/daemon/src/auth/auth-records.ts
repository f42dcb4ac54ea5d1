import {
  type PasskeyInfo,
  type SignInMethod,
  signInMethodSchema,
  type WebSessionInfo,
} from '@codepiper/core/auth/auth.ts';
import type { AuthAccountTable, AuthPasskeyTable, AuthSessionTable } from './auth.table.ts';

/** Times are milliseconds since the epoch. */
export interface AccountRecord {
  passwordHash: string;
  isPasswordGenerated: boolean;
  passwordAt: number;
  /** Encrypted. */
  totpSecret: string | null;
  totpStep: number | null;
  mfaAt: number | null;
  userHandle: string;
  createdAt: number;
}

export interface WebSessionRecord {
  id: string;
  tokenHash: string;
  keyHash: string;
  stage: 'password' | 'full';
  method: SignInMethod | null;
  device: string;
  address: string;
  deviceId: string | null;
  createdAt: number;
  seenAt: number;
  expiresAt: number;
  endsAt: number;
  provedAt: number | null;
  wrongCodes: number;
  /** Encrypted. */
  newSecret: string | null;
}

export interface PasskeyRecord {
  id: string;
  name: string;
  publicKey: string;
  counter: number;
  transports: string[];
  rpId: string;
  createdAt: number;
  usedAt: number | null;
}

const iso = (at: number) => new Date(at).toISOString();

/** The one place where a record becomes what clients see. */
export function presentWebSession(record: WebSessionRecord, currentId: string | null): WebSessionInfo {
  return {
    id: record.id,
    device: record.device,
    address: record.address,
    method: record.method ?? 'totp',
    createdAt: iso(record.createdAt),
    lastSeenAt: iso(record.seenAt),
    expiresAt: iso(record.expiresAt),
    endsAt: iso(record.endsAt),
    isCurrent: record.id === currentId,
  };
}

export function presentPasskey(record: PasskeyRecord): PasskeyInfo {
  return {
    id: record.id,
    name: record.name,
    host: record.rpId,
    createdAt: iso(record.createdAt),
    lastUsedAt: record.usedAt === null ? null : iso(record.usedAt),
  };
}

export function toAccount(row: AuthAccountTable): AccountRecord {
  return {
    passwordHash: row.password_hash,
    isPasswordGenerated: row.password_generated === 1,
    passwordAt: row.password_at,
    totpSecret: row.totp_secret,
    totpStep: row.totp_step,
    mfaAt: row.mfa_at,
    userHandle: row.user_handle,
    createdAt: row.created_at,
  };
}

export function toSession(row: AuthSessionTable): WebSessionRecord {
  return {
    id: row.id,
    tokenHash: row.token_hash,
    keyHash: row.key_hash,
    stage: row.stage === 'full' ? 'full' : 'password',
    method: row.method === null ? null : signInMethodSchema.parse(row.method),
    device: row.device,
    address: row.address,
    deviceId: row.device_id,
    createdAt: row.created_at,
    seenAt: row.seen_at,
    expiresAt: row.expires_at,
    endsAt: row.ends_at,
    provedAt: row.proved_at,
    wrongCodes: row.wrong_codes,
    newSecret: row.new_secret,
  };
}

export function toPasskey(row: AuthPasskeyTable): PasskeyRecord {
  return {
    id: row.id,
    name: row.name,
    publicKey: row.public_key,
    counter: row.counter,
    transports: JSON.parse(row.transports) as string[],
    rpId: row.rp_id,
    createdAt: row.created_at,
    usedAt: row.used_at,
  };
}
