import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createAgentHome } from '@codepiper/testkit/homes.ts';
import { House } from '@codepiper/testkit/house.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { startOpenAiServer } from '@codepiper/testkit/model-servers/openai.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Appends every line it reads to a file, as proof of what arrived. */
const recorder = ['sh', '-c', 'while IFS= read -r line; do printf "%s\\n" "$line" >>got.txt; done'];

let house: House;
let work: string;
beforeAll(async () => {
  house = await House.open();
  work = await house.workDirectory();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

const got = async (cwd: string) =>
  (await readFile(join(cwd, 'got.txt'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
const post = (id: string, path: string, body: unknown) => house.http('POST', `/sessions/${id}/${path}`, body);

describe('delivery to a program', () => {
  it('types each text once for each idempotency key, however often it is sent', async () => {
    const cwd = await house.workDirectory('once');
    const { id } = await house.create({ provider: 'shell', cwd, args: recorder });
    const send = () => post(id, 'send', { text: 'only once', idempotencyKey: 'k1', waitMs: 60_000 });
    const replies = await Promise.all([send(), send(), send()]);
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200]);
    expect(await send()).toMatchObject({ body: { outcome: 'delivered' } });
    await post(id, 'send', { text: 'the last', waitMs: 60_000 });
    await waitFor('the last line', async () => (await got(cwd)).includes('the last'));
    expect(await got(cwd)).toEqual(['only once', 'the last']);
    expect(await post(id, 'send', { text: 'another text', idempotencyKey: 'k1' })).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
  });

  it('keeps the order of many senders, and loses none', async () => {
    const cwd = await house.workDirectory('order');
    const { id } = await house.create({ provider: 'shell', cwd, args: recorder });
    const texts = Array.from({ length: 30 }, (_, i) => `line ${i}`);
    for (const text of texts) await post(id, 'send', { text });
    await waitFor('all lines', async () => (await got(cwd)).length === texts.length);
    expect(await got(cwd)).toEqual(texts);
  });

  it('carries 1 MB exactly', async () => {
    const cwd = await house.workDirectory('megabyte');
    const { id } = await house.create({
      provider: 'shell',
      cwd,
      args: ['sh', '-c', 'stty raw -echo; touch ready; exec cat >got.txt'],
    });
    await waitFor('the program', () => readFile(join(cwd, 'ready')).then(() => true));
    const text = Array.from(
      { length: 16_384 },
      (_, i) => `${String(i).padStart(8, '0')} äöü €uro 👩‍👩‍👧 ${'x'.repeat(28)}`,
    )
      .join('\n')
      .slice(0, 500_000);
    await post(id, 'send', { text, newline: false });
    const arrived = await waitFor(
      'every byte',
      async () => {
        const content = await readFile(join(cwd, 'got.txt'), 'utf8');
        return content.length >= text.length && content;
      },
      { timeout: 60_000 },
    );
    expect(Buffer.from(arrived).equals(Buffer.from(text))).toBe(true);
  });

  it('says so when nothing proves the arrival', async () => {
    const { id } = await house.create({
      provider: 'shell',
      cwd: work,
      args: ['sh', '-c', 'stty -echo; exec sleep 1000'],
    });
    await house.until(id, 'running', (s) => s.pid !== null);
    const sent = await house.cli(['send', id, 'into the void', '--json']);
    expect(sent.code).toBe(1);
    expect(JSON.parse(sent.stdout)).toMatchObject({ outcome: 'timed_out', delivery: { status: 'typed' } });
  });

  it('is proven for a command that prints hundreds of lines at once', async () => {
    const { id } = await house.create({ provider: 'shell', cwd: work, args: ['bash', '--norc'] });
    for (const round of [1, 2, 3]) {
      const reply = await post(id, 'send', { text: `seq 600 # ${round}`, waitMs: 60_000 });
      expect(reply.body).toMatchObject({ outcome: 'delivered' });
    }
    await house.run('kill', id);
  });

  it('types without Enter on request', async () => {
    const cwd = await house.workDirectory('draft');
    const { id } = await house.create({ provider: 'shell', cwd, args: recorder });
    await post(id, 'send', { text: 'half a ', newline: false, waitMs: 60_000 });
    expect(await got(cwd)).toEqual([]);
    await post(id, 'send', { text: 'line', waitMs: 60_000 });
    await waitFor('the line', async () => (await got(cwd)).length > 0);
    expect(await got(cwd)).toEqual(['half a line']);
  });

  it('arrives while a person scrolls in copy mode', async () => {
    const cwd = await house.workDirectory('copymode');
    const { id } = await house.create({ provider: 'shell', cwd, args: recorder });
    const pane = `codepiper-${id}`;
    // tmux up to 3.6 dies of a pane that enters copy mode while a control client is being attached.
    await waitFor('the client that reads the pane', () => house.tmux('list-clients', '-t', pane));
    await house.tmux('copy-mode', '-t', pane);
    expect(await house.tmux('display-message', '-p', '-t', pane, '#{pane_in_mode}')).toBe('1');
    const reply = await post(id, 'send', { text: 'behind the scroll', waitMs: 60_000 });
    expect(reply.body).toMatchObject({ outcome: 'delivered' });
    await waitFor('the line', async () => (await got(cwd)).length > 0);
    expect(await got(cwd)).toEqual(['behind the scroll']);
  });
});

it('keeps nothing that was said to a session that was removed', async () => {
  const { id } = await house.create({ provider: 'shell', cwd: work, args: ['cat'] });
  await post(id, 'send', { text: 'a word for cat alone', waitMs: 60_000 });
  await house.run('kill', id);
  await house.run('rm', id);
  const database = new DatabaseSync(join(house.home, 'codepiper.db'), { readOnly: true });
  const texts = () => database.prepare('SELECT text FROM deliveries WHERE session_id = ?').all(id);
  await waitFor('the text to be forgotten', () => JSON.stringify(texts()) === '[{"text":""}]');
  database.close();
});

describe('who may speak', () => {
  it('takes the token of a live session, and refuses it once the session has ended', async () => {
    const cwd = await house.workDirectory('token');
    const { id } = await house.create({
      provider: 'shell',
      cwd,
      args: ['sh', '-c', 'printf %s "$CODEPIPER_TOKEN" >token; exec sleep 1000'],
    });
    const token = await waitFor('the token', () => readFile(join(cwd, 'token'), 'utf8'));
    const authorization = { authorization: `Bearer ${token}` };
    expect((await house.http('GET', '/sessions', undefined, authorization)).status).toBe(200);
    expect(await house.http('POST', '/daemon/stop', {}, authorization)).toMatchObject({ status: 403 });
    await house.run('kill', id);
    expect(await house.http('GET', '/sessions', undefined, authorization)).toMatchObject({
      status: 401,
      body: { code: 'unauthorized' },
    });
  });
});

describe.each([
  { provider: 'claude-code', start: startAnthropicServer, option: 'anthropicUrl' },
  { provider: 'codex', start: startOpenAiServer, option: 'openAiUrl' },
] as const)('a very long prompt to the real $provider', ({ provider, start, option }) => {
  it('arrives whole and once', async () => {
    await using model = await start();
    await using agentHome = await createAgentHome({ [option]: model.url });
    await using agentHouse = await House.open({ env: agentHome.env });
    const cwd = await agentHome.project('long');
    const { id } = await agentHouse.create({ provider, cwd });
    const text = Array.from({ length: 15_000 }, (_, i) => `line ${i} ${'word '.repeat(11)}end`)
      .join('\n')
      .slice(0, 1_000_000);
    const reply = await agentHouse.http('POST', `/sessions/${id}/send`, { text, waitMs: 90_000 });
    expect(reply.body).toMatchObject({ outcome: 'delivered' });
    const squeeze = (s: string) => s.replace(/\s+/g, '');
    const seen = await waitFor('the prompt at the model', () => model.prompts()[0], { timeout: 60_000 });
    expect(model.prompts()).toHaveLength(1);
    expect(squeeze(seen).includes(squeeze(text))).toBe(true);
  });
});
