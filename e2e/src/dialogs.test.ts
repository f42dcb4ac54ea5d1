import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentHome, createAgentHome } from '@codepiper/testkit/homes.ts';
import { House } from '@codepiper/testkit/house.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import type { ModelServer } from '@codepiper/testkit/model-servers/server.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const apiKey = 'sk-ant-test-0123456789-not-approved-by-anybody';

let model: ModelServer;
let agentHome: AgentHome;
let house: House;
beforeEach(async () => {
  model = await startAnthropicServer();
  agentHome = await createAgentHome({ anthropicUrl: model.url });
  house = await House.open({ env: agentHome.env });
});
afterEach(async () => {
  await house[Symbol.asyncDispose]();
  await agentHome[Symbol.asyncDispose]();
  await model[Symbol.asyncDispose]();
});

const lastHeaders = () => model.requests.at(-1)?.headers ?? {};

describe('billing', () => {
  it('api: the key reaches the model without a dialog, and neither an argument nor the environment shows it', async () => {
    const project = await agentHome.project('demo');
    const id = await house.run(
      'start',
      '-p',
      'claude',
      '-d',
      project,
      '--billing',
      'api',
      '--env',
      `ANTHROPIC_API_KEY=${apiKey}`,
    );
    await house.run('send', id, 'who pays');
    await waitFor('the prompt', () => model.prompts().includes('who pays'));
    expect(lastHeaders()['x-api-key']).toBe(apiKey);
    const { pid } = await house.session(id);
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(apiKey);
    expect(await readFile(`/proc/${pid}/environ`, 'utf8')).not.toContain(apiKey);
    expect(JSON.stringify(await house.session(id))).not.toContain(apiKey);
    expect(await house.log()).not.toContain(apiKey);
  });

  it('subscription: a key is scrubbed even when it is given, and the login pays', async () => {
    const project = await agentHome.project('demo');
    const id = await house.run(
      'start',
      '-p',
      'claude',
      '-d',
      project,
      '--env',
      `ANTHROPIC_API_KEY=${apiKey}`,
    );
    await house.run('send', id, 'who pays');
    await waitFor('the prompt', () => model.prompts().includes('who pays'));
    expect(lastHeaders()['x-api-key']).toBeUndefined();
    expect(lastHeaders().authorization).toMatch(/^Bearer /);
  });
});

describe('a dialog at the start', () => {
  it('of Codex (login) is shown to the person, and nothing is typed into it', async () => {
    await writeFile(join(agentHome.codexDir, 'config.toml'), 'check_for_update_on_startup = false\n');
    const project = await agentHome.project('demo', { isTrusted: false });
    const id = await house.run(
      'start',
      '-p',
      'codex',
      '-d',
      project,
      '--trust',
      '--prompt',
      'do not sign in with this',
    );
    const waiting = await house.until(id, 'needs_input', (s) => s.status === 'needs_input');
    expect(waiting).toMatchObject({ evidence: { source: 'screen' }, queued: 1 });
    let before = '';
    await waitFor('the whole dialog', async () => {
      const then = before;
      before = await house.screen(id);
      return before.includes('Sign in with ChatGPT') && before === then;
    });
    await house.run('send', id, 'nor with this', '--no-wait');
    expect(await house.screen(id)).toBe(before);
    expect((await house.deliveries(id)).map((d) => d.status)).toEqual(['queued', 'queued']);
  });

  it('of Claude Code (an MCP server of the project) is shown to the person', async () => {
    const project = await agentHome.project('demo', {
      files: { '.mcp.json': JSON.stringify({ mcpServers: { board: { command: 'true' } } }) },
    });
    const id = await house.run('start', '-p', 'claude', '-d', project, '--prompt', 'after the dialog');
    const waiting = await house.until(id, 'needs_input', (s) => s.status === 'needs_input');
    expect(waiting.evidence.source).toBe('screen');
    expect(model.prompts()).toEqual([]);
    await waitFor(
      'the dialog to be answered',
      async () => {
        await house.run('keys', id, 'enter');
        return (await house.session(id)).status === 'running';
      },
      { interval: 400 },
    );
    await waitFor('the prompt that waited', () => model.prompts().includes('after the dialog'), {
      timeout: 60_000,
    });
  });
});

it('shows dangerous mode, and starts it without a dialog where the agent allows it', async () => {
  const project = await agentHome.project('demo');
  const started = await house.cli([
    'start',
    '-p',
    'claude',
    '-d',
    project,
    '--dangerous',
    '--env',
    'IS_SANDBOX=1',
    '--json',
  ]);
  const session = JSON.parse(started.stdout);
  expect(session.metadata.security.dangerousMode).toBe(true);
  await house.run('send', session.id, 'RUN touch dangerous.txt');
  await waitFor('the tool call', () => readFile(join(project, 'dangerous.txt'), 'utf8').then(() => true));
});
