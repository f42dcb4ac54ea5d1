import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DraftVerdict } from '@codepiper/core/fleet/new-session.ts';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { House } from '@codepiper/testkit/house.ts';
import { USAGE } from '@codepiper/testkit/model-servers/script.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CardWatcher } from './card-watcher.ts';
import { openPolicedHouse, type PolicedHouse } from './policed.ts';

const agents: [ProviderId, { tool: string; size: number | null }][] = [
  ['claude-code', { tool: 'Bash: touch asked.txt', size: 1_000_000 }],
  ['codex', { tool: 'touch asked.txt', size: 258_400 }],
];

describe.each(agents)('the card of a real %s', (provider, { tool, size }) => {
  let at: PolicedHouse;
  let watcher: CardWatcher;
  beforeAll(async () => {
    at = await openPolicedHouse(provider);
    watcher = new CardWatcher(at.house);
  });
  afterAll(async () => {
    watcher[Symbol.dispose]();
    await at[Symbol.asyncDispose]();
  });

  it('follows it from its start over a question to its end', async () => {
    await waitFor('the stream', () => watcher.snapshots === 1);
    const { id, project } = await at.start('watched', '--name', 'watched');
    const fresh = await watcher.until(id, 'an idle agent', ({ session }) => session.activity === 'idle');
    expect(fresh).toMatchObject({ approval: null, tokens: null, cost: null, turn: null });

    await at.prompt(id, 'RUN touch asked.txt');
    const asking = await watcher.until(id, 'the question', ({ approval }) => approval !== null);
    expect(asking).toMatchObject({
      session: { status: 'needs_permission', approvals: 1 },
      approval: { summary: 'touch asked.txt', sessionId: id },
    });
    await watcher.until(
      id,
      'the tool that waits',
      ({ doing }) => doing?.kind === 'tool' && doing.text.includes(tool),
    );
    const { turn, statusSince } = await watcher.until(id, 'the turn', (card) => card.turn !== null);
    expect(Date.parse(turn?.startedAt ?? '')).toBeLessThanOrEqual(Date.parse(statusSince) + 1000);

    // Whoever comes back sees the same.
    watcher.open();
    await waitFor('the next snapshot', () => watcher.snapshots === 2);
    expect(watcher.cards.get(id)?.approval?.id).toBe(asking.approval?.id);

    if (asking.approval) await at.answer(asking.approval, 'approve');
    const done = await watcher.until(
      id,
      'the last words',
      ({ lastLine, session, tokens }) =>
        lastLine?.startsWith('done:') === true &&
        session.activity === 'idle' &&
        // Two answers of the model.
        (tokens ?? 0) > USAGE.input + USAGE.output,
    );
    expect(existsSync(join(project, 'asked.txt'))).toBe(true);
    expect(done).toMatchObject({ approval: null, turn: null, doing: { kind: 'text' } });
    // Each answer read the same.
    expect(done.context).toEqual({ used: USAGE.input, size });
    expect(done.tokens).toBe(2 * (USAGE.input + USAGE.output));
    expect(done.cost).toMatchObject({ isSubscription: true });

    await at.house.run('stop', id);
    await watcher.until(id, 'the end', ({ session }) => session.status === 'stopped');
    await at.house.http('DELETE', `/sessions/${id}`);
    await waitFor('the card to go', () => !watcher.cards.has(id));
  });

  it('says what a turn that runs was told', async () => {
    const { id } = await at.start('holding');
    await at.prompt(id, `HOLD card-${provider}`);
    const card = await watcher.until(
      id,
      'the prompt',
      ({ doing, turn }) => doing?.text.includes(`card-${provider}`) === true && turn !== null,
    );
    expect(card.session).toMatchObject({ status: 'running', activity: 'busy' });
    at.model.release(`card-${provider}`);
    await watcher.until(id, 'the answer', ({ lastLine }) => lastLine === `released card-${provider}`);
    await at.house.run('kill', id);
  });
});

describe('the card of a shell', () => {
  it('has its repository, its branch, and the last line of its screen, also after its end', async () => {
    await using house = await House.open();
    using watcher = new CardWatcher(house);
    const cwd = await house.workDirectory('project');
    mkdirSync(join(cwd, '.git'));
    writeFileSync(join(cwd, '.git', 'HEAD'), 'ref: refs/heads/main\n');
    const file = join(cwd, 'out');
    writeFileSync(file, 'first\n');
    const { id } = await house.create({ provider: 'shell', cwd, args: ['tail', '-n', '+1', '-f', file] });
    const first = await watcher.until(id, 'the first line', ({ lastLine }) => lastLine === 'first');
    expect(first).toMatchObject({
      repository: { root: cwd, name: 'project', branch: 'main', isWorktree: false },
      doing: null,
      cost: null,
    });
    appendFileSync(file, '\u001b[31msecond\u001b[0m\n\n');
    writeFileSync(join(cwd, '.git', 'HEAD'), 'ref: refs/heads/fix\n');
    await watcher.until(id, 'the second line', ({ lastLine }) => lastLine === 'second');
    await watcher.until(id, 'the other branch', ({ repository }) => repository?.branch === 'fix');
    await house.run('kill', id);
    await watcher.until(
      id,
      'the end',
      ({ session, lastLine }) => session.endedAt !== null && lastLine === 'second',
    );
  });
});

describe('a new session', () => {
  it('is checked as it is typed, and started as it was checked', async () => {
    await using house = await House.open();
    const cwd = await house.workDirectory('project');
    const check = async (draft: Record<string, unknown>) =>
      (await house.http('POST', '/sessions/validate', draft)).body as DraftVerdict;
    const typed = await check({ provider: 'shell', cwd: '~/projcet', name: 'x' });
    expect(typed).toMatchObject({ valid: false, directoryExists: false });
    expect(typed.errors).toEqual([
      { field: 'cwd', message: expect.stringContaining(`Did you mean ${cwd}?`) },
    ]);
    const good = await check({ provider: 'shell', cwd: '~/project', name: 'x' });
    expect(good).toMatchObject({ valid: true, cwd });
    await house.create({ provider: 'shell', cwd: good.cwd, name: 'x', args: ['sleep', '1000'] });
    const taken = await check({ provider: 'shell', cwd: '~/project', name: 'x' });
    expect(taken.errors).toMatchObject([{ field: 'name' }]);
    expect(taken.warnings).toMatchObject([{ field: 'cwd', message: expect.stringContaining(': x.') }]);
    expect((await house.http('GET', '/directories/recent')).body).toMatchObject({
      directories: [{ path: cwd, sessions: 1 }],
    });
    expect((await house.http('GET', `/directories?path=${encodeURIComponent('~')}`)).body).toMatchObject({
      entries: expect.arrayContaining([{ name: 'project', path: cwd, isGitRepo: false }]),
    });
  });
});
