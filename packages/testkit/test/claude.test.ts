import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLAUDE_API_KEY, CLAUDE_LOGIN_TOKEN, createAgentHome } from '../src/homes.ts';
import { startAnthropicServer } from '../src/model-servers/anthropic.ts';
import { scratchTmux } from '../src/tmux.ts';
import { waitFor } from '../src/wait.ts';

async function setUp() {
  const model = await startAnthropicServer();
  const home = await createAgentHome({ anthropicUrl: model.url });
  const tmux = scratchTmux();
  const cwd = await home.project('demo');
  const pids = new Map<string, number>();
  const untilIdle = (pane: string) =>
    waitFor(`claude in ${pane} to be idle`, async () =>
      (await home.claudeStatuses()).find((one) => one.pid === pids.get(pane) && one.status === 'idle'),
    );
  const start = async (pane: string, args: string[] = [], env: Record<string, string> = {}) => {
    const argv = ['claude', '--permission-mode', 'manual', ...args];
    pids.set(pane, await tmux.start(pane, argv, { cwd, env: { ...home.env, ...env } }));
    return untilIdle(pane);
  };
  const submit = async (pane: string, text: string) => {
    await untilIdle(pane);
    await tmux.type(pane, text);
    await tmux.press(pane, 'Enter');
  };
  const dispose = async () => {
    for (const one of [tmux, home, model]) await one[Symbol.asyncDispose]();
  };
  return { model, home, tmux, cwd, start, submit, [Symbol.asyncDispose]: dispose };
}

test('the real claude answers, runs an approved command and asks', async () => {
  await using t = await setUp();
  await t.start('claude');

  await t.submit('claude', 'good morning');
  await t.tmux.waitForText('claude', /echo: good morning/);
  expect(t.model.prompts()).toEqual(['good morning']);
  expect(t.model.lastRequest().headers.authorization).toBe(`Bearer ${CLAUDE_LOGIN_TOKEN}`);

  await t.submit('claude', 'RUN echo made-$((40+2)) | tee made.txt');
  await t.tmux.waitForText('claude', /Do you want to proceed\?/);
  await expect(access(join(t.cwd, 'made.txt'))).rejects.toThrow('ENOENT');
  await approve(t.tmux, /Do you want to proceed\?/);
  await t.tmux.waitForText('claude', /done: made-42/);
  await access(join(t.cwd, 'made.txt'));

  await t.submit('claude', 'ASK Tea?');
  await t.tmux.waitForText('claude', /Answer No/);
  await approve(t.tmux, /Answer No/);
  await t.tmux.waitForText('claude', /done: .*"Tea\?"="Yes"/);
  expect(t.model.prompts()).toEqual(['good morning', 'RUN echo made-$((40+2)) | tee made.txt', 'ASK Tea?']);
});

test('claude killed in the middle of an answer resumes with its history', async () => {
  await using t = await setUp();
  const { sessionId, pid } = await t.start('claude');
  await t.submit('claude', 'remember the heron');
  await t.tmux.waitForText('claude', /echo: remember/);
  await t.submit('claude', 'HOLD kill');
  await waitFor('the answer to be held', () => t.model.holding().length);
  // Claude writes its transcript moments after the fact; what is not in it is not resumed.
  const [project = ''] = await readdir(join(t.home.claudeDir, 'projects'));
  const transcript = join(t.home.claudeDir, 'projects', project, `${sessionId}.jsonl`);
  await waitFor('the transcript to hold both prompts and the answer', async () => {
    const text = await readFile(transcript, 'utf8');
    return text.includes('"echo: remember the heron"') && text.includes('"content":"HOLD kill"');
  });
  process.kill(pid, 'SIGKILL');
  await waitFor('the stream to be cut', () => t.model.lastRequest().outcome === 'aborted');

  await t.start('again', ['--resume', sessionId], { ANTHROPIC_API_KEY: CLAUDE_API_KEY });
  await t.submit('again', 'FAIL 529');
  await t.tmux.waitForText('again', /API Error.*529/);
  await t.submit('again', 'which bird?');
  await t.tmux.waitForText('again', /echo: which bird\?/);
  expect(t.model.lastRequest().messagesText).toMatch(
    /^user: remember the heron\nassistant: echo: remember the heron\nuser: HOLD kill\n/,
  );
  expect(t.model.lastRequest().headers['x-api-key']).toBe(CLAUDE_API_KEY);
  expect(t.model.prompts()).toEqual(['remember the heron', 'HOLD kill', 'FAIL 529', 'which bird?']);
});

test('a prompt amid a turn of the real claude is one of its own, and the end of a sub-agent is none', async () => {
  await using t = await setUp();
  await t.start('claude', ['--allowedTools', 'Agent', 'Bash']);
  await t.submit('claude', 'LATER amid echo first');
  await waitFor('the answer to be held', () => t.model.holding().includes('amid'));
  await t.tmux.type('claude', 'RUN echo second');
  await t.tmux.press('claude', 'Enter');
  await t.tmux.waitForText('claude', /❯ RUN echo second/);
  t.model.release('amid');
  await t.tmux.waitForText('claude', /done: second/);

  const input = { description: 'Look', prompt: 'LATER below echo below', subagent_type: 'general-purpose' };
  const delegate = `CALL ${JSON.stringify([{ tool: 'Agent', input }])}`;
  await t.submit('claude', delegate);
  // So long a line looks like a paste, and an Enter behind it like a part of it.
  const isSent = async () => {
    if (t.model.prompts().includes(delegate)) return true;
    await t.tmux.press('claude', 'Enter');
    return false;
  };
  await waitFor('the prompt to be taken', isSent, { interval: 500 });
  await t.tmux.waitForText('claude', /done: Async agent launched/);
  t.model.release('below');
  await t.tmux.waitForText('claude', /● noted/);
  const mine = ['LATER amid echo first', 'RUN echo second', delegate];
  expect(t.model.prompts()).toEqual([...mine, 'LATER below echo below']);
});

/** Claude does not listen to keys for a moment after a dialog opens: press Enter until the dialog is gone. */
async function approve(tmux: ReturnType<typeof scratchTmux>, dialog: RegExp): Promise<void> {
  const press = async () => {
    if (!dialog.test(await tmux.capture('claude'))) return true;
    await tmux.press('claude', 'Enter');
    return false;
  };
  await waitFor('the dialog to go', press, { interval: 200 });
}
