import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorTable } from '@codepiper/core/errors.ts';
import { canMount, openOnTinyDisk } from '@codepiper/testkit/faults/tiny-disk.ts';
import { leftProcesses } from '@codepiper/testkit/faults/truth.ts';
import { House, type HttpReply } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { describe, expect, it } from 'vitest';

const code = (reply: HttpReply) => (reply.body as { code?: string }).code;

/** Holds the write lock of a database in a process of its own. */
async function lockDatabase(path: string): Promise<AsyncDisposable> {
  const script = `
    const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(process.argv[1]);
    // The daemon may be writing at this very moment.
    database.exec('PRAGMA busy_timeout = 30000; BEGIN IMMEDIATE');
    console.log('locked');
    process.stdin.resume().once('end', () => process.exit());`;
  const child = spawn(process.execPath, ['--no-warnings', '-e', script, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('close', () => reject(new Error('the database could not be locked')));
  });
  return {
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

describe('a full disk', () => {
  const ways = canMount ? (['tmpfs', 'limit'] as const) : (['limit'] as const);

  it.each(ways)(
    'fails requests, not the daemon, and all is well when there is room again (%s)',
    async (how) => {
      await using disk = await openOnTinyDisk(how);
      const { house, elsewhere } = disk;
      const cwd = elsewhere;
      const lines = await house.create({ provider: 'shell', cwd, name: 'lines', args: ['cat'] });
      const ending = await house.create({
        provider: 'shell',
        cwd,
        args: ['sh', '-c', 'read -r line; exit 9'],
      });
      await house.until(ending.id, 'up', (session) => session.pid !== null);
      const send = (text: string) =>
        house.http('POST', `/sessions/${lines.id}/send`, { text, waitMs: 60_000, idempotencyKey: text });
      expect((await send('before')).body).toMatchObject({ outcome: 'delivered' });

      await disk.fill();
      const replies = {
        start: await house.http('POST', '/sessions', { provider: 'shell', cwd, name: 'new', args: ['cat'] }),
        send: await send('while it is full'),
        rename: await house.http('PUT', `/sessions/${lines.id}/name`, { name: 'renamed' }),
      };
      for (const [what, reply] of Object.entries(replies)) {
        expect(`${what}: ${reply.status} ${code(reply)}`).toBe(`${what}: 507 storage_full`);
        expect(errorTable.storage_full.http).toBe(507);
      }
      // The program ends while nobody can write that down.
      await house.tmux('send-keys', '-t', `=codepiper-${ending.id}:`, 'go', 'Enter');
      expect((await house.http('GET', '/health')).body).toMatchObject({ pid: house.daemonPid });
      expect((await house.sessions()).find(({ id }) => id === lines.id)).toMatchObject({
        name: 'lines',
        status: 'running',
      });

      await disk.free();
      expect(await house.until(ending.id, 'ended', (session) => session.endedAt !== null)).toMatchObject({
        status: 'crashed',
        exitCode: 9,
      });
      await waitFor('room', async () => (await send('while it is full')).status === 200);
      expect((await send('after')).body).toMatchObject({ outcome: 'delivered' });
      await waitFor('both texts', async () => {
        const screen = (await house.screen(lines.id)).split('\n');
        // The terminal's echo and the program's own line.
        return screen.filter((line) => line === 'while it is full').length === 2 || screen.join('\n');
      });
      const again = await house.create({ provider: 'shell', cwd, name: 'new', args: ['cat'] });
      expect((await house.sessions()).map(({ id }) => id).sort()).toEqual(
        [lines.id, ending.id, again.id].sort(),
      );
      await house.run('kill', lines.id, again.id);
      expect(leftProcesses([lines.id, again.id])).toEqual([]);
      await house.halt('SIGKILL');
      await house.start();
      expect((await house.sessions()).map(({ status }) => status).sort()).toEqual([
        'crashed',
        'stopped',
        'stopped',
      ]);
    },
  );
});

describe('a disk that is full in the middle of a start', () => {
  it('leaves nothing half-made, wherever it ends', async () => {
    await using disk = await openOnTinyDisk();
    const { house, elsewhere } = disk;
    const outcomes = new Set<number>();
    for (let pages = 0; pages <= 24; pages += 2) {
      await disk.fill(pages);
      const name = `with ${pages} pages`;
      const env = { PADDING: 'x'.repeat(9_000) };
      const body = { provider: 'shell', cwd: elsewhere, name, args: ['cat'], env };
      const reply = await house.http('POST', '/sessions', body);
      outcomes.add(reply.status);
      if (reply.status !== 201) expect(`${reply.status} ${code(reply)}`).toBe('507 storage_full');
      await disk.free();
      if (reply.status === 201) {
        await house.run('kill', name);
        await house.run('rm', name);
      }
      const isGone = async () => (await house.sessions()).length === 0;
      await waitFor('the list to be empty', isGone);
    }
    expect(outcomes).toContain(507);
    expect(await house.tmux('list-sessions')).not.toMatch(/codepiper-[0-9a-f]{8}-/);
    expect(await readdir(join(house.home, 'sessions'))).toEqual([]);
  });

  it('ends a session that could not be resumed', async () => {
    await using disk = await openOnTinyDisk();
    const { house, elsewhere } = disk;
    const env = { PADDING: 'x'.repeat(9_000) };
    const { id } = await house.create({ provider: 'shell', cwd: elsewhere, args: ['cat'], env });
    await house.run('kill', id);
    for (let pages = 0; pages <= 24; pages += 2) {
      await disk.fill(pages);
      const reply = await house.http('POST', `/sessions/${id}/resume`, {});
      if (reply.status !== 200) expect(`${reply.status} ${code(reply)}`).toBe('507 storage_full');
      await disk.free();
      if (reply.status === 200) await house.run('kill', id);
      await house.until(id, 'ended', (session) => session.endedAt !== null);
      // A wrapper that could not publish its exit status tries again every second, with a `sleep` in between.
      await waitFor('nothing to be left', () => leftProcesses([id]).length === 0);
    }
    await house.run('resume', id);
    expect((await house.session(id)).status).toBe('running');
    await house.run('kill', id);
  });
});

describe('a database that another program has locked', () => {
  it('fails what must be written, not what is read, and all is well afterwards', async () => {
    await using house = await House.open();
    const { id } = await house.create({ provider: 'shell', args: ['sh', '-c', 'read -r line; exit 9'] });
    await house.until(id, 'up', (session) => session.pid !== null);
    {
      await using _lock = await lockDatabase(join(house.home, 'codepiper.db'));
      const renamed = await house.http('PUT', `/sessions/${id}/name`, { name: 'other' });
      expect(`${renamed.status} ${code(renamed)}`).toBe('503 database_busy');
      const created = await house.http('POST', '/sessions', {
        provider: 'shell',
        cwd: '/',
        name: 'new',
        args: ['cat'],
      });
      expect(`${created.status} ${code(created)}`).toBe('503 database_busy');
      const sent = await house.http('POST', `/sessions/${id}/send`, { text: 'never' });
      expect(`${sent.status} ${code(sent)}`).toBe('503 database_busy');
      await house.tmux('send-keys', '-t', `=codepiper-${id}:`, 'go', 'Enter');
      expect(await house.sessions()).toHaveLength(1);
    }
    expect(await house.until(id, 'ended', (session) => session.endedAt !== null)).toMatchObject({
      exitCode: 9,
    });
    expect((await house.http('PUT', `/sessions/${id}/name`, { name: 'other' })).status).toBe(200);
    expect((await house.create({ provider: 'shell', name: 'new', args: ['cat'] })).status).toBe('running');
    expect(await house.deliveries(id)).toEqual([]);
  });
});
