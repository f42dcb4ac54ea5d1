import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createAgentHome } from '../src/homes.ts';
import { startOpenAiServer } from '../src/model-servers/openai.ts';
import { scratchTmux } from '../src/tmux.ts';
import { waitFor } from '../src/wait.ts';

const ARGS = ['-a', 'on-request', '-s', 'workspace-write', '-c', 'tui.animations=false'];
const TITLE = ['-c', 'tui.terminal_title=["run-state","thread-id"]'];

async function setUp(codexModel?: string) {
  const model = await startOpenAiServer();
  const home = await createAgentHome({ openAiUrl: model.url, ...(codexModel ? { codexModel } : {}) });
  const tmux = scratchTmux();
  const cwd = await home.project('demo');
  const untilReady = (pane: string) =>
    waitFor('codex to be ready', async () => {
      const title = await tmux.run('display-message', '-p', '-t', pane, '#{pane_title}');
      return (
        title.includes('Ready') || Promise.reject(new Error(`title ${title}\n${await tmux.capture(pane)}`))
      );
    });
  const start = async (pane: string, args: string[] = []) => {
    await tmux.start(pane, ['codex', ...args, '--no-daemon', ...ARGS, ...TITLE], { cwd, env: home.env });
    await untilReady(pane);
  };
  const submit = async (pane: string, text: string) => {
    await untilReady(pane);
    await tmux.paste(pane, text);
    await tmux.press(pane, 'Enter');
  };
  const dispose = async () => {
    for (const one of [tmux, home, model]) await one[Symbol.asyncDispose]();
  };
  return { model, home, tmux, cwd, start, submit, [Symbol.asyncDispose]: dispose };
}

test.each(['gpt-5.5', 'gpt-6-sol'])(
  'the real codex with %s answers, runs a command and asks',
  async (name) => {
    await using t = await setUp(name);
    await t.start('codex');

    await t.submit('codex', 'good morning');
    await t.tmux.waitForText('codex', /echo: good morning/);
    await t.submit('codex', 'RUN echo made-$((40+2)) | tee made.txt');
    await t.tmux.waitForText('codex', /done: made-42/);
    await access(join(t.cwd, 'made.txt'));
    await t.submit('codex', 'RUN echo "{"; exit 3');
    await t.tmux.waitForText('codex', /failed: \{/);
    await t.submit('codex', 'ASK Tea?');
    await t.tmux.waitForText('codex', /Answer No/);
    const press = async () => {
      if (!/Answer No/.test(await t.tmux.capture('codex'))) return true;
      await t.tmux.press('codex', 'Enter');
      return false;
    };
    await waitFor('the question to go', press, { interval: 200 });
    await t.tmux.waitForText('codex', /done: \{"answers".*Yes/);
    expect(t.model.prompts()).toEqual([
      'good morning',
      'RUN echo made-$((40+2)) | tee made.txt',
      'RUN echo "{"; exit 3',
      'ASK Tea?',
    ]);
  },
);

test('codex killed in the middle of an answer resumes with its history', async () => {
  await using t = await setUp();
  await t.start('codex');
  await t.submit('codex', 'remember the heron');
  await t.tmux.waitForText('codex', /echo: remember/);
  const { conversation } = t.model.lastRequest();
  await t.submit('codex', 'HOLD kill');
  await waitFor('the answer to be held', () => t.model.holding().length);
  const pid = Number(await t.tmux.run('display-message', '-p', '-t', 'codex', '#{pane_pid}'));
  process.kill(pid, 'SIGKILL');
  await waitFor('the stream to be cut', () => t.model.lastRequest().outcome === 'aborted');

  await t.start('again', ['resume', conversation]);
  await t.submit('again', 'FAIL 529');
  await t.tmux.waitForText('again', /■.*529/);
  await t.submit('again', 'which bird?');
  await t.tmux.waitForText('again', /echo: which bird\?/);
  expect(t.model.lastRequest().messagesText).toContain('user: remember the heron\nassistant: echo: remember');
  expect(t.model.prompts()).toEqual(['remember the heron', 'HOLD kill', 'FAIL 529', 'which bird?']);
});
