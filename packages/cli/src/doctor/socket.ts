import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { TransportError } from '@codepiper/client/transport.ts';
import type { Context } from '../context.ts';
import { version } from '../version.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** Whether a daemon answers at the socket, and if not, what is there. */
export async function checkSocket(context: Context): Promise<Check> {
  const path = context.socket();
  const start = 'Start it: codepiper daemon start --detach';
  try {
    const health = await context.client().request('GET', '/health', { timeoutMs: 2000 });
    if (health.version !== version) {
      const message = `the daemon at ${path} is of version ${health.version}, this is ${version}`;
      return warn('daemon', message, 'Restart it; sessions go on: codepiper daemon restart');
    }
    if (typeof health.insecureDev === 'number') {
      const message = `answers at ${path}, and lets everybody on this machine, agents included, watch and type at http://127.0.0.1:${health.insecureDev}/`;
      return warn('daemon', message, 'Restart it without --insecure-dev and without web.insecureDev');
    }
    // An older daemon does not tell.
    if (health.dashboard?.isPublic && !health.dashboard.isTls) {
      const message = `answers at ${path}, and other machines reach the dashboard on port ${health.dashboard.port} without TLS`;
      return warn('daemon', message, 'Give it a certificate (web.tls.cert, web.tls.key), or a tunnel');
    }
    return ok(
      'daemon',
      `answers at ${path} (pid ${health.pid}, ${health.liveSessions} live session${health.liveSessions === 1 ? '' : 's'})`,
    );
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    if (error.failure === 'timeout') {
      return fail(
        'daemon',
        `${path} is taken, and whoever has it does not answer`,
        'Look: codepiper daemon logs',
      );
    }
    if (error.failure !== 'unreachable') return fail('daemon', error.message, 'Use another path: --socket');
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return warn('daemon', `not running (nothing at ${path})`, start);
    if (!found.isSocket())
      return fail('daemon', `${path} is no socket`, `Move it away: mv ${path} ${path}.old`);
    return warn('daemon', `not running; ${path} was left behind by one that was killed`, start);
  }
}

/** Whether another user could put a socket of theirs in the place of ours. */
export function checkSocketDirectory(socket: string, uid: number): Check {
  const path = dirname(socket);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return ok('socket directory', `${path} is not there yet; the daemon makes it`);
  if (!found.isDirectory())
    return fail('socket directory', `${path} is no directory`, 'Use another path: --socket');
  if (found.uid !== uid && found.uid !== 0) {
    return fail(
      'socket directory',
      `${path} belongs to another user (uid ${found.uid})`,
      'Use another path: --socket',
    );
  }
  // Others may add files, even where the sticky bit keeps them from taking ours away.
  if ((found.mode & 0o022) !== 0) {
    const mode = (found.mode & 0o7777).toString(8);
    return warn(
      'socket directory',
      `others may write in ${path} (mode ${mode})`,
      'Choose a directory of your own: --socket',
    );
  }
  return ok('socket directory', `nobody else can put a socket into ${path}`);
}
