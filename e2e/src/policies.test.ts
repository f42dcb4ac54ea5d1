import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boardServer, openPolicedHouse, type PolicedHouse } from './policed.ts';

const appears = (path: string) => waitFor(path, () => existsSync(path));

describe.each<ProviderId>(['claude-code', 'codex'])('rules and approvals with the real %s', (provider) => {
  let at: PolicedHouse;
  beforeAll(async () => {
    at = await openPolicedHouse(provider);
  });
  afterAll(() => at[Symbol.asyncDispose]());

  it('runs what a rule allows and asks nobody', async () => {
    const { id, project } = await at.start('allow');
    await at.prompt(id, 'RUN touch allowed.txt');
    await appears(join(project, 'allowed.txt'));
    await at.idle(id);
    const decisions = await at.decisions(id);
    expect(decisions.map(({ decision, by }) => `${decision} by ${by}`)).toEqual(['allow by rule']);
    expect(decisions[0]).toMatchObject({ tool: 'Bash', toolKind: 'shell', callId: expect.any(String) });
    await at.house.run('kill', id);
  });

  it('denies what a rule denies, and the model hears why', async () => {
    const { id, project } = await at.start('deny');
    await at.prompt(id, 'RUN touch denied.txt');
    await at.told('not here, says the rule');
    await at.idle(id);
    expect(existsSync(join(project, 'denied.txt'))).toBe(false);
    expect((await at.decisions(id))[0]).toMatchObject({ decision: 'deny', by: 'rule' });
    await at.house.run('kill', id);
  });

  it('asks about the rest: while nobody answers nothing runs, and no dialog is open', async () => {
    const { id, project } = await at.start('ask');
    await at.prompt(id, 'RUN touch asked.txt');
    const [asked] = await at.pending(id);
    if (!asked) throw new Error('unreachable');
    expect(asked).toMatchObject({ kind: 'tool', tool: 'Bash', inTerminal: false, status: 'pending' });
    expect(asked.input.command).toBe('touch asked.txt');
    await at.house.until(id, 'needs_permission', (s) => s.status === 'needs_permission');
    await waitFor('our message beside the spinner', async () =>
      (await at.house.screen(id)).includes('Waiting for codepiper'),
    );
    // No key of a person at the terminal answers it.
    for (const key of ['enter', '1', 'y', 'enter'])
      await at.house.run('keys', id, key).catch(() => undefined);
    expect((await at.approval(asked.id)).status).toBe('pending');
    expect(existsSync(join(project, 'asked.txt'))).toBe(false);
    await at.answer(asked, 'approve');
    await appears(join(project, 'asked.txt'));
    expect(await at.approval(asked.id)).toMatchObject({ status: 'approved', grant: 'once' });
    const said = (await at.decisions(id)).map(({ decision, by }) => `${decision} by ${by}`);
    expect(said.slice(-2)).toEqual(['allow by user', expect.stringMatching(/^ask by/)]);
    await at.house.run('kill', id);
  });

  it('a person who denies is heard by the model, and the agent goes on', async () => {
    const { id, project } = await at.start('refuse');
    await at.prompt(id, 'RUN touch refused.txt');
    const [asked] = await at.pending(id);
    if (!asked) throw new Error('unreachable');
    await at.answer(asked, 'deny', { reason: 'not today, says a person' });
    await at.told('not today, says a person');
    await at.idle(id);
    expect(existsSync(join(project, 'refused.txt'))).toBe(false);
    await at.prompt(id, 'RUN touch allowed-after.txt');
    await appears(join(project, 'allowed-after.txt'));
    await at.house.run('kill', id);
  });

  it('an edit is asked about with its difference, and made when approved', async () => {
    const { id, project } = await at.start('edit');
    const file = join(project, 'made.txt');
    const call =
      provider === 'claude-code'
        ? { tool: 'Write', input: { file_path: file, content: 'made\n' } }
        : {
            tool: 'apply_patch',
            input: { patch: '*** Begin Patch\n*** Add File: made.txt\n+made\n*** End Patch\n' },
          };
    await at.prompt(id, `CALL ${JSON.stringify([call])}`);
    const [asked] = await at.pending(id);
    if (!asked) throw new Error('unreachable');
    expect(asked).toMatchObject({ tool: call.tool, diff: expect.stringContaining('+made') });
    await at.answer(asked, 'approve');
    // It is there before its text is.
    await waitFor('the file', () => existsSync(file) && readFileSync(file, 'utf8') === 'made\n');
    await at.house.run('kill', id);
  });

  it('tools of an MCP server stand under the rules', async () => {
    const server = join(at.agentHome.path, 'board.cjs');
    writeFileSync(server, boardServer);
    const config = JSON.stringify({ mcpServers: { board: { command: process.execPath, args: [server] } } });
    const args =
      provider === 'claude-code'
        ? ['--mcp-config', config, '--strict-mcp-config']
        : ['-c', `mcp_servers.board={command="${process.execPath}",args=["${server}"]}`, '-m', 'my-model'];
    const { id } = await at.start('mcp', '--', ...args);
    const call = (name: string) => `CALL ${JSON.stringify([{ tool: `mcp__board__${name}`, input: {} }])}`;
    await at.prompt(id, call('drop'));
    await at.told('nothing is dropped, says the rule');
    await at.idle(id);
    await at.prompt(id, call('list'));
    await at.told('board did list');
    expect(at.model.requests.some(({ messagesText }) => messagesText.includes('board did drop'))).toBe(false);
    expect((await at.decisions(id)).map(({ tool }) => tool)).toContain('mcp__board__list');
    await at.house.run('kill', id);
  });

  it('dangerous mode asks nobody, and what is denied stays denied', async () => {
    const { id, project } = await at.start('danger', '--dangerous', '--env', 'IS_SANDBOX=1');
    await at.prompt(id, 'RUN touch anything.txt');
    await appears(join(project, 'anything.txt'));
    await at.idle(id);
    expect((await at.decisions(id)).map(({ by }) => by)).toContain('dangerous');
    await at.prompt(id, 'RUN touch denied-in-danger.txt');
    await at.told('not here, says the rule');
    expect(existsSync(join(project, 'denied-in-danger.txt'))).toBe(false);
    await at.house.run('kill', id);
  });

  it('waits over a daemon that is killed, and the answer to the next one still counts, once', async () => {
    const { id, project } = await at.start('restart');
    await at.prompt(id, 'RUN touch asked-once.txt');
    const [asked] = await at.pending(id);
    if (!asked) throw new Error('unreachable');
    await at.house.halt('SIGKILL');
    await at.house.start();
    const [still] = await at.pending(id);
    expect(still?.id).toBe(asked.id);
    await at.answer(asked, 'approve');
    await appears(join(project, 'asked-once.txt'));
    await at.idle(id);
    expect(await at.pending(id, 0)).toEqual([]);
    const said = (await at.decisions(id)).map(({ decision, by }) => `${decision} by ${by}`);
    expect(said.filter((one) => one === 'allow by user')).toHaveLength(1);
    await at.house.run('kill', id);
  });
});

