import type { PasskeyInfo } from '@codepiper/core/auth/auth.ts';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import type { AuthStore } from './auth.store.ts';
import { type PasskeyRecord, presentPasskey } from './auth-records.ts';
import { Challenges } from './challenges.ts';
import type { SignedIn, Visitor, WebSessions } from './web-sessions.ts';

export interface PasskeysOptions {
  ledger: Ledger;
  store: AuthStore;
  sessions: WebSessions;
  clock: Clock;
  log: Log;
}

/** What a browser answers; its form is the library's to check. */
export type PasskeyResponse = Record<string, unknown>;

/** Where a page comes from; passkeys belong to its host name. */
export interface Page {
  origin: string | null;
}

/** Options for the browser's own functions, as JSON. */
type Options = Record<string, unknown>;

const mostPasskeys = 50;
const loginPurpose = 'login';
/** Of COSE: EdDSA, ES256, RS256. Named, so that the library does not ask Node for algorithms that are experiments. */
const algorithms = [-8, -7, -257];

/** Passkeys (WebAuthn): what the device has and who is there, in one step, and of use on our own host name alone. */
export class PasskeysService {
  readonly #o: PasskeysOptions;
  readonly #challenges: Challenges;

  constructor(options: PasskeysOptions) {
    this.#o = options;
    this.#challenges = new Challenges(options.clock);
  }

