import { TransportError } from '@codepiper/client/transport.ts';
import type { Context } from '../context.ts';
import { version } from '../version.ts';

export async function run(context: Context): Promise<void> {
  const { input, io, isJson } = context;
  // `codepiper --version` is for scripts that only want the number.
  if (input.flag('version')) {
    io.out(`${version}\n`);
    return;
  }
  const daemon = await daemonVersion(context);
  const node = process.versions.node;
  if (isJson) {
    context.print({ version, node, daemon }, () => '');
    return;
  }
  io.out(`codepiper ${version} (Node ${node})\n`);
  io.out(daemon === null ? 'daemon: not running\n' : `daemon: ${daemon}\n`);
  if (daemon !== null && daemon !== version) {
    io.out('The daemon is of another version. Restart it: codepiper daemon restart\n');
  }
}

async function daemonVersion(context: Context): Promise<string | null> {
  try {
    return (await context.client().request('GET', '/version', { timeoutMs: 2000 })).version;
  } catch (error) {
    if (error instanceof TransportError) return null;
    throw error;
  }
}
