import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { expect, test } from 'vitest';
import { createUnixTransport } from '../src/unix-transport.ts';

/** A socket that does to each connection what the test says. */
async function listen(serve: (socket: Socket, request: string) => void) {
  const directory = await makeTempDir();
  const path = join(directory.path, 's');
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('data', (data) => serve(socket, data.toString()));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    open,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await directory[Symbol.asyncDispose]();
    },
  };
}

test('writes one HTTP request and reads the reply', async () => {
  let seen = '';
  await using server = await listen((socket, request) => {
    seen = request;
    socket.end('HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nä!');
  });
  const transport = createUnixTransport({ socket: server.path, token: 'secret' });
  const reply = await transport.request({ method: 'POST', path: '/a', body: '{"ä":1}' });
  expect(reply).toEqual({ status: 201, body: 'ä!' });
  expect(seen).toBe(
    'POST /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer secret\r\n' +
      'Content-Type: application/json\r\nContent-Length: 8\r\n\r\n{"ä":1}',
  );
});

test('sends bytes as they are, with their own type', async () => {
  let seen = '';
  await using server = await listen((socket, request) => {
    seen = request;
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  const body = new Blob(['\x00\x01ä'], { type: 'multipart/form-data; boundary=b' });
  await createUnixTransport({ socket: server.path }).request({ method: 'POST', path: '/a', body });
  expect(seen).toContain(
    'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 4\r\n\r\n\x00\x01ä',
  );
});

test('a stream gives out what has come, before the end', async () => {
  await using server = await listen((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
  });
  const stream = await createUnixTransport({ socket: server.path }).stream({ method: 'GET', path: '/' });
  expect(stream.status).toBe(200);
  for await (const chunk of stream.chunks) {
    expect(Buffer.from(chunk).toString()).toBe('hello');
    break;
  }
  const [socket] = server.open;
  // Leaving the loop hangs up.
  await new Promise<void>((resolve) =>
    socket?.destroyed ? resolve() : socket?.once('close', () => resolve()),
  );
});

test('the answer counts, even when the daemon hung up while we wrote', async () => {
  await using server = await listen((socket) => {
    socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}', () => socket.destroy());
  });
  const body = JSON.stringify('x'.repeat(8_000_000));
  const sent = createUnixTransport({ socket: server.path }).request({ method: 'POST', path: '/', body });
  expect(await sent).toEqual({ status: 413, body: '{}' });
});

test.each([
  ['hangs up', '', 'broken'],
  ['hangs up within the answer', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx', 'broken'],
  ['is no HTTP server', '220 mail ready\r\n', 'broken'],
])('whoever %s is a broken connection', async (_, answer, failure) => {
  await using server = await listen((socket) => socket.end(answer));
  await expect(
    createUnixTransport({ socket: server.path }).request({ method: 'GET', path: '/' }),
  ).rejects.toMatchObject({ name: 'TransportError', failure });
});

test('silence ends in a timeout', async () => {
  await using server = await listen(() => {});
  const sent = createUnixTransport({ socket: server.path }).request({
    method: 'GET',
    path: '/',
    timeoutMs: 30,
  });
  await expect(sent).rejects.toMatchObject({ failure: 'timeout' });
});

test('an abort ends a request that waits', async () => {
  const stop = new AbortController();
  await using server = await listen(() => stop.abort());
  const sent = createUnixTransport({ socket: server.path }).request({
    method: 'GET',
    path: '/',
    signal: stop.signal,
  });
  await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
});

test('nobody there, and a file that is no socket, are unreachable', async () => {
  await using directory = await makeTempDir();
  const file = join(directory.path, 'file');
  await writeFile(file, '');
  await chmod(file, 0o700);
  for (const socket of [join(directory.path, 'none'), file]) {
    await expect(createUnixTransport({ socket }).request({ method: 'GET', path: '/' })).rejects.toMatchObject(
      {
        failure: 'unreachable',
      },
    );
  }
});
