import { type Kysely, sql } from 'kysely';
import type { Database, Tx } from '../db/database.ts';
import type { AuthSessionTable } from './auth.table.ts';
import {
  type AccountRecord,
  type PasskeyRecord,
  toAccount,
  toPasskey,
  toSession,
  type WebSessionRecord,
} from './auth-records.ts';

/** The account, its sessions and devices, its passkeys, and who guessed wrong. Times are milliseconds since the epoch. */
export class AuthStore {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  in(tx: Tx): AuthStore {
    return new AuthStore(tx);
  }

  async account(): Promise<AccountRecord | null> {
    const row = await this.#db.selectFrom('auth_account').selectAll().executeTakeFirst();
    return row ? toAccount(row) : null;
  }

  /** Makes the account, or sets its password. */
  async putPassword(hash: string, isGenerated: boolean, userHandle: string, at: number): Promise<void> {
    const password = {
      password_hash: hash,
      password_generated: isGenerated ? 1 : 0,
      password_at: at,
    };
    await this.#db
      .insertInto('auth_account')
      .values({
        ...{ id: 1, ...password, totp_secret: null, totp_step: null, mfa_at: null },
        ...{ user_handle: userHandle, created_at: at },
      })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(password))
      .execute();
  }

  async putMfa(secret: string | null, step: number | null, at: number | null): Promise<void> {
    await this.#db
      .updateTable('auth_account')
      .set({ totp_secret: secret, totp_step: step, mfa_at: at })
      .execute();
  }

  async putTotpStep(step: number): Promise<void> {
    await this.#db.updateTable('auth_account').set({ totp_step: step }).execute();
  }

  async putRecoveryCodes(hashes: readonly string[]): Promise<void> {
    await this.#db.deleteFrom('auth_recovery_codes').execute();
    if (hashes.length === 0) return;
    await this.#db
      .insertInto('auth_recovery_codes')
      .values(hashes.map((hash) => ({ hash, used_at: null })))
      .execute();
  }

  /** False when there is no such code, or it was used before. */
  async useRecoveryCode(hash: string, at: number): Promise<boolean> {
    const used = await this.#db
      .updateTable('auth_recovery_codes')
      .set({ used_at: at })
      .where('hash', '=', hash)
      .where('used_at', 'is', null)
      .returning('hash')
      .execute();
    return used.length === 1;
  }

  async countRecoveryCodes(): Promise<number> {
    const row = await this.#db
      .selectFrom('auth_recovery_codes')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('used_at', 'is', null)
      .executeTakeFirst();
    return row?.n ?? 0;
  }

  async insertSession(record: WebSessionRecord): Promise<void> {
    await this.#db
      .insertInto('auth_sessions')
      .values({
        ...{ id: record.id, token_hash: record.tokenHash, key_hash: record.keyHash, stage: record.stage },
        ...{ method: record.method, device: record.device, address: record.address },
        ...{ device_id: record.deviceId, created_at: record.createdAt, seen_at: record.seenAt },
        ...{ expires_at: record.expiresAt, ends_at: record.endsAt, proved_at: record.provedAt },
        ...{ wrong_codes: record.wrongCodes, new_secret: record.newSecret },
      })
      .execute();
  }

  async session(id: string): Promise<WebSessionRecord | null> {
    const row = await this.#db
      .selectFrom('auth_sessions')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? toSession(row) : null;
  }

  async sessionByToken(hash: string): Promise<WebSessionRecord | null> {
    const row = await this.#db
      .selectFrom('auth_sessions')
      .selectAll()
      .where('token_hash', '=', hash)
      .executeTakeFirst();
    return row ? toSession(row) : null;
  }

  /** Those that are signed in, the last used first. */
  async sessions(now: number): Promise<WebSessionRecord[]> {
    const rows = await this.#db
      .selectFrom('auth_sessions')
      .selectAll()
      .where('stage', '=', 'full')
      .where('expires_at', '>', now)
      .where('ends_at', '>', now)
      .orderBy('seen_at', 'desc')
      .orderBy('id')
      .execute();
    return rows.map(toSession);
  }

  async changeSession(
    id: string,
    change: Partial<Pick<AuthSessionTable, 'seen_at' | 'expires_at' | 'address' | 'proved_at'>> &
      Partial<Pick<AuthSessionTable, 'wrong_codes' | 'new_secret' | 'token_hash' | 'key_hash'>>,
  ): Promise<void> {
    await this.#db.updateTable('auth_sessions').set(change).where('id', '=', id).execute();
  }

  /** Removes sessions, with those that are over; returns the ids of those that were not. */
  async removeSessions(which: { ids: readonly string[] } | { except: string | null }): Promise<string[]> {
    const query = this.#db.deleteFrom('auth_sessions');
    const chosen =
      'ids' in which
        ? query.where('id', 'in', [...which.ids])
        : which.except === null
          ? query
          : query.where('id', '!=', which.except);
    const rows = await chosen.returning('id').execute();
    return rows.map(({ id }) => id);
  }

  async removeOverSessions(now: number): Promise<void> {
    await this.#db
      .deleteFrom('auth_sessions')
      .where((or) => or.or([or('expires_at', '<=', now), or('ends_at', '<=', now)]))
      .execute();
  }

  async deviceByToken(hash: string): Promise<string | null> {
    const row = await this.#db
      .selectFrom('auth_devices')
      .select('id')
      .where('token_hash', '=', hash)
      .executeTakeFirst();
    return row?.id ?? null;
  }

  async insertDevice(id: string, tokenHash: string, at: number): Promise<void> {
    await this.#db.insertInto('auth_devices').values({ id, token_hash: tokenHash, seen_at: at }).execute();
  }

  async seeDevice(id: string, at: number): Promise<void> {
    await this.#db.updateTable('auth_devices').set({ seen_at: at }).where('id', '=', id).execute();
  }

  /** @param seenBefore those only; undefined: all of them */
  async removeDevices(seenBefore?: number): Promise<void> {
    const query = this.#db.deleteFrom('auth_devices');
    await (seenBefore === undefined ? query : query.where('seen_at', '<', seenBefore)).execute();
  }

  async passkeys(): Promise<PasskeyRecord[]> {
    const rows = await this.#db.selectFrom('auth_passkeys').selectAll().orderBy('created_at').execute();
    return rows.map(toPasskey);
  }

  async passkey(id: string): Promise<PasskeyRecord | null> {
    const row = await this.#db
      .selectFrom('auth_passkeys')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? toPasskey(row) : null;
  }

  async countPasskeys(): Promise<number> {
    const row = await this.#db
      .selectFrom('auth_passkeys')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirst();
    return row?.n ?? 0;
  }

  async insertPasskey(record: PasskeyRecord): Promise<void> {
    await this.#db
      .insertInto('auth_passkeys')
      .values({
        ...{ id: record.id, name: record.name, public_key: record.publicKey, counter: record.counter },
        ...{ transports: JSON.stringify(record.transports), rp_id: record.rpId },
        ...{ created_at: record.createdAt, used_at: record.usedAt },
      })
      .execute();
  }

  async usePasskey(id: string, counter: number, at: number): Promise<void> {
    await this.#db.updateTable('auth_passkeys').set({ counter, used_at: at }).where('id', '=', id).execute();
  }

  /** @param id null: all of them. Returns how many there were. */
  async removePasskeys(id: string | null): Promise<number> {
    const query = this.#db.deleteFrom('auth_passkeys');
    const rows = await (id === null ? query : query.where('id', '=', id)).returning('id').execute();
    return rows.length;
  }

  async attempts(
    clients: readonly string[],
  ): Promise<{ client: string; failures: number; failedAt: number }[]> {
    const rows = await this.#db
      .selectFrom('auth_attempts')
      .selectAll()
      .where('client', 'in', [...clients])
      .execute();
    return rows.map(({ client, failures, failed_at }) => ({ client, failures, failedAt: failed_at }));
  }

  async putAttempts(client: string, failures: number, at: number): Promise<void> {
    const counted = { failures, failed_at: at };
    await this.#db
      .insertInto('auth_attempts')
      .values({ client, ...counted })
      .onConflict((conflict) => conflict.column('client').doUpdateSet(counted))
      .execute();
  }

  /** One less; the time of the last one goes back to `before`, unless another has come after `at`. */
  async lessAttempts(client: string, at: number, before: number): Promise<void> {
    await this.#db
      .updateTable('auth_attempts')
      .set({ failures: sql`failures - 1`, failed_at: sql`iif(failed_at = ${at}, ${before}, failed_at)` })
      .where('client', '=', client)
      .where('failures', '>', 0)
      .execute();
  }

  /** @param clients undefined: of everybody */
  async removeAttempts(clients?: readonly string[]): Promise<void> {
    const query = this.#db.deleteFrom('auth_attempts');
    await (clients === undefined ? query : query.where('client', 'in', [...clients])).execute();
  }

  async forgetAttempts(before: number): Promise<void> {
    await this.#db.deleteFrom('auth_attempts').where('failed_at', '<=', before).execute();
  }
}
