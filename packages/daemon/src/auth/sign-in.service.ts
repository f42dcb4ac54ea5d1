import { hostname } from 'node:os';
import type { SignInMethod } from '@codepiper/core/auth/auth.ts';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent, Ledger } from '../events/ledger.ts';
import type { Attempts } from './attempts.ts';
import type { AuthStore } from './auth.store.ts';
import type { AuthKey } from './auth-key.ts';
import type { AccountRecord, WebSessionRecord } from './auth-records.ts';
import type { PasswordHasher } from './passwords.ts';
import { generateRecoveryCodes, plainCode } from './secrets.ts';
import { loadTotp, type Totp } from './totp.ts';
import type { NewSession, SignedIn, Visitor, WebSessions } from './web-sessions.ts';

export interface SignInOptions {
  ledger: Ledger;
  store: AuthStore;
  sessions: WebSessions;
  attempts: Attempts;
  hasher: PasswordHasher;
  key: AuthKey;
  clock: Clock;
}

export type Code = { totpCode: string } | { recoveryCode: string };

export interface Verified extends SignedIn {
  /** Null unless the second factor was proved for the first time. */
  recoveryCodes: string[] | null;
  recoveryCodesLeft: number;
}

/** After so many wrong codes the password is asked for again. */
const codesPerPassword = 5;

const purposes = { totp: 'totp secret', recovery: 'recovery code' } as const;

/** Password, then the second factor; nobody is signed in before both were right. */
export class SignInService {
  readonly #o: SignInOptions;

  constructor(options: SignInOptions) {
    this.#o = options;
  }

  /**
   * The password. Takes as long, and says the same, whether there is an account or not.
   *
   * @throws CodepiperError `credentials_wrong`, `too_many_attempts`
   */
  async logIn(
    visitor: Visitor,
    password: string,
  ): Promise<{ pending: NewSession; mfaSetupRequired: boolean }> {
    const { ledger, store, sessions, attempts, hasher } = this.#o;
    const attempt = await attempts.begin({
      address: visitor.address,
      deviceId: await sessions.knownDevice(visitor),
    });
    const before = await store.account();
    const isRight = await hasher.verify(before?.passwordHash ?? null, password);
    const result = await ledger.record(async (tx, emit) => {
      const account = await store.in(tx).account();
      // The password may have been changed while it was looked at.
      if (!isRight || !account || account.passwordHash !== before?.passwordHash) {
        emitFailure(emit, visitor, 'password');
        return null;
      }
      await attempts.takeBack(tx, attempt);
      const { opened, ended } = await sessions.openPending(tx, visitor);
      return { pending: opened, mfaSetupRequired: account.mfaAt === null, ended };
    });
    if (result) {
      sessions.announceEnded(result.ended);
      return result;
    }
    throw new CodepiperError('credentials_wrong', 'The password is not right.');
  }

  /**
   * The secret for an authenticator: the same one however often it is asked for, until a code of it was right.
   *
   * @throws CodepiperError `forbidden` when the second factor was proved before
   */
  async setUpMfa(sessionId: string): Promise<{ secret: string; otpauthUri: string; qrSvg: string }> {
    const { ledger, store, key } = this.#o;
    const totp = await loadTotp(hostname());
    const secret = await ledger.record(async (tx) => {
      const account = await store.in(tx).account();
      const session = await store.in(tx).session(sessionId);
      if (account?.mfaAt !== null || session?.stage !== 'password') {
        throw new CodepiperError(
          'forbidden',
          'The second factor is set up already. `codepiper auth reset-mfa` on the machine of the daemon forgets it.',
        );
      }
      const known = session.newSecret === null ? null : key.decrypt(session.newSecret, purposes.totp);
      if (known !== null) return known;
      const made = totp.newSecret();
      await store.in(tx).changeSession(sessionId, { new_secret: key.encrypt(made, purposes.totp) });
      return made;
    });
    return { secret, otpauthUri: totp.uri(secret), qrSvg: totp.svg(secret) };
  }

