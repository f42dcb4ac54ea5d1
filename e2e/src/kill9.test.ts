import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { runAgentFaults } from '@codepiper/testkit/faults/agent-faults.ts';
import { runShellFaults } from '@codepiper/testkit/faults/shell-faults.ts';
import { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { describe, expect, it } from 'vitest';

/** A slice of what `scripts/soak` runs in full. */
describe('a daemon that is killed at any moment', () => {
  it('loses, doubles and leaves behind nothing: 200 points', { timeout: 400_000 }, async () => {
    const runs = [11, 12].map((seed) => runShellFaults({ seed, points: 100 }));
    // Both to their end, so that both clean up.
    await Promise.allSettled(runs);
    for (const { points, cut, counts } of await Promise.all(runs)) {
      expect(points).toBe(100);
      // Most requests are under way when the daemon dies: a run that cuts none off proves nothing.
      expect(cut).toBeGreaterThan(30);
      for (const verb of ['start', 'send', 'stop', 'kill', 'exit', 'resume', 'remove'] as const) {
        expect(counts[verb], verb).toBeGreaterThan(0);
      }
    }
  });

  it.each(['claude-code', 'codex'] as const)(
    'brings every prompt to the real %s exactly once: 6 points',
    { timeout: 240_000 },
    async (provider) => {
      const { points, counts } = await runAgentFaults({ provider, seed: 3, points: 6 });
      expect(points).toBe(6);
      expect(counts.send ?? 0).toBeGreaterThan(0);
    },
  );
});

describe('a start that is cut off', () => {
  it('before its pane is made leaves nothing: the same start makes one session, with its prompt once', async () => {
    await using house = await House.build();
    const stuck = await stickyTmux(house);
    await house.start();
    const log = join(await house.workDirectory(), 'log');
    const { answer, id } = await start(house, log);
    await house.halt('SIGKILL');
    expect(await answer).toBeNull();
    await rm(stuck);
    await house.start();
    expect(await house.sessions()).toEqual([]);
    expect(await readdir(join(house.home, 'sessions'))).toEqual([]);
    const taken = (await house.log()).split('\n').filter((line) => line.includes('taken back'));
    expect(taken).toEqual([expect.stringContaining(id)]);
    const again = await house.http('POST', '/sessions', body(house, log));
    expect(again.status).toBe(201);
    await expectOnce(house, (again.body as { session: Session }).session.id, log);
  });

  it('while tmux makes its pane is one session, whoever made it: asked again, its name says which', async () => {
    await using house = await House.open();
    await house.create({ provider: 'shell', args: ['cat'] }); // tmux runs
    const log = join(await house.workDirectory(), 'log');
    const tmux = Number(await house.tmux('display-message', '-p', '#{pid}'));
    process.kill(tmux, 'SIGSTOP');
    try {
      const { answer, id } = await start(house, log);
      const isPrepared = async () => (await readdir(join(house.home, 'sessions', id))).includes('launch');
      await waitFor('the launch file', isPrepared);
      await house.halt('SIGKILL');
      expect(await answer).toBeNull();
    } finally {
      process.kill(tmux, 'SIGCONT');
    }
    await house.start();
    const again = await house.http('POST', '/sessions', body(house, log));
    const named = (await house.sessions()).filter(({ name }) => name === 'wanted');
    expect(named).toHaveLength(1);
    const id = named[0]?.id ?? '';
    if (again.status !== 201) {
      expect(again.body).toMatchObject({ code: 'name_taken', details: { session: id } });
      expect(again.text).toContain(id.slice(0, 8));
    }
    await expectOnce(house, id, log);
  });
});

const body = (house: House, log: string) => ({
  provider: 'shell',
  cwd: join(house.home, '..', 'work'),
  name: 'wanted',
  args: ['tee', '-a', log],
  prompt: 'the prompt',
});

/** Asks for a session, and comes back when it is stored; the answer is null when it never comes. */
async function start(house: House, log: string): Promise<{ answer: Promise<unknown>; id: string }> {
  const answer = house.http('POST', '/sessions', body(house, log)).catch(() => null);
  const [session] = await waitFor('the row', async () => {
    const found = (await house.sessions()).filter(({ name }) => name === 'wanted');
    return found.length > 0 && found;
  });
  return { answer, id: session?.id ?? '' };
}

async function expectOnce(house: House, id: string, log: string): Promise<void> {
  const isDelivered = async () => (await house.deliveries(id)).every(({ status }) => status === 'delivered');
  await waitFor('the prompt to arrive', isDelivered);
  expect(await readFile(log, 'utf8')).toBe('the prompt\n');
  expect(await house.deliveries(id)).toHaveLength(1);
}

/** Makes a tmux of the house that starts no server for as long as a file is there. Returns the file. */
async function stickyTmux(house: House): Promise<string> {
  const folder = join(house.home, '..', 'bin');
  await mkdir(folder);
  const [file, program, path] = [join(folder, 'stuck'), join(folder, 'tmux'), house.env.PATH];
  const wait = `case " $* " in *' new-session '*) while [ -e '${file}' ]; do sleep 0.05; done ;; esac`;
  await writeFile(program, `#!/bin/sh\n${wait}\nPATH='${path}' exec tmux "$@"\n`);
  await chmod(program, 0o755);
  await writeFile(file, '');
  house.env.PATH = `${folder}:${path}`;
  return file;
}
