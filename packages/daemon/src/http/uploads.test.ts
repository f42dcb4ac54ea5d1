import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { defineEndpoint } from '@codepiper/core/endpoint.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../log/log.ts';
import { type Handlers, mountEndpoints } from './mount.ts';
import { createServer } from './server.ts';
import { type ReceivedFile, UploadFolder } from './uploads.ts';

const maxBytes = 200_000;
const endpoints = {
  give: defineEndpoint({
    method: 'POST',
    path: '/things/:id/picture',
    summary: '',
    params: z.strictObject({ id: z.string() }),
    upload: { field: 'picture', maxBytes, what: 'a picture' },
    reply: z.object({ id: z.string(), file: z.unknown(), mode: z.number() }),
    status: 201,
  }),
  echo: defineEndpoint({
    method: 'POST',
    path: '/echo',
    summary: '',
    body: z.strictObject({ x: z.number() }),
    reply: z.object({ x: z.number() }),
  }),
};

let temp: TempDir;
let app: FastifyInstance;
let seen: ReceivedFile[];
let contents: Buffer[];
let hold: Promise<void> | null;
beforeEach(async () => {
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
  temp = await makeTempDir();
  seen = [];
  contents = [];
  hold = null;
  await mkdir(folder());
  await writeFile(join(folder(), 'left-over'), 'of a daemon that was killed');
  await serve();
});

async function serve(stallMs?: number): Promise<void> {
  const handlers: Handlers<typeof endpoints> = {
    give: async ({ params, receive }) => {
      if (params.id === 'nobody') throw new CodepiperError('not_found', 'There is nobody.');
      return receive(async (file) => {
        seen.push(file);
        contents.push(await readFile(file.path));
        await hold;
        if (params.id === 'broken') throw new Error('a fault');
        const { path: _, head: __, ...rest } = file;
        return { id: params.id, file: rest, mode: (await stat(file.path)).mode & 0o777 };
      });
    },
    echo: async ({ body }) => body,
  };
  app = createServer({ log: silentLog, authenticate: async () => null });
  mountEndpoints(app, endpoints, handlers, { uploads: new UploadFolder(folder(), stallMs) });
  await app.listen({ path: join(temp.path, 's') });
}
afterEach(async () => {
  agent.destroy();
  await app.close();
  await temp[Symbol.asyncDispose]();
});

/** One connection: what is left unread of a request is in the way of the next. */
let agent: Agent;
const folder = () => join(temp.path, 'uploads');
const left = () => readdir(folder()).catch(() => []);

interface Reply {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the server answers
  body: any;
}

async function post(
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string>,
): Promise<Reply> {
  const call = request({ socketPath: join(temp.path, 's'), path, method: 'POST', headers, agent });
  call.on('error', () => undefined);
  call.end(body);
  const [reply] = (await once(call, 'response')) as [IncomingMessage];
  return { status: reply.statusCode ?? 0, body: JSON.parse(await text(reply)) };
}

async function give(id: string, files: Record<string, File>): Promise<Reply> {
  const { body, type } = await encode(files);
  return post(`/things/${id}/picture`, body, { 'content-type': type });
}

/** As browsers do it. */
async function encode(files: Record<string, File>): Promise<{ body: Uint8Array; type: string }> {
  const form = new FormData();
  for (const [field, file] of Object.entries(files)) form.append(field, file);
  const encoded = new Response(form);
  const type = encoded.headers.get('content-type') ?? '';
  return { body: new Uint8Array(await encoded.arrayBuffer()), type };
}

const bytes = (size: number) => Uint8Array.from({ length: size }, (_, i) => i % 251);
const picture = (size = 100, name = 'a.png') => new File([bytes(size)], name, { type: 'image/png' });

it('takes a file as it was sent, for its owner alone, and leaves nothing behind', async () => {
  expect(await left()).toEqual([]);
  const reply = await give('x', { picture: picture(150_000, 'my "best"\r\nphoto.png') });
  expect(reply).toMatchObject({
    status: 201,
    body: { id: 'x', mode: 0o600, file: { bytes: 150_000, mediaType: 'image/png' } },
  });
  expect(contents[0]?.equals(bytes(150_000))).toBe(true);
  expect(seen[0]?.head.equals(bytes(64))).toBe(true);
  expect(seen[0]?.name).toContain('best');
  expect((await stat(folder())).mode & 0o777).toBe(0o700);
  await waitFor('the file to be gone', async () => (await left()).length === 0);
});

it('takes the largest file there may be, and refuses one byte more with limit and size', async () => {
  expect((await give('x', { picture: picture(maxBytes) })).status).toBe(201);
  expect(await give('x', { picture: picture(maxBytes + 1) })).toMatchObject({
    status: 413,
    body: { code: 'body_too_large', error: expect.stringContaining('0.2 MB'), details: { maxBytes } },
  });
  const large = await give('x', { picture: picture(3_000_000) });
  expect(large).toMatchObject({ status: 413, body: { error: expect.stringMatching(/2\.9 MB.*a picture/) } });
  await waitFor('the files to be gone', async () => (await left()).length === 0);
});

