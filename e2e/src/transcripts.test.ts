import { spawn } from 'node:child_process';
import type { Overview } from '@codepiper/core/analytics/analytics.ts';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import type { Conversation, Entry } from '@codepiper/core/transcripts/conversation.ts';
import type { TranscriptVerification } from '@codepiper/core/transcripts/transcript.endpoints.ts';
import { type AgentHome, createAgentHome } from '@codepiper/testkit/homes.ts';
import { builtCli, House } from '@codepiper/testkit/house.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { startOpenAiServer } from '@codepiper/testkit/model-servers/openai.ts';
import { USAGE } from '@codepiper/testkit/model-servers/script.ts';
import type { ModelServer } from '@codepiper/testkit/model-servers/server.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const agents: {
  provider: ProviderId;
  start: typeof startAnthropicServer;
  urlOption: 'anthropicUrl' | 'openAiUrl';
  shell: string;
}[] = [
  { provider: 'claude-code', start: startAnthropicServer, urlOption: 'anthropicUrl', shell: 'Bash' },
  { provider: 'codex', start: startOpenAiServer, urlOption: 'openAiUrl', shell: 'exec_command' },
];

describe.each(agents)('transcripts of the real $provider', ({ provider, start, urlOption, shell }) => {
  let model: ModelServer;
  let agentHome: AgentHome;
  let house: House;
  let project: string;
  /** The session all tests go on with. */
  let id: string;

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

  const idle = (session: string) =>
    house.until(session, 'idle', (s) => s.status === 'running' && s.activity === 'idle');
  const tail = async (session: string): Promise<Entry[]> =>
    JSON.parse(await house.run('tail', session, '--conversation', '-n', '1000', '--json')) as Entry[];
  const overview = async (...args: string[]): Promise<Overview> =>
    JSON.parse(await house.run('analytics', 'overview', '--range', 'all', '--json', ...args)) as Overview;
  const sums = ({ requests, inputTokens, outputTokens, cacheReadTokens, reasoningTokens }: Overview) => ({
    ...{ requests, inputTokens, outputTokens, cacheReadTokens, reasoningTokens },
  });
  /** What so many answers cost, as the model server reported it. */
  const costOf = (answers: number) => ({
    requests: answers,
    inputTokens: answers * (USAGE.input - USAGE.cached),
    outputTokens: answers * USAGE.output,
    cacheReadTokens: answers * USAGE.cached,
    reasoningTokens: provider === 'codex' ? answers * USAGE.reasoning : 0,
  });
  /** Answers to what the user said; what the agent asks for itself is in no transcript. */
  const answers = () =>
    model.requests.filter(({ aside, outcome }) => aside === undefined && outcome === 'answered').length;
  /** Sends a prompt and waits until what came of it is in the conversation. */
  const prompt = async (session: string, text: string, answer: string) => {
    await house.run('send', session, text);
    await waitFor(
      `"${answer}" in the conversation`,
      async () =>
        (await tail(session)).some((entry) => entry.kind === 'answer' && entry.text.includes(answer)),
      { timeout: 60_000, interval: 200 },
    );
    await idle(session);
  };
  const verify = async () => {
    const reply = await house.http('POST', '/transcripts/verifications');
    let { verification } = reply.body as { verification: TranscriptVerification };
    await waitFor(
      'the verification',
      async () => {
        const path = `/transcripts/verifications/${verification.id}`;
        ({ verification } = (await house.http('GET', path)).body as { verification: TranscriptVerification });
        return verification.state !== 'running';
      },
      { timeout: 60_000 },
    );
    return verification;
  };

  it('shows prompt, call, result and answer, and counts what the model said it used', async () => {
    id = await house.run(
      'start',
      '-p',
      provider,
      '-d',
      project,
      ...(provider === 'claude-code' ? ['--', '--allowedTools', 'Bash'] : []),
    );
    await prompt(id, 'RUN echo said once | tee said.txt', 'done: said once');
    const entries = await tail(id);
    const call = entries.find(({ kind, tool }) => kind === 'tool_call' && tool === shell);
    expect(call).toMatchObject({ text: 'echo said once | tee said.txt', outcome: 'ok' });
    const story = entries.filter(({ kind, callId }) => /prompt|answer/.test(kind) || callId === call?.callId);
    expect(story.map(({ kind }) => kind)).toEqual(['prompt', 'tool_call', 'tool_result', 'answer']);
    expect(story[2]).toMatchObject({
      text: expect.stringContaining('said once'),
      tool: shell,
      outcome: 'ok',
    });
    const text = await house.run('tail', id, '--conversation');
    expect(text).toMatch(
      new RegExp(`prompt +RUN echo said once[^]*call +${shell} echo[^]*result +${shell} ok[^]*answer`),
    );
    expect(await house.run('logs', id, '-m')).toMatch(
      /prompt +RUN echo said once.*\n.*answer +done: said once/,
    );
    await waitFor('the usage', async () => (await overview('--session', id)).requests === answers());
    expect(sums(await overview('--session', id))).toEqual(costOf(2));
  });

  it('streams what is said as it is said', async () => {
    const before = (await tail(id)).at(-1)?.id ?? 0;
    const following = spawn(
      process.execPath,
      [builtCli, 'tail', id, '--conversation', '-f', '-n', '1', '--json'],
      { env: house.env, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    let out = '';
    following.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    await waitFor('the newest one', () => out.includes('\n'));
    await prompt(id, 'hello stream', 'echo: hello stream');
    await waitFor('the stream', () => out.includes('"echo: hello stream"'));
    // Behind the last line break a line is on its way.
    const streamed = () =>
      out
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as Entry).id);
    await waitFor('what is stored, each once', async () => {
      const stored = (await tail(id)).map((entry) => entry.id).filter((entry) => entry >= before);
      expect(streamed()).toEqual(stored);
      return true;
    });
    following.kill();
  });

  it('counts a conversation once when it is resumed and when it is forked', async () => {
    await house.run('stop', id);
    await house.run('resume', id);
    await idle(id);
    await prompt(id, 'after the resume', 'echo: after the resume');
    await waitFor('the usage', async () => (await overview('--session', id)).requests === answers());
    const resumed = answers();
    expect(sums(await overview('--session', id))).toEqual(costOf(resumed));
    const prompts = (await tail(id)).filter(({ kind }) => kind === 'prompt').map(({ text }) => text);
    expect(prompts).toEqual(['RUN echo said once | tee said.txt', 'hello stream', 'after the resume']);

    const forked = JSON.parse(await house.run('fork', id, '--json')) as { id: string };
    await idle(forked.id);
    await prompt(forked.id, 'in the fork', 'echo: in the fork');
    await waitFor('the usage', async () => (await overview()).requests === answers());
    expect(sums(await overview())).toEqual(costOf(answers()));
    expect(sums(await overview('--session', id))).toEqual(costOf(resumed));
    const [fork] = JSON.parse(
      await house.run('conversations', '--session', forked.id, '--json'),
    ) as Conversation[];
    const original = (await house.session(id)).metadata.providerSession.id;
    expect(fork).toMatchObject({ forkedFrom: original, sessionIds: [forked.id], provider });
    await house.run('kill', forked.id);
  });

  it('loses and doubles nothing when the daemon is killed in the middle', async () => {
    for (let round = 0; round < 3; round += 1) {
      const gate = `dies-${provider}-${round}`;
      await house.run('send', id, `HOLD ${gate}`);
      await waitFor('the model to be asked', () => model.holding().includes(gate));
      await house.halt('SIGKILL');
      model.release(gate);
      await house.start();
      await waitFor(
        'the answer',
        async () => (await tail(id)).some(({ text }) => text.includes(`released ${gate}`)),
        { timeout: 60_000, interval: 200 },
      );
      await idle(id);
    }
    await waitFor('the usage', async () => (await overview()).requests === answers());
    expect(sums(await overview())).toEqual(costOf(answers()));
    const texts = (await tail(id)).filter(({ kind }) => kind === 'prompt').map(({ text }) => text);
    expect(new Set(texts).size).toBe(texts.length);
    const { state, result } = await verify();
    expect(state).toBe('done');
    expect(result).toMatchObject({ differences: [], responses: answers() });
  });
});
