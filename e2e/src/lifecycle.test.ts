import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAgentHome } from '@codepiper/testkit/homes.ts';
import { House } from '@codepiper/testkit/house.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { isAlive } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

/** Ignores the hang-up of its terminal until it is told to go on. */
const stubborn = "trap '' HUP; echo up; while [ ! -e go ]; do sleep 0.05; done; exit 7";

describe('a session whose pane was taken away', () => {
  it('gets its exit status when the program ends later', async () => {
    const cwd = await house.workDirectory('late');
    const { id } = await house.create({ provider: 'shell', cwd, args: ['sh', '-c', stubborn] });
    await waitFor('the program', async () => (await house.screen(id)).includes('up'));
    await house.tmux('kill-session', '-t', `codepiper-${id}`);
    expect(await house.until(id, 'crashed', (s) => s.status === 'crashed')).toMatchObject({ exitCode: null });
    await writeFile(join(cwd, 'go'), '');
    expect(await house.until(id, 'known to the end', (s) => s.exitCode !== null)).toMatchObject({
      status: 'crashed',
      exitCode: 7,
    });
  });

  it('never runs beside the program it is resumed as', async () => {
    const cwd = await house.workDirectory('twice');
    const { id } = await house.create({ provider: 'shell', cwd, args: ['sh', '-c', stubborn] });
    const { pid } = await house.until(id, 'up', (s) => s.pid !== null);
    await waitFor('the program', async () => (await house.screen(id)).includes('up'));
    await house.tmux('kill-session', '-t', `codepiper-${id}`);
    await house.until(id, 'crashed', (s) => s.status === 'crashed');
    expect(isAlive(pid ?? 0)).toBe(true);
    await house.run('resume', id);
    await waitFor('the first one to be gone', () => !isAlive(pid ?? 0));
    const resumed = await house.until(id, 'up again', (s) => s.pid !== null);
    expect(resumed.pid).not.toBe(pid);
    await house.run('kill', id);
  });
});

describe('a daemon that is asked to stop', () => {
  it('does not wait for who waits', async () => {
    await using own = await House.open();
    const { id } = await own.create({
      provider: 'shell',
      args: ['sh', '-c', "trap '' HUP TERM; echo up; while :; do sleep 1; done"],
    });
    await waitFor('the program', async () => (await own.screen(id)).includes('up'));
    const stopping = own.http('POST', `/sessions/${id}/stop`, { timeoutMs: 60_000 }).catch(() => null);
    await waitFor('the stop to be under way', async () =>
      (await own.http('GET', `/sessions/${id}/events?type=session.stopping`)).text.includes(
        'session.stopping',
      ),
    );
    const stopped = await own.cli(['daemon', 'stop']);
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    await stopping;
    await own.start();
    // What was asked for goes on under the next daemon.
    await own.run('kill', id);
    expect(await own.session(id)).toMatchObject({ status: 'stopped' });
  });

  it('with --kill-sessions leaves no tmux server behind', async () => {
    await using own = await House.open();
    await own.create({ provider: 'shell', args: ['cat'] });
    await own.run('daemon', 'stop', '--kill-sessions');
    expect(await own.tmux('ls')).toBe('');
  });
});

it('sees the spool again after its directory was taken away and given back', async () => {
  await using own = await House.open();
  const { id } = await own.create({ provider: 'shell', args: ['sh', '-c', 'read -r line; exit 3'] });
  await own.until(id, 'up', (s) => s.pid !== null);
  await rm(join(own.home, 'spool'), { recursive: true });
  await mkdir(join(own.home, 'spool'), { mode: 0o700 });
  await own.run('keys', id, 'enter');
  expect(await own.until(id, 'ended', (s) => s.endedAt !== null)).toMatchObject({ exitCode: 3 });
});

it('asks for a program that exists before it starts anything', async () => {
  const refused = await house.cli([
    'start',
    '-p',
    'shell',
    '-d',
    await house.workDirectory(),
    '--',
    'no-such-program',
  ]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('"no-such-program" is no program on the session\'s PATH');
});

describe('a view of the agent that changes neither its title nor its registry', () => {
  it('holds a prompt back, and lets it go when the view is closed', async () => {
    await using model = await startAnthropicServer();
    await using agentHome = await createAgentHome({ anthropicUrl: model.url });
    await using own = await House.open({ env: agentHome.env });
    const id = await own.run(
      'start',
      '-p',
      'claude',
      '-d',
      await agentHome.project('demo'),
      '--prompt',
      'one',
    );
    await waitFor('the first prompt', () => model.prompts().includes('one'));
    await own.until(id, 'idle', (s) => s.activity === 'idle');
    await own.run('keys', id, 'ctrl+o');
    await waitFor('the transcript view', async () => /transcript/i.test(await own.screen(id)));
    const held = JSON.parse(await own.run('send', id, 'two', '--no-wait', '--json'));
    await waitFor('the guard', async () => (await own.log()).includes('nothing was typed'));
    expect((await own.deliveries(id)).find((d) => d.id === held.delivery.id)?.status).toBe('queued');
    await own.run('keys', id, 'ctrl+o');
    await waitFor('the second prompt', () => model.prompts().includes('two'));
    expect(model.prompts()).toEqual(['one', 'two']);
  });
});