describe('what only Claude Code does', () => {
  let at: PolicedHouse;
  beforeAll(async () => {
    at = await openPolicedHouse('claude-code');
  });
  afterAll(() => at[Symbol.asyncDispose]());

  it('calls made at once are asked about one by one', async () => {
    const { id, project } = await at.start('parallel');
    const run = (command: string) => ({ run: command });
    await at.prompt(
      id,
      `CALL ${JSON.stringify([run('touch par-a.txt'), run('touch allowed-par.txt'), run('touch par-b.txt')])}`,
    );
    // Claude runs one shell command after the other where they may write.
    for (let answered = 0; answered < 2; answered++) {
      const asked = await at.first(id);
      await at.answer(asked, asked.input.command === 'touch par-a.txt' ? 'approve' : 'deny');
    }
    await at.idle(id);
    expect(['par-a', 'allowed-par', 'par-b'].map((name) => existsSync(join(project, `${name}.txt`)))).toEqual(
      [true, true, false],
    );
    await at.house.run('kill', id);
  });

  it("a sub-agent's tools stand under the same rules", async () => {
    const { id, project } = await at.start('sub');
    const delegate = (prompt: string) =>
      `CALL ${JSON.stringify([{ tool: 'Agent', input: { description: 'Delegated', prompt, subagent_type: 'general-purpose' } }])}`;
    await at.prompt(id, delegate('RUN touch denied-by-sub.txt'));
    await at.told('not here, says the rule');
    await at.idle(id);
    await at.prompt(id, delegate('RUN touch asked-by-sub.txt'));
    const [asked] = await at.pending(id);
    if (!asked) throw new Error('unreachable');
    await at.answer(asked, 'approve');
    await appears(join(project, 'asked-by-sub.txt'));
    expect(existsSync(join(project, 'denied-by-sub.txt'))).toBe(false);
    await at.house.run('kill', id);
  });

  it('a question is answered from outside, and its dialog goes', async () => {
    const { id } = await at.start('question');
    await at.prompt(id, 'ASK Which way?');
    const [asked] = await at.pending(id);
    if (!asked) throw new Error('unreachable');
    expect(asked).toMatchObject({ kind: 'question', inTerminal: true });
    await at.house.until(id, 'needs_input', (s) => s.status === 'needs_input');
    await at.answer(asked, 'approve', { answers: { 'Which way?': 'straight on' } });
    await at.told('straight on');
    await at.idle(id);
    await at.house.run('kill', id);
  });

  it('a plan is approved from outside', async () => {
    const { id } = await at.start('plan', '--', '--permission-mode', 'plan');
    await at.prompt(id, `CALL ${JSON.stringify([{ tool: 'ExitPlanMode', input: {} }])}`);
    const [asked] = await at.pending(id);
    if (!asked) throw new Error('unreachable');
    expect(asked).toMatchObject({ kind: 'plan', inTerminal: true });
    await at.answer(asked, 'approve');
    await at.told('User has approved exiting plan mode');
    await at.idle(id);
    await at.house.run('kill', id);
  });

  it.each(['Write', 'Bash'])(
    "plan mode still asks about a %s that a rule allows: the person's mode wins",
    async (tool) => {
      const { id, project } = await at.start(`plan-${tool}`, '--', '--permission-mode', 'plan');
      const file = join(project, 'allowed-in-plan.txt');
      const input =
        tool === 'Write' ? { file_path: file, content: 'x' } : { command: 'touch allowed-in-plan.txt' };
      await at.prompt(id, `CALL ${JSON.stringify([{ tool, input }])}`);
      const [asked] = await at.pending(id);
      if (!asked) throw new Error('unreachable');
      expect(asked).toMatchObject({ kind: 'tool', tool, inTerminal: true });
      expect(existsSync(file)).toBe(false);
      await at.answer(asked, 'approve');
      await appears(file);
      await at.house.run('kill', id);
    },
  );

  it('a dialog that is answered in the terminal withdraws what waits elsewhere', async () => {
    const { id } = await at.start('terminal');
    await at.prompt(id, 'ASK Here or there?');
    const [asked] = await at.pending(id);
    if (!asked) throw new Error('unreachable');
    await waitFor(
      'the person to be heard',
      async () => {
        await at.house.run('keys', id, 'enter');
        return (await at.approval(asked.id)).status !== 'pending';
      },
      { interval: 400, timeout: 60_000 },
    );
    expect(await at.approval(asked.id)).toMatchObject({ status: 'withdrawn', settledBy: 'terminal' });
    await at.idle(id);
    await at.house.run('kill', id);
  });

  it('Escape takes a call back that waits for an answer', async () => {
    const { id, project } = await at.start('escape');
    await at.prompt(id, 'RUN touch taken-back.txt');
    const [asked] = await at.pending(id);
    if (!asked) throw new Error('unreachable');
    await at.house.run('interrupt', id);
    await waitFor(
      'the approval to be withdrawn',
      async () => (await at.approval(asked.id)).status === 'withdrawn',
      {
        timeout: 60_000,
      },
    );
    expect(existsSync(join(project, 'taken-back.txt'))).toBe(false);
    await at.house.run('kill', id);
  });
});

