import { join } from 'node:path';
import { AuthStore } from '../src/auth/auth.store.ts';
import { openAuthRoom } from '../src/auth/auth.ts';
import { openDatabase } from '../src/db/open.ts';
import { createLedger, type Ledger } from '../src/events/ledger.ts';
import { silentLog } from '../src/log/log.ts';
import { systemClock as clock } from '../src/platform/clock.ts';

/**
 * A process that signs in and is killed on the way: inside the transaction of the second factor, when everything in it
 * is written, or right behind its commit, before anybody was told. Arguments: home, `inside` or `behind`, the password,
 * the kind of code, the code.
 */
const [home = '', where, password = '', kind, code = ''] = process.argv.slice(2);
const database = await openDatabase(join(home, 'codepiper.db'), { log: silentLog, clock });
const real = createLedger({ db: database.db, clock, log: silentLog });
let isArmed = false;
const kill = () => process.kill(process.pid, 'SIGKILL');
const ledger: Ledger = {
  ...real,
  async record(work) {
    let isSignIn = false;
    const result = await real.record(async (tx, emit) => {
      const done = await work(tx, (event) => {
        isSignIn ||= event.type === 'auth.signed_in';
        emit(event);
      });
      if (isArmed && isSignIn && where === 'inside') kill();
      return done;
    });
    if (isArmed && isSignIn && where === 'behind') kill();
    return result;
  },
};
const room = openAuthRoom({ ledger, store: new AuthStore(database.db), home, clock, log: silentLog });
const visitor = { address: '127.0.0.1', device: 'test', deviceToken: null, session: null };
const { pending } = await room.signIn.logIn(visitor, password);
isArmed = true;
const session = { id: pending.id, stage: 'password', isRecent: false } as const;
await room.signIn.verify(
  { ...visitor, session },
  kind === 'totp' ? { totpCode: code } : { recoveryCode: code },
);
