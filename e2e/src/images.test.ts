import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { type AgentHome, createAgentHome } from '@codepiper/testkit/homes.ts';
import { House } from '@codepiper/testkit/house.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { startOpenAiServer } from '@codepiper/testkit/model-servers/openai.ts';
import type { ModelServer } from '@codepiper/testkit/model-servers/server.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { png } from './pictures.ts';

const agents: {
  provider: ProviderId;
  start: typeof startAnthropicServer;
  urlOption: 'anthropicUrl' | 'openAiUrl';
}[] = [
  { provider: 'claude-code', start: startAnthropicServer, urlOption: 'anthropicUrl' },
  { provider: 'codex', start: startOpenAiServer, urlOption: 'openAiUrl' },
];

describe.each(agents)('images for the real $provider', ({ provider, start, urlOption }) => {
  let model: ModelServer;
  let agentHome: AgentHome;
  let house: House;
  let id: string;
  let project: string;

  beforeAll(async () => {
    model = await start();
    agentHome = await createAgentHome({ [urlOption]: model.url });
    project = await agentHome.project('demo', { files: { 'notes.md': 'notes' } });
    // A space in the path is what a home may have, and what quoting is for.
    const home = join(agentHome.path, 'code piper');
    house = await House.open({ env: agentHome.env, home });
    id = await house.run('start', '-p', provider, '-d', project);
  });
  afterAll(async () => {
    await house[Symbol.asyncDispose]();
    await agentHome[Symbol.asyncDispose]();
    await model[Symbol.asyncDispose]();
  });

  const idle = () => house.until(id, 'idle', (s) => s.status === 'running' && s.activity === 'idle');
  const imageFile = async (name: string, content: Buffer) => {
    const path = join(agentHome.path, name);
    await writeFile(path, content);
    return path;
  };
  const send = async (...args: string[]) => {
    await idle();
    return JSON.parse(await house.run('send', id, ...args, '--json'));
  };
  /** Whether the model was shown exactly these bytes. */
  const wasShown = (content: Buffer) =>
    model.requests.some(({ body }) => JSON.stringify(body).includes(content.toString('base64')));

  /** Images in the newest request of the conversation, which has all that came before. */
  const imagesShown = () =>
    JSON.stringify(model.lastRequest().body).match(/"type":"(?:input_)?image"/g)?.length ?? 0;

  it.each([
    ['behind a text', ['What is this?']],
    ['alone', []],
    ['behind several lines', ['one\ntwo\nthree\nfour\nfive']],
  ])('reach the model %s', async (_, text) => {
    const [first, second] = [png(), png()];
    const images = [await imageFile('one.png', first), await imageFile('zwei drei.png', second)];
    const sent = await send(...text, ...images.flatMap((path) => ['--image', path]));
    expect(sent).toMatchObject({ outcome: 'delivered', delivery: { evidence: { source: 'hook' } } });
    await waitFor('the model to be shown both', () => wasShown(first) && wasShown(second));
    await idle();
    // Nothing is left in the composer: the next prompt is itself.
    expect(await send('and now?')).toMatchObject({ outcome: 'delivered' });
    await waitFor('the next prompt', () => model.prompts().some((prompt) => prompt.trim() === 'and now?'));
  });

  it('are seen in the turn they came with, however many follow', async () => {
    for (let turn = 0; turn < 3; turn++) {
      const image = png();
      const before = model.requests.length;
      await send(`turn ${turn}`, '--image', await imageFile('turn.png', image));
      await waitFor('the model to be shown it', () =>
        model.requests.slice(before).some(({ body, messagesText }) => {
          const isShown = JSON.stringify(body).includes(image.toString('base64'));
          return isShown && messagesText.includes(`turn ${turn}`);
        }),
      );
    }
  });

  it('may be photos of several megabytes', async () => {
    const before = imagesShown();
    const photo = png(1500);
    expect(photo.length).toBeGreaterThan(6_000_000);
    const sent = await send('a large one', '--image', await imageFile('large.png', photo));
    expect(sent).toMatchObject({ outcome: 'delivered' });
    // Agents make large images smaller: their bytes are others then.
    await waitFor('one more image', () => imagesShown() === before + 1);
  });

  it('a text that ends with the name of a file arrives by itself', async () => {
    const sent = await send('explain @notes.md');
    expect(sent).toMatchObject({ outcome: 'delivered' });
    await waitFor('the prompt', () => model.prompts().some((prompt) => prompt.includes('notes.md')));
  });

  it('stand in the session alone, and go with it', async () => {
    await idle();
    const folder = join(house.home, 'sessions', id, 'images');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder)) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    }
    await house.run('stop', id);
    const { code, stderr } = await house.cli(['send', id, 'x', '--image', await imageFile('x.png', png())]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('has ended')]);
    await house.run('rm', id);
    await expect(stat(folder)).rejects.toThrow('ENOENT');
    expect(await readdir(join(house.home, 'uploads'))).toEqual([]);
  });
});