  async list(): Promise<PasskeyInfo[]> {
    return (await this.#o.store.passkeys()).map(presentPasskey);
  }

  /** @throws CodepiperError `unsupported` where passkeys do not work */
  async newOptions(page: Page, sessionId: string): Promise<Options> {
    const { rpId } = placeOf(page);
    const { store } = this.#o;
    const account = await store.account();
    const known = await store.passkeys();
    if (!account) throw new CodepiperError('account_missing', 'There is no account yet.');
    if (known.length >= mostPasskeys) {
      throw new CodepiperError(
        'unsupported',
        `There are ${known.length} passkeys already; remove one first.`,
      );
    }
    const { generateRegistrationOptions } = await import('@simplewebauthn/server');
    const options = await generateRegistrationOptions({
      rpName: 'codepiper',
      rpID: rpId,
      userName: 'owner',
      userDisplayName: 'codepiper',
      userID: new Uint8Array(Buffer.from(account.userHandle, 'base64url')),
      challenge: this.#challenges.issue(`new ${sessionId}`),
      attestationType: 'none',
      supportedAlgorithmIDs: algorithms,
      excludeCredentials: known
        .filter((each) => each.rpId === rpId)
        .map(({ id, transports }) => ({ id, transports })),
      // Without a user name before it: the device itself knows whose it is, and asks who is there.
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    return { ...options };
  }

  /** @throws CodepiperError `credentials_wrong`, `unsupported` */
  async add(page: Page, sessionId: string, name: string, response: PasskeyResponse): Promise<PasskeyInfo> {
    const { ledger, store, clock } = this.#o;
    const { rpId, origin } = placeOf(page);
    const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
    let challenge = '';
    const checked = await this.#check('made', () =>
      verifyRegistrationResponse({
        response: response as unknown as RegistrationResponseJSON,
        expectedChallenge: (given) => {
          challenge = given;
          return this.#challenges.isOurs(given, `new ${sessionId}`);
        },
        expectedOrigin: origin,
        expectedRPID: rpId,
        requireUserVerification: true,
        supportedAlgorithmIDs: algorithms,
      }),
    );
    if (!checked?.verified || !this.#challenges.use(challenge)) throw refused('was not made for this page');
    const { credential } = checked.registrationInfo;
    const record: PasskeyRecord = {
      ...{ id: credential.id, name, rpId, counter: credential.counter, createdAt: clock.now(), usedAt: null },
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      transports: [...(credential.transports ?? [])],
    };
    return ledger.record(async (tx, emit) => {
      if ((await store.in(tx).passkey(record.id)) !== null) throw refused('is kept already');
      await store.in(tx).insertPasskey(record);
      emit({ sessionId: null, source: 'auth', type: 'auth.passkey_added', payload: { name, host: rpId } });
      return presentPasskey(record);
    });
  }

  /** @throws CodepiperError `passkey_not_found` */
  async remove(id: string): Promise<void> {
    await this.#o.ledger.record(async (tx, emit) => {
      const found = await this.#o.store.in(tx).passkey(id);
      if (!found) throw new CodepiperError('passkey_not_found', `No passkey has the id ${id.slice(0, 80)}.`);
      await this.#o.store.in(tx).removePasskeys(id);
      emit({
        ...{ sessionId: null, source: 'auth', type: 'auth.passkey_removed' },
        payload: { name: found.name, host: found.rpId },
      });
    });
  }

  /**
   * For whoever is not signed in: no passkey is named, the device knows its own.
   *
   * @throws CodepiperError `unsupported`
   */
  async logInOptions(page: Page): Promise<Options> {
    return this.#askOptions(page, loginPurpose);
  }

  /**
   * Signs in, in one step: the device was had, and who is there was asked by it.
   *
   * @throws CodepiperError `credentials_wrong`, `unsupported`
   */
  async logIn(page: Page, visitor: Visitor, response: PasskeyResponse): Promise<SignedIn> {
    const { ledger, sessions } = this.#o;
    const proof = await this.#prove(page, loginPurpose, response);
    const { opened, ended } = await ledger.record(async (tx, emit) => {
      await this.#used(tx, proof);
      return sessions.openFull(tx, emit, visitor, 'passkey');
    });
    sessions.announceEnded(ended);
    return opened;
  }

  /** @throws CodepiperError `unsupported` */
  async reauthenticationOptions(page: Page, sessionId: string): Promise<Options> {
    return this.#askOptions(page, `again ${sessionId}`);
  }

  /** Returns until when that counts. @throws CodepiperError `credentials_wrong`, `unsupported` */
  async reauthenticate(page: Page, sessionId: string, response: PasskeyResponse): Promise<number> {
    const proof = await this.#prove(page, `again ${sessionId}`, response);
    return this.#o.ledger.record(async (tx) => {
      await this.#used(tx, proof);
      return this.#o.sessions.prove(tx, sessionId);
    });
  }

  async #askOptions(page: Page, purpose: string): Promise<Options> {
    const { rpId } = placeOf(page);
    const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
    const options = await generateAuthenticationOptions({
      rpID: rpId,
      challenge: this.#challenges.issue(purpose),
      userVerification: 'required',
    });
    return { ...options };
  }

  /** @throws CodepiperError `credentials_wrong` */
  async #prove(
    page: Page,
    purpose: string,
    response: PasskeyResponse,
  ): Promise<{ id: string; counter: number }> {
    const { rpId, origin } = placeOf(page);
    const known = await this.#o.store.passkey(String(response.id));
    if (known?.rpId !== rpId) throw refused('is not known here');
    const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
    let challenge = '';
    const checked = await this.#check('used', () =>
      verifyAuthenticationResponse({
        response: response as unknown as AuthenticationResponseJSON,
        expectedChallenge: (given) => {
          challenge = given;
          return this.#challenges.isOurs(given, purpose);
        },
        expectedOrigin: origin,
        expectedRPID: rpId,
        credential: {
          id: known.id,
          publicKey: new Uint8Array(Buffer.from(known.publicKey, 'base64url')),
          counter: known.counter,
        },
        requireUserVerification: true,
      }),
    );
    if (!checked?.verified || !this.#challenges.use(challenge)) throw refused('did not prove itself');
    return { id: known.id, counter: checked.authenticationInfo.newCounter };
  }

  /** It may have been removed while it was looked at. */
  async #used(
    tx: Parameters<AuthStore['in']>[0],
    { id, counter }: { id: string; counter: number },
  ): Promise<void> {
    const store = this.#o.store.in(tx);
    if ((await store.passkey(id)) === null) throw refused('is not known here');
    await store.usePasskey(id, counter, this.#o.clock.now());
  }

  /** What the library throws is the browser's answer being wrong; why, the log has. */
  async #check<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.#o.log.info(
        { reason: error instanceof Error ? error.message : String(error) },
        `a passkey was ${what} wrongly`,
      );
      return null;
    }
  }
}

function refused(why: string): CodepiperError {
  return new CodepiperError(
    'credentials_wrong',
    `The passkey ${why}. Try again, or sign in with the password.`,
  );
}

/** @throws CodepiperError `unsupported` for a program that is no browser, and where the host is a bare address */
function placeOf({ origin }: Page): { rpId: string; origin: string } {
  if (origin === null) {
    throw new CodepiperError('unsupported', 'Passkeys are for browsers: the request names no origin.');
  }
  const { hostname } = new URL(origin);
  if (hostname.startsWith('[') || /^[\d.]+$/.test(hostname)) {
    throw new CodepiperError(
      'unsupported',
      `Passkeys belong to a name, and ${hostname} is an address. Open the dashboard as http://localhost, or by its name.`,
    );
  }
  return { rpId: hostname, origin };
}
