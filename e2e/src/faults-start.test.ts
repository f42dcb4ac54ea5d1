import { spawn } from 'node:child_process';
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtCli, House } from '@codepiper/testkit/house.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { describe, expect, it } from 'vitest';

/** Lines of a stack trace, which nobody but a developer can read. */
const stackTrace = /^\s+at .+:\d+/m;

async function healthPid(house: House): Promise<number> {
  return ((await house.http('GET', '/health')).body as { pid: number }).pid;
}

/** Files and directories below a path, with their modes. */
async function modesBelow(path: string): Promise<Map<string, { mode: number; isDirectory: boolean }>> {
  const { readdir } = await import('node:fs/promises');
  const found = new Map<string, { mode: number; isDirectory: boolean }>();
  for (const name of ['', ...(await readdir(path, { recursive: true }))]) {
    const info = await lstat(join(path, name)).catch(() => null);
    if (info) found.set(name, { mode: info.mode & 0o777, isDirectory: info.isDirectory() });
  }
  return found;
}

describe('daemons in each other’s way', () => {
  it('of 20 that race for one home exactly one wins, and the others say who', async () => {
    await using house = await House.build();
    const racers = Array.from({ length: 20 }, () => {
      const child = spawn(process.execPath, [builtCli, 'daemon', 'start'], {
        env: house.env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const racer = { child, stderr: '' };
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        racer.stderr += text;
      });
      return racer;
    });
    try {
      const losers = () => racers.filter(({ child }) => child.exitCode !== null || child.signalCode !== null);
      await waitFor('all but one to give up', () => losers().length >= 19, { timeout: 60_000 });
      const winner = await waitFor('the winner to answer', () => healthPid(house));
      expect(losers()).toHaveLength(19);
      expect(racers.find(({ child }) => child.pid === winner)?.child.exitCode).toBeNull();
      for (const { child, stderr } of losers()) {
        expect(child.exitCode).toBe(1);
        expect(stderr).toContain(`pid ${winner}`);
        expect(stderr).toContain('codepiper daemon stop');
        expect(stderr).not.toMatch(stackTrace);
      }
      await house.create({ provider: 'shell', args: ['sleep', '1000'] });
      expect(await house.sessions()).toHaveLength(1);
    } finally {
      for (const { child } of racers) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGTERM');
        await ended;
      }
    }
  });

  it('with two homes and one socket the second is refused with the pid of the first', async () => {
    await using first = await House.open();
    await using second = await House.build();
    const refused = await second.cli(['daemon', 'start'], { env: { CODEPIPER_SOCKET: first.socket } });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`pid ${first.daemonPid}`);
    expect(refused.stderr).toContain(first.socket);
    expect(refused.stderr).not.toMatch(stackTrace);
    expect(await healthPid(first)).toBe(first.daemonPid);
  });

  it('a second one on the same home is refused, also in the background', async () => {
    await using house = await House.open();
    const other = join(house.home, '..', 'other');
    const refused = await house.cli(['daemon', 'start', '--detach', '--socket', other]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`pid ${house.daemonPid}`);
    expect(await healthPid(house)).toBe(house.daemonPid);
  });
});

describe('the path of the socket', () => {
  it('is cleaned of a socket that nobody answers on', async () => {
    await using house = await House.open();
    await house.halt('SIGKILL');
    expect((await lstat(house.socket)).isSocket()).toBe(true);
    await house.start();
    expect(await healthPid(house)).toBe(house.daemonPid);
  });

  it.each(['file', 'directory'])('is refused when it is a %s, which stays as it is', async (kind) => {
    await using house = await House.build();
    if (kind === 'file') await writeFile(house.socket, 'precious');
    else await mkdir(house.socket);
    const refused = await house.cli(['daemon', 'start']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`${house.socket} exists and is no socket`);
    expect(refused.stderr).not.toMatch(stackTrace);
    if (kind === 'file') expect(await readFile(house.socket, 'utf8')).toBe('precious');
    else expect((await lstat(house.socket)).isDirectory()).toBe(true);
  });
});

describe('a wrong setting', () => {
  it.each([
    ['CODEPIPER_HTTP_PORT', '99999', /65535/],
    ['CODEPIPER_HTTP_PORT', 'many', /65535/],
    ['CODEPIPER_MAX_SESSIONS', '0', /1 to 10000/],
    ['CODEPIPER_LOG_LEVEL', 'loud', /debug, info, warn/],
    ['CODEPIPER_FORWARD_SSH_AUTH_SOCK', 'perhaps', /true|on/],
  ])('%s=%s stops the start with name, value and what is allowed', async (name, value, allowed) => {
    await using house = await House.build();
    for (const how of [[], ['--detach']]) {
      const refused = await house.cli(['daemon', 'start', ...how], { env: { [name]: value } });
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(name);
      expect(refused.stderr).toContain(value);
      expect(refused.stderr).toMatch(allowed);
      expect(refused.stderr).not.toMatch(stackTrace);
    }
    await expect(house.http('GET', '/health')).rejects.toThrow();
  });

  it('in the file is named with the file', async () => {
    await using house = await House.build();
    await mkdir(house.home, { recursive: true });
    await writeFile(join(house.home, 'config.yaml'), 'sessions:\n  max: none\n');
    const refused = await house.cli(['daemon', 'start']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('sessions.max');
    expect(refused.stderr).toContain(join(house.home, 'config.yaml'));
    expect(refused.stderr).not.toMatch(stackTrace);
  });
});

describe('the state directory', () => {
  it('is its owner’s alone, with an open umask too', async () => {
    await using temp = await makeTempDir();
    await using house = await House.build({ home: join(temp.path, 'deep', 'home') });
    const command = [process.execPath, builtCli, 'daemon', 'start', '--detach'];
    const starting = spawn('sh', ['-c', 'umask 000; exec "$@"', 'sh', ...command], {
      env: house.env,
      stdio: 'ignore',
    });
    expect(await new Promise((resolve) => starting.once('close', resolve))).toBe(0);
    try {
      const cwd = await house.workDirectory();
      const live = await house.create({ provider: 'shell', cwd, args: ['sh', '-c', 'umask; sleep 1000'] });
      await waitFor('the umask', async () => (await house.screen(live.id)).includes('0000'));
      await house.http('POST', `/sessions/${live.id}/send`, { text: 'some text', waitMs: 60_000 });
      const ended = await house.create({ provider: 'shell', cwd, args: ['true'] });
      await house.until(ended.id, 'ended', (session) => session.endedAt !== null);
      const modes = await modesBelow(house.home);
      for (const name of [
        'codepiper.db',
        'daemon.lock',
        'logs/daemon.log',
        `sessions/${live.id}`,
        'bin/pane.sh',
      ]) {
        expect(modes.has(name), name).toBe(true);
      }
      for (const [name, { mode, isDirectory }] of modes) {
        const allowed = isDirectory || name === 'bin/codepiper' ? 0o700 : 0o600;
        expect(`${name} ${mode.toString(8)}`).toBe(`${name} ${allowed.toString(8)}`);
      }
      expect((await lstat(house.socket)).mode & 0o777).toBe(0o600);
    } finally {
      await house.cli(['daemon', 'stop', '--kill-sessions']);
    }
  });
});
