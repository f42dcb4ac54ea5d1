import { existsSync } from 'node:fs';
import { TransportError } from '@codepiper/client/transport.ts';
import type { Account, WebSessionInfo } from '@codepiper/core/auth/auth.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Context } from '../context.ts';
import { homeDatabase } from '../home-database.ts';
import { UsageError } from '../usage-error.ts';

/** What can be done about the account, by the daemon or without it. */
export interface AuthVerbs {
  account(): Promise<Account>;
  sessions(): Promise<WebSessionInfo[]>;
  /** @param given null: one is made. Returns the one that was made. */
  resetPassword(given: string | null): Promise<string | null>;
  resetMfa(): Promise<void>;
  revoke(id: string): Promise<void>;
  /** Returns how many were signed in. */
  revokeAll(): Promise<number>;
}

/**
 * Does something about the account: asks the daemon, and opens the file itself when no daemon is there.
 *
 * @throws CodepiperError `forbidden` inside a session
 */
export async function withAuth<T>(context: Context, work: (verbs: AuthVerbs) => Promise<T>): Promise<T> {
  return (await isRunning(context)) ? work(overSocket(context)) : withoutDaemon(context, work);
}

async function isRunning(context: Context): Promise<boolean> {
  try {
    await context.client().request('GET', '/version');
    return true;
  } catch (error) {
    if (error instanceof TransportError && error.failure === 'unreachable') return false;
    throw error;
  }
}

function overSocket(context: Context): AuthVerbs {
  const client = context.client();
  return {
    account: async () => (await client.request('GET', '/auth/account')).account,
    sessions: async () => (await client.request('GET', '/auth/sessions')).sessions,
    resetPassword: async (given) => {
      const body = given === null ? { generate: true } : { password: given };
      return (await client.request('POST', '/auth/cli/reset-password', { body })).password;
    },
    resetMfa: async () => {
      await client.request('POST', '/auth/cli/reset-mfa');
    },
    revoke: async (id) => {
      await client.request('DELETE', '/auth/sessions/:id', { params: { id } });
    },
    revokeAll: async () => (await client.request('POST', '/auth/sessions/revoke-all', { body: {} })).revoked,
  };
}

async function withoutDaemon<T>(context: Context, work: (verbs: AuthVerbs) => Promise<T>): Promise<T> {
  const { env } = context.io;
  if (env.token !== undefined) {
    throw new CodepiperError(
      'forbidden',
      'Only a person may do this, and this is inside a session. Run it from a terminal outside of the session.',
    );
  }
  const database = await homeDatabase(env);
  if (database === ':memory:') {
    throw new UsageError(
      'The database is kept in memory (dbPath is :memory:), and the daemon is not running.',
    );
  }
  if (!existsSync(database)) return work(nobody(context, database));
  return withFile(context, database, work);
}

async function withFile<T>(
  { io }: Context,
  database: string,
  work: (verbs: AuthVerbs) => Promise<T>,
): Promise<T> {
  const { openAuthOffline } = await import('@codepiper/daemon/auth/offline.ts');
  await using room = await openAuthOffline(io.env.home, database);
  const { account, sessions } = room;
  return await work({
    account: () => account.describe(),
    sessions: () => sessions.list(null),
    resetPassword: async (given) => {
      const password = await account.resetPassword(given);
      return given === null ? password : null;
    },
    resetMfa: () => account.resetMfa(),
    revoke: (id) => sessions.revoke(id, 'revoked'),
    revokeAll: () => sessions.revokeAll(null),
  });
}

/** No daemon has run here. Only what makes the account makes the home. */
function nobody(context: Context, database: string): AuthVerbs {
  const missing = async (): Promise<never> => {
    throw new CodepiperError(
      'account_missing',
      `There is no account yet (and no database at ${database}). \`codepiper auth reset-password --generate\` makes it.`,
    );
  };
  return {
    account: async () => ({
      ...{ exists: false, createdAt: null, passwordChangedAt: null, isPasswordGenerated: false },
      ...{ mfaVerifiedAt: null, recoveryCodesLeft: 0, passkeys: 0, sessions: 0 },
    }),
    sessions: async () => [],
    resetPassword: (given) => withFile(context, database, (verbs) => verbs.resetPassword(given)),
    resetMfa: missing,
    revoke: missing,
    revokeAll: async () => 0,
  };
}
