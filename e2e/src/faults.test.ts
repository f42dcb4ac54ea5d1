import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { isRunning, processesBySession, runningProcesses } from '@codepiper/testkit/faults/processes.ts';
import { leftProcesses } from '@codepiper/testkit/faults/truth.ts';
import { createAgentHome } from '@codepiper/testkit/homes.ts';
import { House } from '@codepiper/testkit/house.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { startOpenAiServer } from '@codepiper/testkit/model-servers/openai.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { describe, expect, it } from 'vitest';

const hasEnded = (session: Session) => session.endedAt !== null;
const isUp = (session: Session) => session.status === 'running' && session.pid !== null;

/** A live session with the pid of its program. */
async function startProgram(house: House, ...args: string[]): Promise<{ id: string; pid: number }> {
  const { id } = await house.create({ provider: 'shell', args });
  const { pid } = await house.until(id, 'up', isUp);
  return { id, pid: pid ?? 0 };
}

describe('what others kill', () => {
  it('the tmux server: sessions crash with the true evidence, and the next one starts at once', async () => {
    await using house = await House.open();
    const plain = await startProgram(house, 'sleep', '1000');
    const careful = await startProgram(house, 'sh', '-c', 'trap "exit 5" HUP; while :; do sleep 0.05; done');
    const daemon = house.daemonPid;
    process.kill(Number(await house.tmux('display-message', '-p', '#{pid}')), 'SIGKILL');
    // What is asked of a server that is just dying is refused.
    await waitFor('the daemon to hear of it', async () =>
      (await house.log()).includes('the connection to tmux ended'),
    );
    const next = await house.create({ provider: 'shell', args: ['sh', '-c', 'echo here; sleep 1000'] });
    await waitFor('the new session', async () => (await house.screen(next.id)).includes('here'));
    expect(await house.until(plain.id, 'ended', hasEnded)).toMatchObject({
      status: 'crashed',
      exitCode: 129,
      signal: 'SIGHUP',
      evidence: { source: 'exit' },
    });
    expect(await house.until(careful.id, 'ended', hasEnded)).toMatchObject({
      status: 'crashed',
      exitCode: 5,
    });
    expect((await house.session(next.id)).status).toBe('running');
    expect((await house.http('GET', '/health')).body).toMatchObject({ pid: daemon, liveSessions: 1 });
    expect(leftProcesses([plain.id, careful.id])).toEqual([]);
  });

  it('the program: crashed by SIGKILL', async () => {
    await using house = await House.open();
    const { id, pid } = await startProgram(house, 'sleep', '1000');
    process.kill(pid, 'SIGKILL');
    expect(await house.until(id, 'ended', hasEnded)).toMatchObject({
      status: 'crashed',
      exitCode: 137,
      signal: 'SIGKILL',
    });
  });

  it.each(['outer', 'inner'] as const)(
    'the %s wrapper: the session ends, and its program with it',
    async (which) => {
      await using house = await House.open();
      const { id, pid } = await startProgram(house, 'sleep', '1000');
      const processes = runningProcesses();
      const inner = processes.find((process) => process.pid === pid)?.parent ?? 0;
      const outer = processes.find((process) => process.pid === inner)?.parent ?? 0;
      process.kill(which === 'outer' ? outer : inner, 'SIGKILL');
      const ended = await house.until(id, 'ended', hasEnded);
      expect(ended.status).toBe('crashed');
      // The outer one takes the terminal along, which hangs the program up.
      if (which === 'outer') expect(ended).toMatchObject({ exitCode: 129, signal: 'SIGHUP' });
      await waitFor('the program to go', () => !isRunning(pid));
      await waitFor('the pane to go', async () => !(await house.tmux('list-sessions')).includes(id));
    },
  );
});

