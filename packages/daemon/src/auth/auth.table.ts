/** The one account. Times are milliseconds since the epoch. */
export interface AuthAccountTable {
  /** Always 1. */
  id: number;
  /** argon2id, in the form that names its parameters. */
  password_hash: string;
  /** 1: codepiper made it. */
  password_generated: number;
  password_at: number;
  /** Encrypted; null until the second factor is proved. */
  totp_secret: string | null;
  /** The last step (of 30 s) whose code was taken: no code counts twice. */
  totp_step: number | null;
  mfa_at: number | null;
  /** Whom passkeys belong to: random, told to authenticators. */
  user_handle: string;
  created_at: number;
}

export interface AuthRecoveryCodeTable {
  hash: string;
  used_at: number | null;
}

/** A browser that has at least given the password. */
export interface AuthSessionTable {
  id: string;
  token_hash: string;
  key_hash: string;
  stage: string;
  method: string | null;
  device: string;
  address: string;
  /** Of `auth_devices`. */
  device_id: string | null;
  created_at: number;
  seen_at: number;
  expires_at: number;
  ends_at: number;
  /** When somebody last proved who is there. */
  proved_at: number | null;
  wrong_codes: number;
  /** While the second factor is being set up: its secret, encrypted. */
  new_secret: string | null;
}

/** A browser that was signed in once: what others guess does not make it wait. */
export interface AuthDeviceTable {
  id: string;
  token_hash: string;
  seen_at: number;
}

export interface AuthPasskeyTable {
  /** Of the credential, in Base64URL. */
  id: string;
  name: string;
  /** COSE, in Base64URL. */
  public_key: string;
  counter: number;
  /** JSON of strings. */
  transports: string;
  rp_id: string;
  created_at: number;
  used_at: number | null;
}

/** Wrong attempts of one client, or of all unknown ones. */
export interface AuthAttemptTable {
  client: string;
  failures: number;
  failed_at: number;
}
