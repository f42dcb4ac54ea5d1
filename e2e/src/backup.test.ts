import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Decision } from '@codepiper/core/audit/decision.ts';
import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import type { Entry } from '@codepiper/core/transcripts/conversation.ts';
import { builtCli, House } from '@codepiper/testkit/house.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { generateTranscripts } from '@codepiper/testkit/transcripts/generate.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { expect, it } from 'vitest';

const rules = {
  id: 'mine',
  name: 'Mine',
  rules: [{ action: 'deny', tool: 'Bash', args: { command: 'rm *' }, reason: 'not here' }],
};

async function all<T>(house: House, path: string, name: string): Promise<T> {
  const reply = await house.http('GET', path);
  if (reply.status !== 200) throw new Error(`${path}: ${reply.text}`);
  return (reply.body as Record<string, T>)[name] as T;
}

it('a home that is gone comes back from a backup that was made while it was in use', async () => {
  await using temp = await makeTempDir();
  await using house = await House.open();
  const target = join(temp.path, 'backup');

  // Conversations, policies, decisions, sessions: one that ends, one that goes on.
  const agents = join(temp.path, 'projects');
  for (const { path, content } of generateTranscripts(7, { conversations: 3, turns: 5, hugeLength: 1000 })
    .files) {
    await mkdir(join(agents, path, '..'), { recursive: true });
    await writeFile(join(agents, path), content);
  }
  await house.run('import', agents);
  expect((await house.http('POST', '/policies', rules)).status).toBe(201);
  await house.create({ provider: 'shell', name: 'ended', args: ['true'] });
  await house.until('ended', 'ended', (session) => session.endedAt !== null);
  const live = await house.create({ provider: 'shell', name: 'live', args: ['cat'] });
  await house.until('live', 'up', ({ status, pid }) => status === 'running' && pid !== null);
  const conversations = await all<{ id: number }[]>(house, '/conversations', 'conversations');
  expect(conversations.length).toBeGreaterThanOrEqual(3);
  const entriesOf = (id = conversations[0]?.id) =>
    all<Entry[]>(house, `/conversations/${id}/entries?limit=1000`, 'entries');
  const entries = await entriesOf();

  // Events and decisions go on being written while it is copied.
  let isWriting = true;
  let written = 0;
  const writing = (async () => {
    for (; isWriting; written++) {
      const renamed = await house.http('PUT', `/sessions/${live.id}/name`, { name: `live-${written}` });
      const changed = await house.http('PUT', '/policies/mine', { name: `Mine ${written}` });
      expect([renamed.status, changed.status]).toEqual([200, 200]);
    }
  })();
  await waitFor('something written', () => written > 5);
  const told = JSON.parse(await house.run('backup', target, '--json')) as Record<string, unknown>;
  const before = written;
  isWriting = false;
  await writing;
  expect(told).toMatchObject({ directory: target, audit: { findings: [] }, missing: [] });
  expect(await house.run('restore', target, '--check')).toMatch(/^whole\n/);
  const refused = await house.cli(['restore', target]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('running daemon') });

  await house.halt('SIGTERM');
  await rm(house.home, { recursive: true });
  const restored = await house.run('restore', target);
  expect(restored).toContain('sessions were live then');
  expect(await house.run('audit', 'verify')).toMatch(/^intact\n/);

  await house.start();
  const names = (await house.sessions()).map(({ name }) => name);
  expect(names).toContain('ended');
  // Its window is still there, and so is the session, by the name it had when it was copied.
  const again = await house.session(live.id);
  expect(again).toMatchObject({ status: 'running', endedAt: null });
  expect(Number(again.name?.slice('live-'.length))).toBeLessThanOrEqual(before);
  expect((await house.http('GET', '/policies/mine')).status).toBe(200);
  expect((await all<Decision[]>(house, '/policy-decisions', 'decisions')).length).toBeGreaterThan(0);
  expect(
    (await all<LedgerEvent[]>(house, `/sessions/${live.id}/events?limit=10`, 'events')).length,
  ).toBeGreaterThan(3);
  expect(await entriesOf()).toEqual(entries);
  expect(await house.run('verify')).toBeTruthy();
  expect(await house.run('audit', 'verify')).toMatch(/^intact\n/);

  // It goes on: the session takes text, and a conversation is written as one document.
  expect(
    (await house.http('POST', `/sessions/${live.id}/send`, { text: 'hello', waitMs: 60_000 })).body,
  ).toMatchObject({
    outcome: 'delivered',
  });
  const page = join(temp.path, 'page.html');
  await house.run('export', String(conversations[0]?.id), '-o', page);
  expect(existsSync(page)).toBe(true);
  const document = JSON.parse(await house.run('export', String(conversations[0]?.id), '--json')) as {
    entries: Entry[];
  };
  expect(document.entries.map(({ id }) => id)).toEqual(entries.map(({ id }) => id));
});

it('a restore that is killed leaves one home or the other, and the daemon starts on it', async () => {
  await using temp = await makeTempDir();
  await using house = await House.open();
  const target = join(temp.path, 'backup');
  await house.create({ provider: 'shell', name: 'first', args: ['true'] });
  await house.until('first', 'ended', (session) => session.endedAt !== null);
  await house.run('backup', target);
  await house.create({ provider: 'shell', name: 'second', args: ['true'] });
  await house.until('second', 'ended', (session) => session.endedAt !== null);
  await house.halt('SIGTERM');
  await appendFile(join(house.home, 'config.yaml'), 'log:\n  level: info\n');

  const child = spawn(process.execPath, [builtCli, 'restore', target], { env: house.env, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  while (child.exitCode === null && !(await readdir(house.home)).includes('restore.json')) {
    await new Promise(setImmediate);
  }
  child.kill('SIGKILL');
  await ended;
  await house.start();
  expect((await house.sessions()).map(({ name }) => name)).toEqual(['first']);
  expect(existsSync(join(house.home, 'restore.json'))).toBe(false);
  expect(existsSync(join(house.home, 'config.yaml'))).toBe(false);
  expect(await house.run('audit', 'verify')).toMatch(/^intact\n/);
});