  /**
   * The second factor. Code, step and session are one transaction: a code is used up exactly when somebody is signed
   * in by it, whenever the machine fails.
   *
   * @throws CodepiperError `credentials_wrong`, `too_many_attempts`, `sign_in_required`, `mfa_unreadable`
   */
  async verify(visitor: Visitor, code: Code): Promise<Verified> {
    const { ledger, store, sessions, attempts } = this.#o;
    const attempt = await attempts.begin({
      address: visitor.address,
      deviceId: await sessions.knownDevice(visitor),
    });
    const totp = await loadTotp(hostname());
    const pendingId = visitor.session?.id ?? '';
    const result = await ledger.record(async (tx, emit) => {
      const session = await store.in(tx).session(pendingId);
      const account = await store.in(tx).account();
      if (session?.stage !== 'password' || !account) {
        await attempts.takeBack(tx, attempt);
        return 'gone';
      }
      const factor = await this.#take(tx, account, code, totp, session);
      if (factor === null) {
        emitFailure(emit, visitor, 'code');
        const isLast = session.wrongCodes + 1 >= codesPerPassword;
        if (isLast) await store.in(tx).removeSessions({ ids: [session.id] });
        else await store.in(tx).changeSession(session.id, { wrong_codes: session.wrongCodes + 1 });
        return isLast ? 'over' : 'wrong';
      }
      await attempts.settle(tx, attempt);
      const { opened, ended } = await sessions.openFull(tx, emit, visitor, factor.method);
      const recoveryCodes = factor.isFirst ? await this.#enrolled(tx, emit, visitor) : null;
      const recoveryCodesLeft = await store.in(tx).countRecoveryCodes();
      return { verified: { ...opened, recoveryCodes, recoveryCodesLeft }, ended };
    });
    if (typeof result === 'object') {
      sessions.announceEnded(result.ended);
      return result.verified;
    }
    if (result === 'gone') throw new CodepiperError('sign_in_required', 'Enter the password first.');
    throw new CodepiperError(
      'credentials_wrong',
      result === 'over'
        ? 'Too many wrong codes. Enter the password again.'
        : 'The code is not right, or was used before. Wait for the next one.',
      { startOver: result === 'over' },
    );
  }

  /**
   * A code of the authenticator from somebody who is signed in. Returns until when that counts.
   *
   * @throws CodepiperError `credentials_wrong`, `too_many_attempts`
   */
  async reauthenticate(visitor: Visitor, totpCode: string): Promise<number> {
    const { ledger, store, sessions, attempts } = this.#o;
    const attempt = await attempts.begin({
      address: visitor.address,
      deviceId: await sessions.knownDevice(visitor),
    });
    const totp = await loadTotp(hostname());
    const until = await ledger.record(async (tx, emit) => {
      const account = await store.in(tx).account();
      const factor = account && (await this.#take(tx, account, { totpCode }, totp, null));
      if (!factor || !visitor.session) {
        emitFailure(emit, visitor, 'code');
        return null;
      }
      await attempts.settle(tx, attempt);
      return sessions.prove(tx, visitor.session.id);
    });
    if (until !== null) return until;
    throw new CodepiperError(
      'credentials_wrong',
      'The code is not right, or was used before. Wait for the next one.',
    );
  }

  /** New recovery codes in the place of all old ones. */
  async renewRecoveryCodes(): Promise<string[]> {
    return this.#o.ledger.record(async (tx, emit) => {
      emit({ sessionId: null, source: 'auth', type: 'auth.recovery_codes_renewed', payload: {} });
      return this.#newCodes(tx);
    });
  }

  /** Uses a code up; null when it is not right. */
  async #take(
    tx: Tx,
    account: AccountRecord,
    code: Code,
    totp: Totp,
    pending: WebSessionRecord | null,
  ): Promise<{ method: SignInMethod; isFirst: boolean } | null> {
    const { key, clock } = this.#o;
    const store = this.#o.store.in(tx);
    const now = clock.now();
    if ('recoveryCode' in code) {
      const hash = key.hash(plainCode(code.recoveryCode), purposes.recovery);
      return (await store.useRecoveryCode(hash, now)) ? { method: 'recovery-code', isFirst: false } : null;
    }
    const isFirst = account.mfaAt === null;
    const sealed = isFirst ? (pending?.newSecret ?? null) : account.totpSecret;
    if (sealed === null) return null;
    const secret = key.decrypt(sealed, purposes.totp);
    if (secret === null) {
      throw new CodepiperError(
        'mfa_unreadable',
        'The second factor was stored under another key (auth.key was replaced). Put the right key back, or run `codepiper auth reset-mfa` on the machine of the daemon.',
      );
    }
    const step = totp.step(secret, code.totpCode, now, isFirst ? null : account.totpStep);
    if (step === null) return null;
    if (isFirst) await store.putMfa(sealed, step, now);
    else await store.putTotpStep(step);
    return { method: 'totp', isFirst };
  }

  /** Whoever is half-way with another secret has to have a code of this one now. */
  async #enrolled(tx: Tx, emit: EmitEvent, visitor: Visitor): Promise<string[]> {
    emit({
      ...{ sessionId: null, source: 'auth', type: 'auth.mfa_set_up' },
      payload: { device: visitor.device, address: visitor.address },
    });
    return this.#newCodes(tx);
  }

  async #newCodes(tx: Tx): Promise<string[]> {
    const codes = generateRecoveryCodes();
    const hashes = codes.map((code) => this.#o.key.hash(plainCode(code), purposes.recovery));
    await this.#o.store.in(tx).putRecoveryCodes(hashes);
    return codes;
  }
}

/** What was wrong, and from where; never what was entered. */
export function emitFailure(emit: EmitEvent, { device, address }: Visitor, what: 'password' | 'code'): void {
  emit({ sessionId: null, source: 'auth', type: 'auth.failed', payload: { what, device, address } });
}
