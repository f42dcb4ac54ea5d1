import { join } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sessionRecord } from '../../test/session-record.ts';
import { WireClient } from '../../test/terminal-wire.ts';
import { createServer } from '../http/server.ts';
import { acceptWebSockets } from '../http/ws.ts';
import { silentLog } from '../log/log.ts';
import type { LivePane } from '../sessions/live-pane.ts';
import { createTmux } from '../tmux/create-tmux.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { startScreens } from './screens.ts';
import { SharedTerminals } from './shared-terminal.ts';
import { mountTerminalSocket } from './terminal-socket.routes.ts';
import { createTerminals } from './terminals.service.ts';
import { TerminalTickets } from './tickets.ts';

const record = sessionRecord();
let stack: AsyncDisposableStack;
let socket: string;
let tmux: Tmux;
let panes: Map<string, LivePane>;
let noted: string[];

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const { path } = stack.use(await makeTempDir());
  const { socketName } = stack.use(scratchTmux());
  tmux = stack.use(await createTmux({ socketName, home: path, env: process.env, log: silentLog }));
  panes = new Map();
  noted = [];
  const getLive = async () => {
    const pane = panes.get(record.id);
    if (!pane) throw new CodepiperError('session_ended', 'It has ended.');
    return { record, pane };
  };
  const terminals = stack.use(
    createTerminals({
      ...{ sessions: { getLive }, panes, tmux, tap: null, lastScreen: async () => '', log: silentLog },
      screens: stack.use(startScreens(silentLog)),
    }),
  );
  const noteSize = async (_id: string, { cols, rows }: { cols: number; rows: number }) =>
    void noted.push(`${cols}x${rows}`);
  const shared = stack.use(new SharedTerminals({ tmux, noteSize, log: silentLog }));
  const app = createServer({ log: silentLog, authenticate: async () => null });
  const tickets = new TerminalTickets({ now: () => 0 });
  mountTerminalSocket(app, { terminals, shared, tickets, log: silentLog, door: acceptWebSockets(app) });
  socket = join(path, 's');
  await app.listen({ path: socket });
  stack.defer(() => app.close());
});
afterEach(() => stack.disposeAsync());

/** Starts a program as the session, and a viewer of it. */
async function watch(program: string): Promise<WireClient> {
  const argv = ['sh', '-c', program];
  const pane = await tmux.createPane({ sessionName: `codepiper-${record.id}`, cols: 80, rows: 24, argv });
  panes.set(record.id, { sessionId: record.id, run: 1, paneId: pane.paneId, wrapperPid: pane.pid });
  const viewer = await WireClient.greet(socket);
  stack.defer(() => viewer.close());
  viewer.subscribe('it', { role: 'typist' });
  await waitFor('the screen', () => viewer.frames.some((frame) => frame.type === 'snapshot' && frame.last));
  return viewer;
}

it('brings every line of a flood, in order', async () => {
  const count = 200_000;
  const viewer = await watch(`stty raw -echo; head -c1 >/dev/null; seq ${count}; printf 'the end'; exec cat`);
  viewer.type(1, 'x');
  await waitFor('the last of it', () =>
    viewer.frames.some((f) => f.type === 'output' && String(Buffer.from(f.bytes)).includes('the end')),
  );
  const numbers = Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('');
  expect(viewer.output === `${numbers}the end`).toBe(true);
});

it('takes keystrokes of every kind to the program', async () => {
  const viewer = await watch('stty raw -echo; exec cat -v');
  const typed: [string | Uint8Array, string][] = [
    ['aé', 'aM-CM-)'],
    ['\0', '^@'],
    [Uint8Array.of(0x1b, 0x5b, 0x4d, 0x20, 0xff, 0x21), '^[[M M-^?!'],
  ];
  for (const [index, [text]] of typed.entries()) viewer.type(index + 1, text);
  viewer.frame({ type: 'keys', channel: 1, n: 4, keys: ['ctrl+a', 'f5'] });
  const expected = `${typed.map(([, shown]) => shown).join('')}^A^[[15~`;
  await waitFor('all of it', () => viewer.output === expected);
  await waitFor('all to be settled', () => viewer.settled === 4);
});

it('gives the pane the size that is taken, and tells at its place in the stream', async () => {
  const viewer = await watch("trap 'stty size' WINCH; while :; do sleep 0.02; done");
  viewer.say({ type: 'size', channel: 1, action: 'take', cols: 91, rows: 31 });
  await viewer.told('size', ({ cols, rows, decides }) => cols === 91 && rows === 31 && decides === 'you');
  await waitFor('the program to know', () => viewer.output.includes('31 91'));
  const kinds = viewer.frames.map(({ type }) => type);
  expect(kinds.indexOf('resize')).toBeLessThan(kinds.indexOf('output'));
  await waitFor('the note', () => noted.includes('91x31'));
});
