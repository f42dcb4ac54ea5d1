import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { connectUnix } from './unix-web-socket.ts';

/** A server on a Unix socket of its own, gone with the test. */
async function listen(server: Server): Promise<{ socket: string } & AsyncDisposable> {
  const folder = await makeTempDir();
  const socket = join(folder.path, 's');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const closed = (ws: ReturnType<typeof connectUnix>) =>
  new Promise<void>((resolve) => ws.addEventListener('close', () => resolve()));

test.each([
  [401, '{"error":"The token is not valid.","code":"unauthorized"}', ['The token is not valid.']],
  [403, 'no JSON', ['The daemon refused the live terminal with HTTP status 403.']],
  [404, '{"error":"There is no such route."}', [expect.stringContaining('codepiper daemon restart')]],
  [503, '{"error":"The daemon is stopping."}', []],
])(
  'an answer %i that is no WebSocket: refused for good, or to be tried again',
  async (status, body, said) => {
    const server = createServer((_, reply) => reply.writeHead(status).end(body));
    await using there = await listen(server);
    const refusals: string[] = [];
    const ws = connectUnix({ ...there, onRefused: (message) => refusals.push(message) });
    await closed(ws);
    expect(refusals).toEqual(said);
  },
);

test('brings the token and no compression; a goodbye that is not answered is not waited for', async () => {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: true });
  await using there = await listen(server);
  const request = new Promise<IncomingMessage>((resolve) => {
    sockets.on('connection', (ws, asked) => {
      // It reads nothing, so that it hears no goodbye.
      ws.pause();
      resolve(asked);
    });
  });
  const ws = connectUnix({ ...there, token: 'secret', onRefused: () => {} });
  const opened = new Promise<void>((resolve) => ws.addEventListener('open', resolve));
  const { url, headers } = await request;
  await opened;
  expect(url).toBe('/terminals/ws');
  expect(headers).toMatchObject({ authorization: 'Bearer secret' });
  expect(headers).not.toHaveProperty('sec-websocket-extensions');
  const gone = closed(ws);
  ws.close();
  await gone;
});