describe('a daemon that is away', () => {
  it.each([
    ['exit 7', { status: 'crashed', exitCode: 7, signal: null }],
    ['exit 0', { status: 'stopped', exitCode: 0, signal: null }],
    ['kill -TERM $$', { status: 'crashed', exitCode: 143, signal: 'SIGTERM' }],
  ])('learns afterwards how a program ended: %s', async (how, expected) => {
    await using house = await House.open();
    const { id, pid } = await startProgram(house, 'sh', '-c', `read -r line; echo "last words"; ${how}`);
    await house.halt('SIGKILL');
    await house.tmux('send-keys', '-t', `=codepiper-${id}:`, 'go', 'Enter');
    await waitFor('the program to end', () => !isRunning(pid));
    await house.start();
    expect(await house.until(id, 'ended', hasEnded)).toMatchObject(expected);
    expect(await house.screen(id)).toContain('last words');
  });

  it.each([
    ['claude-code', startAnthropicServer, 'anthropicUrl'],
    ['codex', startOpenAiServer, 'openAiUrl'],
  ] as const)('keeps a prompt that waits for a busy %s', async (provider, startModel, urlOption) => {
    await using model = await startModel();
    await using agentHome = await createAgentHome({ [urlOption]: model.url });
    await using house = await House.open({ env: agentHome.env });
    const cwd = await agentHome.project('demo');
    const { id } = await house.create({ provider, cwd, prompt: 'HOLD gate' });
    await waitFor('the model to be asked', () => model.holding().length > 0);
    const sent = await house.http('POST', `/sessions/${id}/send`, { text: 'behind the turn' });
    expect(sent.body).toMatchObject({ outcome: 'accepted', delivery: { status: 'queued' } });
    await house.halt('SIGKILL');
    await house.start();
    expect(await house.session(id)).toMatchObject({ queued: 1 });
    expect(model.prompts()).not.toContain('behind the turn');
    model.release('gate');
    const times = () => model.prompts().filter((prompt) => prompt.trim() === 'behind the turn').length;
    await waitFor('the prompt', () => times() > 0);
    await house.until(id, 'idle', (s) => s.activity === 'idle');
    expect(times()).toBe(1);
    // What proves the first one may have been said while no daemon ran, and is read behind what is said now.
    const statuses = async () => (await house.deliveries(id)).map(({ status }) => status);
    await waitFor('both proofs', async () => (await statuses()).every((status) => status === 'delivered'));
    await house.run('kill', id);
  });

  it('tells a client that asks again what became of its text, even of a session that has ended', async () => {
    await using house = await House.open();
    const { id } = await startProgram(house, 'cat');
    const body = { text: 'once', idempotencyKey: 'one', waitMs: 60_000 };
    const sent = await house.http('POST', `/sessions/${id}/send`, body);
    expect(sent.body).toMatchObject({ outcome: 'delivered' });
    await house.halt('SIGKILL');
    await house.start();
    await house.run('kill', id);
    const again = await house.http('POST', `/sessions/${id}/send`, body);
    expect(`${again.status} ${again.text}`).toBe(`200 ${sent.text}`);
    const other = await house.http('POST', `/sessions/${id}/send`, { ...body, text: 'another' });
    expect(other.body).toMatchObject({ code: 'idempotency_conflict' });
    const fresh = await house.http('POST', `/sessions/${id}/send`, { text: 'new', idempotencyKey: 'two' });
    expect(fresh.body).toMatchObject({ code: 'session_ended' });
  });

  it('does not give up a proof because it is stopped', async () => {
    await using house = await House.open();
    const { id } = await startProgram(house, 'sh', '-c', 'stty -echo; echo mute; exec cat >/dev/null');
    await waitFor('the terminal to be mute', async () => (await house.screen(id)).includes('mute'));
    await house.http('POST', `/sessions/${id}/send`, { text: 'unseen' });
    const delivery = async () => (await house.deliveries(id))[0];
    await waitFor('the text to be typed', async () => (await delivery())?.status === 'typed');
    await house.halt('SIGTERM');
    await house.start();
    expect(await delivery()).toMatchObject({ status: 'typed', error: null });
    // The next daemon looks for the whole time, and then says so.
    await waitFor('the verdict', async () => (await delivery())?.error?.includes('no echo'));
  });

  it('knows a text that was under way when the session ended', async () => {
    await using house = await House.open();
    const { id } = await startProgram(house, 'sh', '-c', 'stty -echo; echo mute; exec cat >/dev/null');
    await waitFor('the terminal to be mute', async () => (await house.screen(id)).includes('mute'));
    const sending = house.http('POST', `/sessions/${id}/send`, { text: 'unseen', waitMs: 30_000 });
    await waitFor('the text to be typed', async () => (await house.deliveries(id))[0]?.status === 'typed');
    await house.run('kill', id);
    expect((await sending).body).toMatchObject({ outcome: 'failed', delivery: { status: 'failed' } });
    expect(await house.log()).not.toContain('typing failed');
  });

  it('leaves its sessions running when it is stopped, and ends them when told to', async () => {
    await using house = await House.open();
    const { id, pid } = await startProgram(house, 'sleep', '1000');
    await house.run('daemon', 'stop');
    expect(isRunning(pid)).toBe(true);
    await house.start();
    expect(await house.session(id)).toMatchObject({ status: 'running', pid });
    await house.run('daemon', 'stop', '--kill-sessions');
    expect(isRunning(pid)).toBe(false);
    await house.start();
    expect(await house.session(id)).toMatchObject({ status: 'stopped', exitCode: 137 });
  });
});