describe('what only Codex does', () => {
  let at: PolicedHouse;
  beforeAll(async () => {
    at = await openPolicedHouse('codex', {}, 'my-model');
  });
  afterAll(() => at[Symbol.asyncDispose]());

  it('a question is answered from outside, and its own dialog never comes', async () => {
    const { id } = await at.start('question');
    await at.prompt(id, 'ASK Which way?');
    const [asked] = await at.pending(id);
    if (!asked) throw new Error('unreachable');
    expect(asked).toMatchObject({ kind: 'question', inTerminal: false });
    await at.house.until(id, 'needs_input', (s) => s.status === 'needs_input');
    await at.answer(asked, 'approve', { answers: { [asked.questions[0]?.question ?? '']: 'straight on' } });
    await at.told('straight on');
    await at.idle(id);
    await at.house.run('kill', id);
  });

  it('a call that leaves its sandbox is asked about once, for the rules and for the sandbox', async () => {
    const { id } = await at.start('outside');
    const outside = join(at.agentHome.path, 'outside.txt');
    const input = {
      cmd: `touch ${outside}`,
      sandbox_permissions: 'require_escalated',
      justification: 'I must',
    };
    await at.prompt(id, `CALL ${JSON.stringify([{ tool: 'exec_command', input }])}`);
    const [asked] = await at.pending(id);
    if (!asked) throw new Error('unreachable');
    await at.answer(asked, 'approve');
    await appears(outside);
    await at.idle(id);
    expect((await at.decisions(id)).map(({ decision }) => decision)).toEqual(['allow', 'allow', 'ask']);
    await at.house.run('kill', id);
  });

  it('calls made at once are asked about, each by itself', async () => {
    const { id, project } = await at.start('parallel');
    const calls = ['touch par-a.txt', 'touch par-b.txt'].map((run) => ({ run }));
    await at.prompt(id, `CALL ${JSON.stringify(calls)}`);
    for (let answered = 0; answered < 2; answered++) {
      const asked = await at.first(id);
      await at.answer(asked, asked.input.command === 'touch par-a.txt' ? 'approve' : 'deny');
    }
    await at.idle(id);
    expect(['par-a', 'par-b'].map((name) => existsSync(join(project, `${name}.txt`)))).toEqual([true, false]);
    await at.house.run('kill', id);
  });

  it("a sub-agent's tools stand under the same rules", async () => {
    const { id, project } = await at.start('sub');
    const input = { message: 'RUN touch denied-by-sub.txt', task_name: 'errand' };
    await at.prompt(id, `CALL ${JSON.stringify([{ tool: 'spawn_agent', input }])}`);
    await at.told('not here, says the rule');
    expect(existsSync(join(project, 'denied-by-sub.txt'))).toBe(false);
    await at.house.run('kill', id);
  });
});
