import { TransportError } from '@codepiper/client/transport.ts';
import type { Context } from '../context.ts';
import { table } from '../output.ts';
import { suggest } from '../suggest.ts';
import { UsageError } from '../usage-error.ts';

interface Shown {
  key: string;
  value?: unknown;
  origin: string;
  from: string | null;
  line?: number | null;
}

export async function run(context: Context): Promise<void> {
  const [action, key, value] = context.input.positionals;
  if (action === undefined) return show(context);
  const isSetting = action === 'set';
  if (!isSetting && action !== 'unset') {
    const guess = await suggest(action, ['set', 'unset']);
    throw new UsageError(
      `codepiper config cannot "${action}". ${guess ? `Did you mean ${guess}?` : 'It can set and unset.'}`,
    );
  }
  if (key === undefined || (isSetting && value === undefined)) {
    throw new UsageError(
      `codepiper config ${action} needs ${isSetting ? 'a key and a value: config set <key> <value>' : 'a key: config unset <key>'}.`,
    );
  }
  if (!isSetting && value !== undefined) {
    throw new UsageError(`"${value}" is one argument too many: codepiper config unset <key>`);
  }
  return change(context, key, isSetting ? value : undefined);
}

async function show(context: Context): Promise<void> {
  const { settings, isRunning } = await effectiveSettings(context);
  context.print(settings, () => {
    const rows = settings.map(({ key, value, origin, from, line }) => [
      key,
      text(value),
      origin,
      `${from ?? ''}${line ? `:${line}` : ''}`,
    ]);
    const columns = [
      { title: 'SETTING' },
      { title: 'VALUE', min: 12 },
      { title: 'ORIGIN' },
      { title: 'FROM', min: 8 },
    ];
    const note = isRunning ? '' : 'The daemon is not running; this is what it would start with.\n';
    return table(columns, rows, context.io.columns) + note;
  });
}

/** @param value as typed; undefined to go back to what holds when nobody says */
async function change(context: Context, key: string, value: string | undefined): Promise<void> {
  const [{ settings }, { daemonSettingFields, daemonSettings }] = await Promise.all([
    import('@codepiper/core/settings/settings.ts'),
    import('@codepiper/core/settings/daemon-settings.ts'),
  ]);
  const field = daemonSettingFields.find((each) => settings[daemonSettings[each]].key === key);
  if (field === undefined) {
    const all = Object.values(settings).map((setting) => setting.key);
    const changeable = daemonSettingFields.map((each) => settings[daemonSettings[each]].key);
    throw new UsageError(
      all.some((each) => each === key)
        ? `${key} is read when the daemon starts: set it in ${context.io.env.home}/config.yaml and run: codepiper daemon restart. Changed while it runs are ${changeable.join(', ')}.`
        : `There is no setting "${key}". ${await nearby(key, all)}`,
    );
  }
  const { schema, allowed } = settings[daemonSettings[field]];
  const parsed = value === undefined ? null : schema.safeParse(value);
  if (parsed && !parsed.success) throw new UsageError(`${key} is "${value}": allowed is ${allowed}.`);
  const to = parsed?.data ?? null;
  const [name = field, inner] = field.split('.');
  const reply = await context.client().request('PUT', '/settings/daemon', {
    // By its path: the daemon checks it again.
    body: { [name]: inner === undefined ? to : { [inner]: to } },
  });
  const { origin } = reply.origins[field];
  const held: unknown = name in reply.settings ? reply.settings[name as keyof typeof reply.settings] : null;
  const now = inner === undefined ? held : (held as Record<string, unknown>)[inner];
  context.print({ key, value: now, origin }, () => `${key} is now ${text(now)} (${origin})\n`);
}

async function nearby(key: string, all: readonly string[]): Promise<string> {
  const guess = await suggest(key, all);
  return guess ? `Did you mean ${guess}?` : 'All there are: codepiper config';
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Of the running daemon; else what one started here would take. */
async function effectiveSettings(
  context: Context,
): Promise<{ settings: readonly Shown[]; isRunning: boolean }> {
  try {
    return { settings: (await context.client().request('GET', '/config')).settings, isRunning: true };
  } catch (error) {
    if (!(error instanceof TransportError && error.failure === 'unreachable')) throw error;
  }
  const [{ loadConfig }, { settingsOffline }] = await Promise.all([
    import('@codepiper/daemon/config/config.ts'),
    import('@codepiper/daemon/settings/offline.store.ts'),
  ]);
  const { env } = context.io;
  const flags = { socket: context.input.text('socket') };
  const config = loadConfig({ flags, env: env.forChild([]), uid: env.uid });
  return { settings: settingsOffline(config), isRunning: false };
}
