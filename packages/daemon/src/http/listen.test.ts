import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { createServer as createNetServer, type Server } from 'node:net';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../log/log.ts';
import { type Listening, type ListenOptions, listenOnSocket } from './listen.ts';
import { createServer } from './server.ts';

let temp: TempDir;
let path: string;
const open: Listening[] = [];
const uid = process.getuid?.() ?? 0;
const umask = process.umask();

beforeEach(async () => {
  temp = await makeTempDir();
  path = join(temp.path, 'run/codepiper.sock');
});
afterEach(async () => {
  process.umask(umask);
  for (const listening of open.splice(0)) await listening[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

async function listen(at = path, options: Partial<ListenOptions> = {}): Promise<Listening> {
  const app = createServer({ log: silentLog, authenticate: async () => null });
  app.get('/health', async () => ({ pid: process.pid }));
  try {
    const listening = await listenOnSocket(app, at, { uid, log: silentLog, ...options });
    open.push(listening);
    return listening;
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function get(socketPath = path): Promise<number> {
  const call = request({ socketPath, path: '/health', agent: false }).end();
  const [reply] = await once(call, 'response');
  reply.resume();
  return reply.statusCode;
}

/** A socket file nobody answers on, as a killed daemon leaves it. */
async function leaveStaleSocket(at: string): Promise<void> {
  const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', script, at], { stdio: 'ignore' }), 'exit');
  expect(statSync(at).isSocket()).toBe(true);
}

describe('listening', () => {
  it.each([0o000, 0o077])('makes directory and socket private with umask %o', async (mask) => {
    process.umask(mask);
    await listen();
    expect(statSync(join(temp.path, 'run')).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(temp.path, 'run')).sort()).toEqual(['codepiper.sock', 'codepiper.sock.lock']);
    expect(await get()).toBe(200);
  });

  it('removes its socket when it closes, and can be repeated', async () => {
    await (await listen())[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(false);
    await listen();
    expect(await get()).toBe(200);
  });

  it('leaves a socket alone that has come after its own', async () => {
    const listening = await listen();
    const later: Server = createNetServer();
    const { rmSync } = await import('node:fs');
    rmSync(path);
    later.listen(path);
    await once(later, 'listening');
    await listening[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(true);
    later.close();
  });

  it('replaces a stale socket', async () => {
    mkdirSync(join(temp.path, 'run'), { mode: 0o700 });
    await leaveStaleSocket(path);
    await listen();
    expect(await get()).toBe(200);
  });

  it('takes the longest path there is', async () => {
    const longest = process.platform === 'darwin' ? 103 : 107;
    const at = `${temp.path}/${'s'.repeat(longest - temp.path.length - 1)}`;
    await listen(at);
    expect(await get(at)).toBe(200);
    await expect(listen(`${at}s`)).rejects.toThrow(
      `is ${longest + 1} bytes long; the system allows ${longest}`,
    );
  });
});

describe('refusing', () => {
  it('a second daemon, with the pid of the first', async () => {
    await listen();
    await expect(listen()).rejects.toMatchObject({
      message: expect.stringContaining(`in use by the daemon with pid ${process.pid}`),
      pid: process.pid,
    });
    expect(await get()).toBe(200);
  });

  it('all but one of 20 at once', async () => {
    mkdirSync(join(temp.path, 'run'), { mode: 0o700 });
    await leaveStaleSocket(path);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => listen()));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    expect(await get()).toBe(200);
  });

  it('a socket another program answers on', async () => {
    mkdirSync(join(temp.path, 'run'), { mode: 0o700 });
    const other = createNetServer((socket) => socket.destroy()).listen(path);
    await once(other, 'listening');
    await expect(listen()).rejects.toThrow(`${path} is in use by another program`);
    other.close();
  });

  it('a path that is no socket, and leaves it as it is', async () => {
    mkdirSync(path, { recursive: true });
    await expect(listen()).rejects.toThrow(`${path} exists and is no socket`);
    const file = join(temp.path, 'file');
    writeFileSync(file, 'precious');
    await expect(listen(file)).rejects.toThrow('is no socket');
    expect(statSync(file).size).toBe(8);
    symlinkSync(file, join(temp.path, 'link'));
    await expect(listen(join(temp.path, 'link'))).rejects.toThrow('is no socket');
  });

  it('a directory others can write to, unless it is sticky', async () => {
    const directory = join(temp.path, 'open');
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    await expect(listen(join(directory, 's'))).rejects.toThrow(`chmod go-w ${directory}`);
    chmodSync(directory, 0o1777);
    await listen(join(directory, 's'));
  });

  it('a directory of another user', async () => {
    const directory = join(temp.path, 'theirs');
    mkdirSync(directory);
    if (uid === 0) chownSync(directory, 65_534, 65_534);
    const options = uid === 0 ? {} : { uid: uid + 1 };
    await expect(listen(join(directory, 's'), options)).rejects.toThrow(
      /belongs to another user \(uid \d+\)/,
    );
  });

  it('a directory that is a file', async () => {
    writeFileSync(join(temp.path, 'run'), '');
    await expect(listen()).rejects.toThrow('is not a directory');
  });

  it('keeps no lock and no listener when it refuses', async () => {
    mkdirSync(path, { recursive: true });
    await expect(listen()).rejects.toThrow('is no socket');
    const { rmdirSync } = await import('node:fs');
    rmdirSync(path);
    await listen();
    expect(await get()).toBe(200);
  });
});

describe('peers', () => {
  it('of another user are cut off and logged', async () => {
    const warnings: unknown[] = [];
    const log = { ...silentLog, warn: (fields: unknown) => void warnings.push(fields) };
    await listen(path, { log, readPeer: () => ({ uid: uid + 1, pid: 4 }) });
    await expect(get()).rejects.toThrow(/hang up|ECONNRESET|EPIPE/);
    expect(warnings).toEqual([{ peer: { uid: uid + 1, pid: 4 } }]);
  });

  it('that are gone before they are looked at are cut off', async () => {
    await listen(path, { readPeer: () => null });
    await expect(get()).rejects.toThrow(/hang up|ECONNRESET|EPIPE/);
  });

  it.runIf(process.platform === 'linux' && uid === 0)('are told apart by the kernel', async () => {
    const at = join('/tmp', `codepiper-test-${process.pid}.sock`);
    await listen(at);
    chmodSync(at, 0o666);
    const script = `require('http').get({ socketPath: process.argv[1], path: '/health' }, (r) => process.exit(10)).on('error', () => process.exit(11))`;
    const exitOf = async (as: number) => {
      const child = spawn(process.execPath, ['-e', script, at], { uid: as, stdio: 'ignore', cwd: '/' });
      return (await once(child, 'exit'))[0];
    };
    expect(await exitOf(0)).toBe(10);
    expect(await exitOf(65_534)).not.toBe(10);
    await waitFor('the lock to be left', () => existsSync(`${at}.lock`));
    const { rmSync } = await import('node:fs');
    rmSync(`${at}.lock`);
  });
});
