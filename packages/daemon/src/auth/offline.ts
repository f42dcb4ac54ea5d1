import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { homeFiles } from '@codepiper/core/paths.ts';
import { openDatabase } from '../db/open.ts';
import { createLedger } from '../events/ledger.ts';
import { silentLog } from '../log/log.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { ensurePrivateDirectory } from '../platform/files.ts';
import { acquireLock } from '../platform/lock.ts';
import { Resources } from '../platform/resources.ts';
import type { AccountService } from './account.service.ts';
import { AuthStore } from './auth.store.ts';
import { openAuthRoom } from './auth.ts';
import type { WebSessions } from './web-sessions.ts';

/** The account of a home whose daemon is down. */
export interface OfflineAuth extends AsyncDisposable {
  account: AccountService;
  sessions: WebSessions;
}

/**
 * Opens the account without a daemon, and keeps a daemon from starting meanwhile. Home and database are made when they
 * are not there.
 *
 * @param database its file
 * @throws Error when a daemon has the home or the database, or a restore of it was interrupted
 */
export async function openAuthOffline(home: string, database: string): Promise<OfflineAuth> {
  ensurePrivateDirectory(home);
  mkdirSync(dirname(database), { recursive: true, mode: 0o700 });
  await using resources = new Resources();
  for (const path of [join(home, homeFiles.lock), `${database}.lock`]) {
    const lock = acquireLock(path);
    if (!lock) {
      throw new Error(
        `The daemon of ${home} is starting, or listens on another socket. Try again, or give its socket with --socket.`,
      );
    }
    resources.defer(() => lock[Symbol.dispose]());
  }
  if (existsSync(join(home, homeFiles.restore))) {
    throw new Error(`A restore of ${home} was interrupted. Start the daemon: it finishes it.`);
  }
  const log = silentLog;
  const opened = resources.use(await openDatabase(database, { log, clock }));
  const ledger = createLedger({ db: opened.db, clock, log });
  const store = new AuthStore(opened.db);
  const { account, sessions } = openAuthRoom({ ledger, store, home, clock, log });
  const owned = resources.move();
  return { account, sessions, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}
