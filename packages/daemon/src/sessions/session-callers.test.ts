import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionRecord } from '../../test/session-record.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { silentLog } from '../log/log.ts';
import { loadPeerReader } from '../platform/peer.ts';
import { hashToken } from './launcher.ts';
import type { LivePanes } from './live-pane.ts';
import { SessionCallers } from './session-callers.ts';
import { SessionsStore } from './sessions.store.ts';

const id = randomUUID();
let database: OpenDatabase;
let store: SessionsStore;
let panes: LivePanes;
let callers: SessionCallers;
beforeEach(async () => {
  database = await openDatabase(':memory:', { log: silentLog, clock: { now: () => 1 } });
  store = new SessionsStore(database.db);
  panes = new Map();
  callers = new SessionCallers({ store, panes, tmux: { listPanes: async () => [] }, isOwnServer: false });
  await store.insert(sessionRecord({ id, tokenHash: hashToken('token') }));
});
afterEach(() => database[Symbol.asyncDispose]());

describe('a token', () => {
  it('is that of a live run, and of no other', async () => {
    expect(await callers.byToken('token')).toBe(id);
    expect(await callers.byToken('token')).toBe(id);
    expect(await callers.byToken('other')).toBeNull();
    await store.update(id, { tokenHash: hashToken('next'), run: 2 }, 1);
    expect(await callers.byToken('token')).toBeNull();
    expect(await callers.byToken('next')).toBe(id);
    await store.update(id, { status: 'stopped', activity: null }, 1);
    expect(await callers.byToken('next')).toBeNull();
  });
});

describe.runIf(process.platform === 'linux')('a process', () => {
  const started: ChildProcess[] = [];
  let temp: TempDir;
  beforeEach(async () => {
    temp = await makeTempDir();
  });
  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    await temp[Symbol.asyncDispose]();
  });

  /** Pid of the wrapper that runs the script, in an environment with nothing but what is given. */
  function wrapper(script: string, env: Record<string, string> = {}): number {
    const child = spawn('/bin/sh', ['-c', script], {
      env: { PATH: '/usr/bin:/bin', ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: temp.path,
    });
    started.push(child);
    if (child.pid === undefined) throw new Error('sh did not start');
    return child.pid;
  }
  const live = (wrapperPid: number, programPid?: number) =>
    panes.set(id, {
      sessionId: id,
      run: 1,
      paneId: '%1',
      wrapperPid,
      ...(programPid === undefined ? {} : { programPid }),
    });
  /** The pid of the process that connects to a socket by node, as `script` runs it. */
  async function connectsBy(run: (command: string) => unknown): Promise<{ pid: number; socket: Socket }> {
    const readPeer = await loadPeerReader();
    const path = join(temp.path, 's');
    const server = createServer();
    server.listen(path);
    await once(server, 'listening');
    const code = `require("net").connect(${JSON.stringify(path)}).on("error",()=>{}).on("close",()=>{})`;
    run(`'${process.execPath}' -e '${code}'`);
    const [socket] = (await once(server, 'connection')) as [Socket];
    server.close();
    const pid = readPeer(socket)?.pid ?? 0;
    expect(pid).toBeGreaterThan(0);
    return { pid, socket };
  }

  it('below the wrapper of a session is its, however deep and with whatever environment', async () => {
    const { pid, socket } = await connectsBy((command) =>
      live(wrapper(`sh -c "env -i setsid sh -c \\"${command.replaceAll('"', '\\\\\\"')}; :\\"; :"; :`)),
    );
    expect(await callers.byProcess(pid)).toEqual({ sessionId: id });
    panes.clear();
    expect(await callers.byProcess(pid)).toBe('outside');
    socket.destroy();
  });

  it('below the program is its, when the wrapper is gone', async () => {
    const program = wrapper('sleep 1000 & echo $! > child; wait');
    const child = await waitFor('the child', async () => {
      const { readFileSync } = await import('node:fs');
      return Number(readFileSync(join(temp.path, 'child'), 'utf8'));
    });
    live(999_999_999, program);
    expect(await callers.byProcess(child)).toEqual({ sessionId: id });
    process.kill(child, 'SIGKILL');
  });

  it('that was left behind is known by its environment, also by that of who started it', async () => {
    const { pid, socket } = await connectsBy((command) =>
      wrapper(`setsid sh -c "env -i ${command.replaceAll('"', '\\"')}; :" & exit`, {
        CODEPIPER_SESSION: id,
      }),
    );
    expect(await callers.byProcess(pid)).toEqual({ sessionId: id });
    // Of a session nobody knows here: another daemon's.
    await store.remove(id, 1);
    expect(await callers.byProcess(pid)).toBe('outside');
    socket.destroy();
  });

  it('that is gone is not known', async () => {
    const child = spawn('true');
    await once(child, 'close');
    expect(await callers.byProcess(child.pid ?? 0)).toBe('unknown');
  });

  it('of nobody is outside', async () => {
    live(wrapper('exec sleep 1000'));
    const { pid, socket } = await connectsBy((command) => wrapper(command));
    expect(await callers.byProcess(pid)).toBe('outside');
    socket.destroy();
    connect(join(temp.path, 'gone')).on('error', () => undefined);
  });
});