it('counts what comes without a length too', async () => {
  const { body, type } = await encode({ picture: picture(1_000_000) });
  const reply = await post('/things/x/picture', body, {
    'content-type': type,
    'transfer-encoding': 'chunked',
  });
  expect(reply).toMatchObject({ status: 413, body: { error: expect.stringMatching(/more than 0\.2 MB/) } });
});

it.each([
  ['another field', { photo: picture() }, /has a part "photo".*"picture"/],
  ['two files', { picture: picture(), more: picture() }, /has a part "more"/],
])('refuses a form with %s', async (_, files, says) => {
  const reply = await give('x', files as unknown as Record<string, File>);
  expect(reply).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', error: expect.stringMatching(says) },
  });
  expect(contents).toEqual([]);
  await waitFor('the file to be gone', async () => (await left()).length === 0);
});

it('refuses an empty file, and a form that breaks off', async () => {
  expect(await give('x', { picture: picture(0) })).toMatchObject({
    status: 415,
    body: { code: 'media_refused', error: expect.stringContaining('"a.png" is empty') },
  });
  const { body, type } = await encode({ picture: picture() });
  const half = await post('/things/x/picture', body.subarray(0, -20), { 'content-type': type });
  expect(half).toMatchObject({ status: 400, body: { error: expect.stringContaining('cannot be read') } });
  expect(seen).toEqual([]);
  await waitFor('the file to be gone', async () => (await left()).length === 0);
});

it('says what it wants instead of anything else, and other routes still want JSON', async () => {
  for (const type of ['application/json', 'image/png', 'text/plain']) {
    expect(await post('/things/x/picture', '{}', { 'content-type': type })).toMatchObject({
      status: 400,
      body: { error: 'Send a picture as multipart/form-data, in the field "picture".' },
    });
  }
  const { body, type } = await encode({ picture: picture() });
  const wrong = await post('/echo', body, { 'content-type': type });
  expect(wrong).toMatchObject({ status: 400, body: { error: expect.stringContaining('must be JSON') } });
  expect(await post('/echo', '{"x":1}', { 'content-type': 'application/json' })).toMatchObject({
    status: 200,
  });
});

it('refuses before it reads where it can, and removes the file when the work fails', async () => {
  expect((await give('nobody', { picture: picture(150_000) })).status).toBe(404);
  expect(seen).toEqual([]);
  expect((await give('broken', { picture: picture() })).status).toBe(500);
  await waitFor('the file to be gone', async () => (await left()).length === 0);
});

it('removes what a sender who hangs up has left', async () => {
  const socket = connect(join(temp.path, 's'));
  socket.write(
    [
      'POST /things/x/picture HTTP/1.1',
      'Host: x',
      'Content-Type: multipart/form-data; boundary=b',
      'Content-Length: 100000',
      '',
      '--b',
      'Content-Disposition: form-data; name="picture"; filename="a.png"',
      '',
      'half of a picture',
    ].join('\r\n'),
  );
  await waitFor('the file to come', async () => (await left()).length === 1);
  socket.destroy();
  await waitFor('the file to be gone', async () => (await left()).length === 0);
  expect(seen).toEqual([]);
});

it('hangs up on senders who fall silent, so that they keep nobody waiting', async () => {
  const stallMs = 500;
  await app.close();
  await serve(stallMs);
  const silent = Array.from({ length: 8 }, () => {
    const socket = connect(join(temp.path, 's'));
    const length = 'Content-Length: 100000';
    const type = 'Content-Type: multipart/form-data; boundary=b';
    socket.write(`POST /things/x/picture HTTP/1.1\r\nHost: x\r\n${type}\r\n${length}\r\n\r\n--b\r\n`);
    return socket;
  });
  await Promise.all(silent.map((socket) => once(socket.resume(), 'close')));
  // Of one that has sent its file the work may take longer than that.
  hold = new Promise((resolve) => setTimeout(resolve, stallMs * 2));
  expect((await give('x', { picture: picture() })).status).toBe(201);
});

it('takes so many at once and no more, then goes on', async () => {
  let go = () => {};
  hold = new Promise((resolve) => {
    go = resolve;
  });
  agent.maxSockets = 9;
  const first = Array.from({ length: 8 }, () => give('x', { picture: picture() }));
  await waitFor('eight files', () => seen.length === 8);
  expect(await give('x', { picture: picture() })).toMatchObject({
    status: 429,
    body: { code: 'too_many_requests' },
  });
  go();
  for (const reply of await Promise.all(first)) expect(reply.status).toBe(201);
  expect((await give('x', { picture: picture() })).status).toBe(201);
});
