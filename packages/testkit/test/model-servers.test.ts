import { expect, test } from 'vitest';
import { startAnthropicServer } from '../src/model-servers/anthropic.ts';
import { startOpenAiServer } from '../src/model-servers/openai.ts';
import { say } from '../src/model-servers/script.ts';
import type { ModelServer } from '../src/model-servers/server.ts';
import { waitFor } from '../src/wait.ts';

const dialects = [
  {
    name: 'anthropic',
    start: startAnthropicServer,
    path: '/v1/messages?beta=true',
    body: (prompt: string) => ({
      model: 'm',
      tools: [{ name: 'Bash' }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: '<system-reminder>\nnot yours\n</system-reminder>\n' },
            { type: 'text', text: prompt },
          ],
        },
      ],
    }),
  },
  {
    name: 'openai',
    start: startOpenAiServer,
    path: '/v1/responses',
    body: (prompt: string) => ({
      model: 'm',
      input: [
        {
          type: 'message',
          role: 'user',
          content: [{ type: 'input_text', text: '<environment_context>x</environment_context>' }],
        },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: prompt }] },
      ],
    }),
  },
];

for (const { name, start, path, body } of dialects) {
  const ask = (server: ModelServer, prompt: string, signal?: AbortSignal): Promise<Response> =>
    fetch(server.url + path, { method: 'POST', body: JSON.stringify(body(prompt)), signal: signal ?? null });

  test(`${name}: echoes the user's words, without what the agent put around them`, async () => {
    await using server = await start();
    const answer = await (await ask(server, 'grüße')).text();
    expect(answer).toContain('echo: grüße');
    expect(answer).not.toContain('not yours');
    expect(server.prompts()).toEqual(['grüße']);
    expect(server.lastRequest()).toMatchObject({ messagesText: 'user: grüße', outcome: 'answered' });
  });

  test(`${name}: a held answer goes on when the test says so`, async () => {
    await using server = await start();
    const response = await ask(server, 'HOLD one');
    await waitFor('the hold', () => server.holding().includes('one'));
    expect(server.lastRequest().outcome).toBe('streaming');
    server.release('one');
    expect(await response.text()).toContain('released one');
    expect(server.holding()).toEqual([]);
  });

  test(`${name}: an agent that goes away in the middle is noted`, async () => {
    await using server = await start();
    const gone = new AbortController();
    await ask(server, 'HOLD one', gone.signal);
    gone.abort();
    await waitFor('the abort to be noted', () => server.lastRequest().outcome === 'aborted');
    expect(server.holding()).toEqual([]);
  });

  test(`${name}: closing does not wait for open streams`, async () => {
    const server = await start();
    const response = await ask(server, 'HOLD for ever');
    await server[Symbol.asyncDispose]();
    await expect(response.text()).rejects.toThrow();
  });

  test(`${name}: a scripted failure is that status`, async () => {
    await using server = await start();
    const response = await ask(server, 'FAIL 529');
    expect(response.status).toBe(529);
    expect(await response.text()).toContain('scripted failure 529');
    expect(server.lastRequest().outcome).toBe('failed');
  });

  test(`${name}: a test's own script comes first`, async () => {
    await using server = await start({ script: ({ prompt }) => (prompt === 'a' ? say('mine') : undefined) });
    expect(await (await ask(server, 'a')).text()).toContain('mine');
    expect(await (await ask(server, 'b')).text()).toContain('echo: b');
  });

  test(`${name}: is no way out as a proxy`, async () => {
    await using server = await start();
    expect((await fetch(`${server.url}/elsewhere`)).status).toBe(404);
    const { port } = new URL(server.url);
    const { request } = await import('node:http');
    const connect = request({ port, host: '127.0.0.1', method: 'CONNECT', path: 'example.com:443' }).end();
    const status = await new Promise((resolve, reject) => {
      connect.once('connect', (response) => resolve(response.statusCode)).once('error', reject);
    });
    expect(status).toBe(403);
    expect(server.escapes).toEqual(['example.com:443']);
  });
}