describe('what sessions leave behind', () => {
  /** Children in the background, in a session of their own, and of a parent that is gone. */
  const breeder = [
    'sleep 1000005 &',
    'setsid sleep 1000005 &',
    '(setsid sh -c "trap : HUP TERM; sleep 1000005 & sleep 1000005" &) &',
    'nohup sleep 1000005 >/dev/null 2>&1 &',
    'echo bred',
    'while :; do sleep 0.01; (sleep 1000005 &); done',
  ].join('\n');

  it('is nothing after 100 rounds of start and kill', async () => {
    await using house = await House.open();
    const ids: string[] = [];
    const round = async (waits: boolean) => {
      const { id } = await house.create({ provider: 'shell', args: ['sh', '-c', breeder] });
      ids.push(id);
      if (waits) await waitFor('its children', async () => (await house.screen(id)).includes('bred'));
      const killed = await house.http('POST', `/sessions/${id}/kill`);
      expect(killed.body).toMatchObject({ session: { status: 'stopped', exitCode: 137, pid: null } });
      return leftProcesses([id]);
    };
    for (let done = 0; done < 100; done += 5) {
      expect((await Promise.all([true, false, true, false, true].map(round))).flat()).toEqual([]);
    }
    expect(ids).toHaveLength(100);
    expect(leftProcesses(ids)).toEqual([]);
    expect(await house.tmux('list-sessions')).not.toMatch(/codepiper-[0-9a-f]{8}-/);
  });

  it('is nothing after a stop either, even when the daemon dies in the middle of it', async () => {
    await using house = await House.open();
    const started = await Promise.all(
      Array.from({ length: 8 }, () =>
        startProgram(house, 'sh', '-c', 'setsid sleep 1000006 & sleep 1000006'),
      ),
    );
    const ids = started.map(({ id }) => id);
    await waitFor('the children', () => ids.every((id) => (processesBySession().get(id)?.length ?? 0) >= 3));
    const stops = ids.map((id) => house.http('POST', `/sessions/${id}/stop`, {}).catch(() => null));
    // The moment after the first end is stored and before what it left is gone.
    await waitFor('the first end', async () => (await house.sessions()).some(hasEnded), { interval: 1 });
    await house.halt('SIGKILL');
    await Promise.all(stops);
    await house.start();
    for (const id of ids)
      expect(await house.until(id, 'stopped', hasEnded)).toMatchObject({ status: 'stopped' });
    await waitFor('the rest to go', () => leftProcesses(ids).length === 0 || leftProcesses(ids).join());
    expect(leftProcesses(ids)).toEqual([]);
  });
});

describe('what a stop meets', () => {
  it('reaches programs that were only just started', async () => {
    await using house = await House.open();
    const quick = async () => {
      const { id } = await house.create({ provider: 'shell', args: ['sleep', '1000'] });
      return (await house.http('POST', `/sessions/${id}/stop`, {})).body as { session: Session };
    };
    const stopped = await Promise.all(Array.from({ length: 16 }, quick));
    // Each was asked to end, and none was killed after the deadline.
    expect(new Set(stopped.map(({ session }) => `${session.status} ${session.signal}`))).toEqual(
      new Set(['stopped SIGHUP']),
    );
  });

  it('a kill during a start leaves no pane behind', async () => {
    await using house = await House.open();
    for (let round = 0; round < 20; round++) {
      const name = `quick-${round}`;
      const creating = house.create({ provider: 'shell', name, args: ['sleep', '1000'] }).catch(() => null);
      const kill = async () => {
        await sleep(round % 5);
        return (await house.http('POST', `/sessions/${name}/kill`)).status === 200;
      };
      await waitFor('the session to kill', kill, { interval: 1 });
      await creating;
      expect(await house.session(name)).toMatchObject({ status: 'stopped' });
    }
    expect(await house.tmux('list-sessions')).not.toMatch(/codepiper-[0-9a-f]{8}-/);
  });
});

describe('what others can see', () => {
  it('is no value given by --env: not in any argument, not in tmux', async () => {
    await using house = await House.open();
    const secret = `secret-${randomBytes(12).toString('hex')}`;
    const id = await house.run(
      ...['start', '-p', 'shell', '-d', await house.workDirectory(), '--env', `API_KEY=${secret}`],
      ...['--', 'sh', '-c', 'sleep 1000; true'],
    );
    const { pid } = await house.until(id, 'up', isUp);
    // Between its start and the program that it becomes it has the wrapper's.
    await waitFor('its environment', () => readFileSync(`/proc/${pid}/environ`, 'latin1').includes(secret));
    for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
      let line = '';
      try {
        line = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      } catch {
        // It ended meanwhile.
      }
      expect(line).not.toContain(secret);
    }
    const asked = [
      ['show-environment', '-g'],
      ['show-environment', '-t', `=codepiper-${id}`],
      ['list-panes', '-a', '-F', '#{pane_start_command} #{pane_current_command}'],
      ['show-buffer'],
    ];
    for (const command of asked) expect(await house.tmux(...command)).not.toContain(secret);
    expect(await house.log()).not.toContain(secret);
    expect(JSON.stringify(await house.session(id))).not.toContain(secret);
  });
});
