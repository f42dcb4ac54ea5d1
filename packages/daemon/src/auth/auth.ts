import { join } from 'node:path';
import type { Clock } from '@codepiper/core/clock.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import { AccountService } from './account.service.ts';
import { Attempts } from './attempts.ts';
import type { AuthStore } from './auth.store.ts';
import { loadAuthKey } from './auth-key.ts';
import { PasskeysService } from './passkeys.service.ts';
import { createPasswordHasher, type PasswordHasher } from './passwords.ts';
import { SignInService } from './sign-in.service.ts';
import { WebSessions } from './web-sessions.ts';

/** The room: one owner, their ways in, and their devices. */
export interface AuthRoom {
  account: AccountService;
  signIn: SignInService;
  passkeys: PasskeysService;
  /** The gate of `http/web-guard.ts`. */
  sessions: WebSessions;
}

export interface AuthRoomOptions {
  ledger: Ledger;
  store: AuthStore;
  /** The state directory. */
  home: string;
  clock: Clock;
  log: Log;
  /** Test seam: argon2id is slow by design. */
  hasher?: PasswordHasher;
}

/** @throws Error when the key file of the home holds no key */
export function openAuthRoom(options: AuthRoomOptions): AuthRoom {
  const { ledger, store, home, clock, log, hasher = createPasswordHasher() } = options;
  const key = loadAuthKey(join(home, homeFiles.authKey));
  const attempts = new Attempts({ ledger, store, clock });
  const sessions = new WebSessions({ ledger, store, clock });
  const parts = { ledger, store, sessions, attempts, hasher, clock };
  return {
    account: new AccountService(parts),
    signIn: new SignInService({ ...parts, key }),
    passkeys: new PasskeysService({ ledger, store, sessions, clock, log }),
    sessions,
  };
}
