import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const tools = join(root, '.tools');

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. */
function exec(program: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((done) => {
    execFile(program, args, { env, cwd: dirname(program) }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}

let temp: TempDir;
let tarball: string;
beforeAll(async () => {
  temp = await makeTempDir();
  const packed = await promisify(execFile)(join(root, 'scripts/pack'), [temp.path]);
  tarball = packed.stdout.trim().split('\n').at(-1) ?? '';
  console.log(`the tarball has ${Math.round((await stat(tarball)).size / 1000)} kB`);
});
afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

interface Installed {
  codepiper: (...args: string[]) => Promise<Ran>;
  /** Ends the daemon, its sessions and its tmux server. */
  end: () => Promise<void>;
  socket: string;
  /** Where the program is. */
  dist: string;
}

/** Installs the tarball for a Node, without a network. */
async function install(name: string): Promise<Installed> {
  const prefix = join(temp.path, name);
  const home = join(temp.path, `${name}-home`);
  await mkdir(home, { recursive: true });
  const env = {
    HOME: home,
    PATH: `${join(tools, name, 'bin')}:${join(prefix, 'bin')}:${process.env.PATH}`,
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    CODEPIPER_HOME: join(home, 'codepiper'),
    CODEPIPER_SOCKET: join(home, 's'),
    CODEPIPER_TMUX_SOCKET: `cp-test-${randomBytes(5).toString('hex')}`,
  };
  const npm = ['install', '--global', '--offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const where = ['--prefix', prefix, '--cache', join(tools, 'npm-cache')];
  const installed = await exec('/usr/bin/env', ['npm', ...npm, ...where, tarball], env);
  if (installed.code !== 0)
    throw new Error(`npm could not install it: ${installed.stderr}${installed.stdout}`);
  const codepiper = (...args: string[]) => exec(join(prefix, 'bin/codepiper'), args, env);
  const end = async () => {
    await codepiper('daemon', 'stop', '--kill-sessions');
    await exec('/usr/bin/env', ['tmux', '-L', env.CODEPIPER_TMUX_SOCKET, 'kill-server'], env);
  };
  const dist = join(prefix, 'lib/node_modules/codepiper/dist');
  return { codepiper, end, socket: env.CODEPIPER_SOCKET, dist };
}

async function getJson(socketPath: string, path: string) {
  const [reply] = (await once(get({ socketPath, path }), 'response')) as [IncomingMessage];
  return { status: reply.statusCode, body: (await json(reply)) as { error: string } };
}

/** What the stream of cards begins with. */
async function firstCards(socketPath: string): Promise<string> {
  const call = get({ socketPath, path: '/fleet/stream' });
  const [reply] = (await once(call, 'response')) as [IncomingMessage];
  const [first] = await once(reply, 'data');
  reply.on('error', () => undefined).destroy();
  return String(first);
}

describe.each(['node-22.14', 'node'])('the installed package on %s', (name) => {
  it('checks its machine, and runs a session', async () => {
    const { codepiper, end, socket, dist } = await install(name);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await codepiper(...args);
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
      return stdout.trim();
    };
    const node = (await exec(join(tools, name, 'bin/node'), ['-p', 'process.versions.node'])).stdout.trim();
    expect(JSON.parse(await run('version', '--json'))).toMatchObject({ node, daemon: null });
    try {
      expect(await run('daemon', 'start', '--detach')).toContain('is running');
      expect(JSON.parse(await run('doctor', '--json'))).toMatchObject({ ok: true });
      const id = await run('start', '-p', 'shell', '--', 'sh');
      expect(await run('send', id, 'echo $((40+2))')).toContain('delivered');
      await waitFor('the answer', async () => (await run('tail', id)).split('\n').includes('42'));
      expect(await firstCards(socket)).toContain('event: snapshot');
      // As when npm upgrades it in place.
      for (const part of (await readdir(dist)).filter((file) => file.startsWith('openapi-'))) {
        await rm(join(dist, part));
      }
      const reply = await getJson(socket, '/openapi.json');
      expect(reply).toMatchObject({ status: 503, body: { code: 'program_replaced' } });
      expect(reply.body.error).toContain('codepiper daemon restart');
      expect(await run('stop', id)).toContain('stopped');
      expect(await run('daemon', 'stop')).toContain('has stopped');
    } finally {
      await end();
    }
  });
});

describe('on a Node that is too old', () => {
  it('says what is needed in its first line', async () => {
    const { codepiper } = await install('node-20');
    for (const args of [['--version'], ['daemon', 'start', '--detach'], ['doctor', '--json'], []]) {
      const { code, stdout, stderr } = await codepiper(...args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^codepiper needs Node 22\.14 or newer; this is 20\.\d+\.\d+ at .*\n$/);
    }
  });
});
