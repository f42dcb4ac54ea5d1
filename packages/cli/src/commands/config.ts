import { TransportError } from '@codepiper/client/transport.ts';
import type { Context } from '../context.ts';
import { table } from '../output.ts';

interface Setting {
  key: string;
  value?: unknown;
  origin: string;
  from: string | null;
}

export async function run(context: Context): Promise<void> {
  const { settings, isRunning } = await effectiveSettings(context);
  context.print(settings, () => {
    const rows = settings.map(({ key, value, origin, from }) => [
      key,
      value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value),
      origin,
      from ?? '',
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

/** Of the running daemon; else what one started here would take. */
async function effectiveSettings(
  context: Context,
): Promise<{ settings: readonly Setting[]; isRunning: boolean }> {
  try {
    return { settings: (await context.client().request('GET', '/config')).settings, isRunning: true };
  } catch (error) {
    if (!(error instanceof TransportError && error.failure === 'unreachable')) throw error;
  }
  const { loadConfig } = await import('@codepiper/daemon/config/config.ts');
  const { env } = context.io;
  const flags = { socket: context.input.text('socket') };
  return { settings: loadConfig({ flags, env: env.forChild([]), uid: env.uid }).effective, isRunning: false };
}
