import { randomBytes } from 'node:crypto';
import type { Account } from '@codepiper/core/auth/auth.ts';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent, Ledger } from '../events/ledger.ts';
import type { Attempts } from './attempts.ts';
import type { AuthStore } from './auth.store.ts';
import type { PasswordHasher } from './passwords.ts';
import { generatePassword } from './secrets.ts';
import { emitFailure } from './sign-in.service.ts';
import type { NewSession, Visitor, WebSessions } from './web-sessions.ts';

export interface AccountOptions {
  ledger: Ledger;
  store: AuthStore;
  sessions: WebSessions;
  attempts: Attempts;
  hasher: PasswordHasher;
  clock: Clock;
}

/** The owner's account: its password, and the ways back in that only the machine itself has. */
export class AccountService {
  readonly #o: AccountOptions;

  constructor(options: AccountOptions) {
    this.#o = options;
  }

  async describe(): Promise<Account> {
    const { store, clock } = this.#o;
    const account = await store.account();
    const iso = (at: number | null | undefined) => (at == null ? null : new Date(at).toISOString());
    return {
      exists: account !== null,
      createdAt: iso(account?.createdAt),
      passwordChangedAt: iso(account?.passwordAt),
      isPasswordGenerated: account?.isPasswordGenerated ?? false,
      mfaVerifiedAt: iso(account?.mfaAt),
      recoveryCodesLeft: await store.countRecoveryCodes(),
      passkeys: await store.countPasskeys(),
      sessions: (await store.sessions(clock.now())).length,
    };
  }

  /** What a page has to know before anybody is signed in. */
  async outline(): Promise<{ setupRequired: boolean; mfaSetupRequired: boolean; hasPasskeys: boolean }> {
    const { store } = this.#o;
    const account = await store.account();
    return {
      setupRequired: account === null,
      mfaSetupRequired: account !== null && account.mfaAt === null,
      hasPasskeys: (await store.countPasskeys()) > 0,
    };
  }

  /** Makes the account where there is none. Returns its password, which is told this one time; null when there is one. */
  async bootstrap(): Promise<string | null> {
    const { ledger, store, hasher } = this.#o;
    if ((await store.account()) !== null) return null;
    const password = generatePassword();
    const hash = await hasher.hash(password);
    return ledger.record(async (tx, emit) => {
      if ((await store.in(tx).account()) !== null) return null;
      await this.#putPassword(tx, emit, hash, 'bootstrap', true);
      return password;
    });
  }

  /**
   * Sets the password, or makes one, whatever it was; makes the account where there is none. Every device is signed
   * out, and nobody has to wait any more.
   *
   * @param given null: one is made
   */
  async resetPassword(given: string | null): Promise<string> {
    const { ledger, store, hasher, sessions } = this.#o;
    const password = given ?? generatePassword();
    const hash = await hasher.hash(password);
    const ended = await ledger.record(async (tx, emit) => {
      await this.#putPassword(tx, emit, hash, 'reset', given === null);
      await store.in(tx).removeAttempts();
      return sessions.endAll(tx, emit, null);
    });
    sessions.announceEnded(ended);
    return password;
  }

  /**
   * Forgets authenticator, recovery codes and passkeys, and signs every device out.
   *
   * @throws CodepiperError `account_missing`
   */
  async resetMfa(): Promise<void> {
    const { ledger, store, sessions } = this.#o;
    const ended = await ledger.record(async (tx, emit) => {
      const mine = store.in(tx);
      if ((await mine.account()) === null) {
        throw new CodepiperError(
          'account_missing',
          'There is no account yet. `codepiper auth reset-password --generate` makes it.',
        );
      }
      await mine.putMfa(null, null, null);
      await mine.putRecoveryCodes([]);
      await mine.removePasskeys(null);
      await mine.removeAttempts();
      emit({ sessionId: null, source: 'auth', type: 'auth.mfa_reset', payload: {} });
      return sessions.endAll(tx, emit, null);
    });
    sessions.announceEnded(ended);
  }

  /**
   * Changes the password from a device that is signed in; all others are signed out.
   *
   * @throws CodepiperError `credentials_wrong`, `too_many_attempts`
   */
  async changePassword(visitor: Visitor, current: string, next: string): Promise<NewSession> {
    const { ledger, store, hasher, sessions, attempts } = this.#o;
    const attempt = await attempts.begin({
      address: visitor.address,
      deviceId: await sessions.knownDevice(visitor),
    });
    const before = await store.account();
    const isRight = await hasher.verify(before?.passwordHash ?? null, current);
    const hash = isRight ? await hasher.hash(next) : null;
    const result = await ledger.record(async (tx, emit) => {
      const account = await store.in(tx).account();
      const session = visitor.session && (await store.in(tx).session(visitor.session.id));
      if (hash === null || !session || account?.passwordHash !== before?.passwordHash) {
        emitFailure(emit, visitor, 'password');
        return null;
      }
      await attempts.settle(tx, attempt);
      await this.#putPassword(tx, emit, hash, 'change', false);
      const ended = await sessions.endAll(tx, emit, session.id);
      return { renewed: await sessions.rotate(tx, session.id), ended };
    });
    if (result === null) throw new CodepiperError('credentials_wrong', 'The current password is not right.');
    sessions.announceEnded(result.ended);
    return result.renewed;
  }

  async #putPassword(
    tx: Tx,
    emit: EmitEvent,
    hash: string,
    how: 'bootstrap' | 'reset' | 'change',
    isGenerated: boolean,
  ): Promise<void> {
    const handle = randomBytes(32).toString('base64url');
    await this.#o.store.in(tx).putPassword(hash, isGenerated, handle, this.#o.clock.now());
    emit({ sessionId: null, source: 'auth', type: 'auth.password_set', payload: { how } });
  }
}
