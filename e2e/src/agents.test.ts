import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { type AgentHome, createAgentHome } from '@codepiper/testkit/homes.ts';
import { builtCli, House } from '@codepiper/testkit/house.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { startOpenAiServer } from '@codepiper/testkit/model-servers/openai.ts';
import type { ModelServer } from '@codepiper/testkit/model-servers/server.ts';
import { sitDown } from '@codepiper/testkit/person.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const agents: {
  provider: ProviderId;
  start: typeof startAnthropicServer;
  urlOption: 'anthropicUrl' | 'openAiUrl';
}[] = [
  { provider: 'claude-code', start: startAnthropicServer, urlOption: 'anthropicUrl' },
  { provider: 'codex', start: startOpenAiServer, urlOption: 'openAiUrl' },
];

describe.each(agents)('the real $provider under codepiper', ({ provider, start, urlOption }) => {
  let model: ModelServer;
  let agentHome: AgentHome;
  let house: House;
  let project: string;

  beforeAll(async () => {
    model = await start();
    agentHome = await createAgentHome({ [urlOption]: model.url });
    project = await agentHome.project('demo');
    house = await House.open({ env: agentHome.env });
  });
  afterAll(async () => {
    await house[Symbol.asyncDispose]();
    await agentHome[Symbol.asyncDispose]();
    await model[Symbol.asyncDispose]();
  });

  const startAgent = (...args: string[]) => house.run('start', '-p', provider, '-d', project, ...args);
  const idle = (id: string) =>
    house.until(id, 'idle', (s) => s.status === 'running' && s.activity === 'idle');
  const send = async (id: string, text: string) => JSON.parse(await house.run('send', id, text, '--json'));
  const timesSeen = (text: string) => model.prompts().filter((prompt) => prompt.trim() === text).length;

  it('starts, takes a prompt once, and answers on the screen', async () => {
    const id = await startAgent();
    const sent = await send(id, 'hello from codepiper');
    expect(sent).toMatchObject({ outcome: 'delivered', delivery: { evidence: { source: 'hook' } } });
    await waitFor('the answer', async () => (await house.screen(id)).includes('echo: hello from codepiper'));
    await idle(id);
    expect(timesSeen('hello from codepiper')).toBe(1);
    await house.run('kill', id);
  });

  it('is busy while a turn runs and idle after it, each with its evidence', async () => {
    const id = await startAgent('--prompt', `HOLD gate-${provider}`);
    await waitFor('the model to be asked', () => model.holding().length > 0);
    expect(await house.until(id, 'busy', (s) => s.activity === 'busy')).toMatchObject({ status: 'running' });
    model.release(`gate-${provider}`);
    expect((await idle(id)).evidence.source).toMatch(/registry|hook|title/);
    await house.run('kill', id);
  });

  it('queues a second prompt until the first turn is over, then delivers it by itself', async () => {
    const id = await startAgent('--prompt', `HOLD queue-${provider}`);
    await waitFor('the model to be asked', () => model.holding().length > 0);
    const sent = JSON.parse(await house.run('send', id, 'second in line', '--no-wait', '--json'));
    expect(sent).toMatchObject({ outcome: 'accepted', delivery: { status: 'queued' } });
    expect(await house.session(id)).toMatchObject({ queued: 1 });
    expect(timesSeen('second in line')).toBe(0);
    model.release(`queue-${provider}`);
    await waitFor('the second prompt', () => timesSeen('second in line') === 1);
    await idle(id);
    await waitFor('both proofs', async () =>
      expect((await house.deliveries(id)).map((d) => d.status)).toEqual(['delivered', 'delivered']),
    );
    await house.run('kill', id);
  });

  it('runs a tool call, holds prompts back while a person is asked, and shows who is needed', async () => {
    const id = await startAgent();
    await idle(id);
    const asks = provider === 'claude-code' ? 'RUN touch asked.txt' : 'ASK Which colour?';
    await send(id, asks);
    const waiting = await house.until(
      id,
      'waiting for a person',
      (s) => s.status.startsWith('needs_'),
      60_000,
    );
    expect(waiting.status).toBe(provider === 'claude-code' ? 'needs_permission' : 'needs_input');
    const held = JSON.parse(await house.run('send', id, 'not into the dialog', '--no-wait', '--json'));
    expect(held.delivery.status).toBe('queued');
    await waitFor(
      'the person to be heard',
      async () => {
        await house.run('keys', id, 'enter');
        return (await house.session(id)).status === 'running';
      },
      { interval: 400 },
    );
    await waitFor('the prompt behind the dialog', () => timesSeen('not into the dialog') === 1, {
      timeout: 60_000,
    });
    await idle(id);
    if (provider === 'claude-code') expect(await readFile(join(project, 'asked.txt'), 'utf8')).toBe('');
    await house.run('kill', id);
  });

  it('runs a command for the model, and the model hears of it', async () => {
    const id = await startAgent(...(provider === 'claude-code' ? ['--', '--allowedTools', 'Bash'] : []));
    await send(id, `RUN echo ran by ${provider} | tee ran.txt`);
    await waitFor(
      'the model to hear',
      async () => (await house.screen(id)).includes(`done: ran by ${provider}`),
      {
        timeout: 60_000,
      },
    );
    expect(await readFile(join(project, 'ran.txt'), 'utf8')).toBe(`ran by ${provider}\n`);
    await idle(id);
    await house.run('kill', id);
  });

  it('lets a person attach, type, detach, and see the agent go on', async () => {
    const id = await startAgent();
    await idle(id);
    await using person = sitDown([process.execPath, builtCli, 'attach', id], {
      env: { ...house.env, TERM: 'xterm-256color' },
      cwd: project,
    });
    await person.waitForText(provider === 'claude-code' ? /manual mode|shortcuts/ : /Ask Codex|shortcuts/);
    await person.type('typed by hand');
    await waitFor('the text in the composer', () => person.screen().includes('typed by hand'));
    await person.press('enter');
    await person.waitForText(/echo: typed by hand/);
    await person.type('\x02d');
    await person.exit;
    expect((await house.session(id)).status).toBe('running');
    await house.run('kill', id);
  });

  it('stops in peace and resumes the same conversation in the same row', async () => {
    const id = await startAgent('--name', `keep-${provider}`);
    await send(id, 'remember alpha');
    await idle(id);
    await house.run('stop', id);
    const stopped = await house.session(id);
    expect(stopped).toMatchObject({ status: 'stopped', pid: null });
    await house.run('resume', `keep-${provider}`);
    await idle(id);
    await send(id, 'and now beta');
    await waitFor('the second prompt', () => timesSeen('and now beta') === 1);
    expect(model.lastRequest()?.messagesText).toContain('remember alpha');
    const resumed = await house.session(id);
    expect(resumed.metadata.providerSession.id).toBe(stopped.metadata.providerSession.id);
    const forked = JSON.parse(await house.run('fork', id, '--json'));
    await idle(forked.id);
    await send(forked.id, 'in the fork gamma');
    await waitFor('the fork', () => timesSeen('in the fork gamma') === 1);
    expect(model.lastRequest()?.messagesText).toContain('remember alpha');
    expect((await house.session(forked.id)).metadata.providerSession.id).not.toBe(
      resumed.metadata.providerSession.id,
    );
    await house.run('kill', id, forked.id);
  });

  it('switches the model of this session only, and says when it cannot', async () => {
    const [other, config] =
      provider === 'claude-code'
        ? ['claude-haiku-4-5', join(agentHome.claudeDir, 'settings.json')]
        : ['gpt-6-luna', join(agentHome.codexDir, 'config.toml')];
    const id = await startAgent();
    await send(id, 'before the switch');
    await idle(id);
    const before = await readFile(config, 'utf8');
    await house.run('model', id, other);
    expect(await house.run('model', id)).toBe(other);
    const told = await house.http('GET', `/sessions/${id}/events?type=session.model`);
    expect((told.body as { events: LedgerEvent[] }).events.at(-1)?.payload).toMatchObject({ model: other });
    await idle(id);
    await send(id, 'after the switch');
    await waitFor('the prompt', () => timesSeen('after the switch') === 1);
    expect(model.lastRequest()?.body).toMatchObject({ model: other });
    expect(model.lastRequest()?.messagesText).toContain('before the switch');
    expect(await readFile(config, 'utf8')).not.toContain(other);
    expect(before).not.toContain(other);
    await idle(id);
    await send(id, `HOLD model-${provider}`);
    await waitFor('the model to be asked', () => model.holding().length > 0);
    expect((await house.cli(['model', id, other])).code).toBe(1);
    model.release(`model-${provider}`);
    await house.run('kill', id);
  });

  describe('a prompt', () => {
    let id: string;
    beforeAll(async () => {
      id = await startAgent();
    });
    afterAll(() => house.run('kill', id));

    it.each([
      ['a slash', '/help is a word here'],
      ['a bang', '!touch never.txt'],
      ['an at', '@nobody said this'],
      ['several lines', 'first line\nsecond line\n\nfourth line'],
      ['many lines', Array.from({ length: 40 }, (_, i) => `line ${i} of a longer prompt`).join('\n')],
      ['other alphabets', 'Grüße, 你好, 👩‍👩‍👧 und مرحبا'],
      ['a bracketed paste end', 'before \x1b[201~ after'],
    ])('delivers %s as plain text, once', async (_name, text) => {
      await idle(id);
      const before = model.prompts().length;
      expect(await send(id, text)).toMatchObject({ outcome: 'delivered' });
      await idle(id);
      const squeeze = (s: string) => s.replace(/\s|\p{Cc}|\[201~/gu, '');
      const seen = model.prompts().slice(before);
      expect(seen).toHaveLength(1);
      expect(squeeze(seen[0] ?? '')).toContain(squeeze(text));
      await expect(readFile(join(project, 'never.txt'))).rejects.toThrow();
    });
  });

  it('knows an agent that was killed from outside, and brings the conversation back', async () => {
    const id = await startAgent('--prompt', 'before the crash');
    await waitFor('the prompt', () => timesSeen('before the crash') === 1);
    const { pid } = await idle(id);
    // Agents write their transcript late; what is not in it yet dies with them.
    await waitFor('the transcript', async () => {
      const { transcriptPath } = await house.session(id);
      return (await readFile(transcriptPath ?? '', 'utf8')).includes('echo: before the crash');
    });
    process.kill(pid ?? 0, 'SIGKILL');
    expect(await house.until(id, 'crashed', (s) => s.status === 'crashed')).toMatchObject({
      exitCode: 137,
      signal: 'SIGKILL',
    });
    await house.run('resume', id, '--prompt', 'after the crash');
    await waitFor('the prompt', () => timesSeen('after the crash') === 1);
    expect(model.lastRequest()?.messagesText).toContain('before the crash');
    await house.run('kill', id);
  });

  it('leaves the agent’s own configuration as it was, but for what the agent itself writes', async () => {
    const file =
      provider === 'claude-code'
        ? join(agentHome.claudeDir, 'settings.json')
        : join(agentHome.codexDir, 'config.toml');
    const before = await readFile(file, 'utf8');
    const id = await startAgent('--prompt', 'look around');
    await waitFor('the prompt', () => timesSeen('look around') >= 1);
    await idle(id);
    await house.run('stop', id);
    const after = await readFile(file, 'utf8');
    if (provider === 'claude-code') expect(after).toBe(before);
    else expect(after.startsWith(before.split('[tui')[0] ?? before)).toBe(true);
    expect(after).not.toContain('codepiper/');
  });

  it('asks for trust in a directory the agent does not trust, and remembers the answer', async () => {
    const strange = await agentHome.project(`strange-${provider}`, {
      isTrusted: false,
      files: { '.git/HEAD': 'ref: refs/heads/main\n' },
    });
    const refused = await house.cli(['start', '-p', provider, '-d', strange]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('--trust');
    const id = await house.run('start', '-p', provider, '-d', strange, '--trust');
    await send(id, 'in a strange place');
    await house.run('kill', id);
    const again = await house.run('start', '-p', provider, '-d', strange);
    await house.run('kill', again);
  });
});
