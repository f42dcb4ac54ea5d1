import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { openHouse } from '../bench-house.ts';
import type { Figure } from '../figure.ts';
import { measurePairs } from '../pairs.ts';

/**
 * Tells on a socket when bytes came in, by the machine's monotonic clock that every process shares, then echoes them
 * as a terminal program does.
 */
const listener = `
const told = require('node:net').connect(process.argv[1], () => {
  process.stdin.setRawMode(true);
  process.stdin.on('data', (bytes) => {
    told.write(process.hrtime.bigint() + '\\n');
    process.stdout.write(bytes.toString().replaceAll('\\r', '\\r\\n'));
  });
  told.write('ready\\n');
});
`;

/** A text to a live `shell` session, from the request to its first byte in the program. */
export const send: Figure = {
  name: 'send',
  async measure({ runs }) {
    await using folder = await makeTempDir();
    await using house = await openHouse();
    await using tmux = scratchTmux();
    let count = 0;
    const argv = (socket: string) => [process.execPath, '-e', listener, socket];

    await using ours = await listenTo(join(folder.path, 'ours'));
    const { id } = await house.create({ provider: 'shell', args: argv(ours.path) });
    await ours.ready;
    await house.until(id, 'running', ({ status }) => status === 'running');

    await using floor = await listenTo(join(folder.path, 'floor'));
    await tmux.start('raw', argv(floor.path), { cwd: '/', env: house.env });
    await floor.ready;
    const raw = spawn('tmux', ['-L', tmux.socketName, '-C', 'attach-session', '-t', '=raw'], {
      env: house.env,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const rawEnded = once(raw, 'exit');
    await using caller = await call(house.socket);

    const pairs = await measurePairs(
      runs,
      async () => {
        const started = process.hrtime.bigint();
        const [at, reply] = await Promise.all([
          ours.arrival(),
          caller.post(`/sessions/${id}/send`, { text: `text ${count++}`, waitMs: 10_000 }),
        ]);
        if (!reply.includes('"outcome":"delivered"')) throw new Error(`not delivered: ${reply}`);
        return Number(at - started) / 1e6;
      },
      async () => {
        const started = process.hrtime.bigint();
        raw.stdin.write(`send-keys -t =raw: -l 'text ${count++}' ; send-keys -t =raw: Enter\n`);
        return Number((await floor.arrival()) - started) / 1e6;
      },
      10,
    );
    raw.stdin.end();
    await rawEnded;
    return [
      {
        figure: 'send to a shell session: request to first byte',
        ...pairs,
        floorOf: 'send-keys, control client',
        unit: 'ms',
        target: { of: 'ratio', max: 3 },
      },
    ];
  },
};

/** How long bytes may follow each other as one text, in milliseconds. */
const quietMs = 30;

/** Takes one program's words on a socket. */
async function listenTo(path: string) {
  const ready = Promise.withResolvers<void>();
  let waiting: PromiseWithResolvers<bigint> | null = null;
  let connected: Socket | undefined;
  const server = createServer((socket) => {
    connected = socket;
    let rest = '';
    socket.on('data', (bytes) => {
      const lines = `${rest}${bytes}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === 'ready') ready.resolve();
        else waiting?.resolve(BigInt(line));
      }
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    ready: ready.promise,
    /** When the next bytes come; call it before they are sent. Resolves when all of them have come. */
    async arrival(): Promise<bigint> {
      waiting = Promise.withResolvers<bigint>();
      const at = await waiting.promise;
      await new Promise((resolve) => setTimeout(resolve, quietMs));
      return at;
    },
    async [Symbol.asyncDispose]() {
      connected?.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A connection that stays, as the raw side's does: what node's own client needs is no part of the figure. */
async function call(path: string) {
  const socket = connect(path);
  await once(socket, 'connect');
  return {
    /** Sends a request and returns what is answered, head and all; the answer must end with its JSON. */
    async post(url: string, body: unknown): Promise<string> {
      const json = JSON.stringify(body);
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      let text = '';
      const take = (bytes: Buffer) => {
        text += bytes.toString();
        if (text.endsWith('}')) resolve(text);
      };
      socket.on('data', take).once('close', reject);
      const head = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}`;
      socket.write(`POST ${url} HTTP/1.1\r\nhost: codepiper\r\n${head}\r\n\r\n${json}`);
      try {
        return await promise;
      } finally {
        socket.off('data', take).off('close', reject);
      }
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
    },
  };
}
