import type { Account } from '@codepiper/core/auth/auth.ts';
import { type AuthVerbs, withAuth } from '../auth/verbs.ts';
import type { Context } from '../context.ts';
import { forEach } from '../each.ts';
import { age, clean, table } from '../output.ts';
import { type Action, runAction } from '../policies/actions.ts';
import { UsageError } from '../usage-error.ts';

const actions: Readonly<Record<string, Action>> = {
  status: { arguments: [], options: [], run: status },
  'reset-password': { arguments: [], options: ['generate'], run: resetPassword },
  'reset-mfa': { arguments: [], options: ['yes'], run: resetMfa },
  sessions: { arguments: [], options: [], run: sessions },
  revoke: { arguments: ['<device>…'], options: [], run: revoke },
  'revoke-all': { arguments: [], options: [], run: revokeAll },
};
/** Bytes of a password on stdin, with room for its end. */
const longestInput = 4096;

export async function run(context: Context): Promise<number> {
  return runAction(context, 'auth', actions);
}

async function status(context: Context): Promise<void> {
  const account = await withAuth(context, (verbs) => verbs.account());
  context.print(account, () => describe(context, account));
}

function describe({ io }: Context, account: Account): string {
  if (!account.exists) {
    return 'The dashboard has no account yet. Make it: codepiper auth reset-password --generate\n';
  }
  const since = (at: string | null) => (at === null ? '' : `${age(at, io.now())} ago`);
  const lines: [string, string][] = [
    ['account', `made ${since(account.createdAt)}`],
    [
      'password',
      `set ${since(account.passwordChangedAt)}${account.isPasswordGenerated ? ', one that codepiper made' : ''}`,
    ],
    [
      'second factor',
      account.mfaVerifiedAt === null
        ? 'not set up: the next sign-in does'
        : `set up ${since(account.mfaVerifiedAt)}`,
    ],
    ['recovery codes', `${account.recoveryCodesLeft} left`],
    ['passkeys', String(account.passkeys)],
    ['devices', `${account.sessions} signed in`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(15)} ${value}\n`).join('');
}

async function resetPassword(context: Context): Promise<void> {
  const { io, input } = context;
  const isMade = input.flag('generate');
  const given = isMade ? null : await readPassword(context);
  const password = await withAuth(context, (verbs: AuthVerbs) => verbs.resetPassword(given));
  context.print({ password }, () => (password === null ? 'The password is set.\n' : `${password}\n`));
  if (io.isTTY.stderr && !context.isJson) {
    io.err('Every device is signed out. Sign in with it; the second factor stays as it is.\n');
  }
}

/** From stdin, or asked for twice without being shown. */
async function readPassword({ io }: Context): Promise<string> {
  const password = io.isTTY.stdin ? await askTwice(io) : await readLine(io);
  // Loaded here: what only reads starts without the library of schemas.
  const { newPasswordSchema } = await import('@codepiper/core/auth/auth.ts');
  const checked = newPasswordSchema.safeParse(password);
  if (!checked.success) {
    throw new UsageError(`The password needs ${checked.error.issues[0]?.message ?? 'to be another one'}.`);
  }
  return password;
}

async function askTwice(io: Context['io']): Promise<string> {
  const password = await io.askSecret('New password: ');
  const again = await io.askSecret('The same again: ');
  if (password !== again) throw new UsageError('The two are not the same; nothing was changed.');
  return password;
}

async function readLine(io: Context['io']): Promise<string> {
  const bytes = await io.readStdin(longestInput).catch((error: unknown) => {
    if (error instanceof RangeError) throw new UsageError('What is on stdin is too long for a password.');
    throw error;
  });
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (text === '') {
    throw new UsageError('There is no password on stdin; --generate makes one.');
  }
  if (/[\r\n]/.test(text)) throw new UsageError('What is on stdin has several lines; a password is one.');
  return text;
}

async function resetMfa(context: Context): Promise<void> {
  const { io, input } = context;
  if (!input.flag('yes')) {
    if (!io.isTTY.stdin)
      throw new UsageError('This forgets authenticator, recovery codes and passkeys: add --yes.');
    const answer = await io.ask(
      'Forget authenticator, recovery codes and passkeys, and sign every device out? Type yes: ',
    );
    if (answer.trim().toLowerCase() !== 'yes') throw new UsageError('Nothing was changed.');
  }
  await withAuth(context, (verbs) => verbs.resetMfa());
  context.print(
    { success: true },
    () => 'The second factor is forgotten: the next sign-in sets it up anew.\n',
  );
}

async function sessions(context: Context): Promise<void> {
  const { io } = context;
  const found = await withAuth(context, (verbs) => verbs.sessions());
  context.print(found, () => {
    if (found.length === 0) return io.isTTY.stdout ? 'No device is signed in.\n' : '';
    const columns = [
      { title: 'ID' },
      { title: 'DEVICE', min: 8 },
      { title: 'ADDRESS', min: 8 },
      { title: 'BY' },
      { title: 'USED' },
      { title: 'SINCE' },
    ];
    const rows = found.map((each) => [
      each.id.slice(0, 8),
      clean(each.device),
      clean(each.address),
      each.method,
      age(each.lastSeenAt, io.now()),
      age(each.createdAt, io.now()),
    ]);
    return table(columns, rows, io.columns);
  });
}

async function revoke(context: Context, ids: readonly string[]): Promise<number> {
  return withAuth(context, (verbs) => {
    const act = async (id: string) => {
      await verbs.revoke(id);
      return { id, revoked: true };
    };
    return forEach(context, ids, act, ({ id }) => `${clean(id)} is signed out`);
  });
}

async function revokeAll(context: Context): Promise<void> {
  const revoked = await withAuth(context, (verbs) => verbs.revokeAll());
  context.print({ revoked }, () =>
    revoked === 1 ? '1 device is signed out\n' : `${revoked} devices are signed out\n`,
  );
}
