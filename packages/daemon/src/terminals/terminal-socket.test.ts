import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { encodeFrame, maxPasteBytes, type ViewerFrame } from '@codepiper/core/terminals/frames.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeLiveTerminal, FakeTerminals } from '../../test/fake-live-terminal.ts';
import { WireClient } from '../../test/terminal-wire.ts';
import { createServer, type Whereabouts } from '../http/server.ts';
import { acceptWebSockets, type WebSocketConnection } from '../http/ws.ts';
import { silentLog } from '../log/log.ts';
import type { PaneInfo, TmuxEvents } from '../tmux/tmux.ts';
import { Screen } from './screen/screen.ts';
import { SharedTerminals } from './shared-terminal.ts';
import { mountTerminalSocket } from './terminal-socket.routes.ts';
import { TerminalTickets } from './tickets.ts';

const id = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const other = '7f9619ff-8b86-4d01-b42d-00cf4fc964ff';

/** A tmux that remembers what was typed into its one pane. */
class FakeTmux {
  readonly typed: string[] = [];
  readonly resizes: string[] = [];
  attached = false;
  hold: Promise<unknown> = Promise.resolve();
  isGone = false;
  listener: Partial<TmuxEvents> = {};
  onResize: (cols: number, rows: number) => void = () => undefined;

  async typeBytes(_pane: string, bytes: Uint8Array, { bracketed }: { bracketed: boolean }) {
    await this.hold;
    if (this.isGone) return 'gone' as const;
    this.typed.push(`${bracketed ? 'paste ' : ''}${Buffer.from(bytes).toString('latin1')}`);
    return 'typed' as const;
  }
  async pressKeys(_pane: string, keys: readonly string[]) {
    await this.hold;
    this.typed.push(`<${keys.join(' ')}>`);
  }
  async resize(_name: string, cols: number, rows: number) {
    this.resizes.push(`${cols}x${rows}`);
    this.onResize(cols, rows);
  }
  async listPanes(): Promise<PaneInfo[]> {
    const pane = { sessionName: `codepiper-${id}`, attached: this.attached } as PaneInfo;
    return [pane];
  }
  listen(listener: Partial<TmuxEvents>): () => void {
    this.listener = listener;
    return () => undefined;
  }
}

let temp: TempDir;
let app: FastifyInstance;
let tmux: FakeTmux;
let terminals: FakeTerminals;
let terminal: FakeLiveTerminal;
let shared: SharedTerminals;
let tickets: TerminalTickets;
let whereabouts: Whereabouts;
let time: number;
let noted: string[];
/** The daemon's sides of all connections. */
let served: WebSocketConnection[];
const viewers: WireClient[] = [];
const socket = () => join(temp.path, 's');

beforeEach(async () => {
  temp = await makeTempDir();
  tmux = new FakeTmux();
  terminals = new FakeTerminals();
  terminal = terminals.add('one', new FakeLiveTerminal(id));
  tmux.onResize = (cols, rows) => terminal.resize(cols, rows);
  noted = [];
  shared = new SharedTerminals({
    tmux,
    noteSize: async (session, { cols, rows }) => void noted.push(`${session} ${cols}x${rows}`),
    log: silentLog,
  });
  time = 1_000_000;
  tickets = new TerminalTickets({ now: () => time });
  whereabouts = 'outside';
  app = createServer({
    log: silentLog,
    authenticate: async (token) => (token === 'agent' ? { kind: 'session', sessionId: other } : null),
    locate: async () => whereabouts,
  });
  served = [];
  const door = acceptWebSockets(app);
  mountTerminalSocket(app, {
    ...{ terminals, shared, tickets, log: silentLog },
    door: {
      open: (...asked) => {
        const connection = door.open(...asked);
        served.push(connection);
        return connection;
      },
    },
  });
  await app.listen({ path: socket() });
});
afterEach(async () => {
  for (const viewer of viewers.splice(0)) await viewer.close();
  await app.close();
  shared[Symbol.dispose]();
  await temp[Symbol.asyncDispose]();
});

async function greet(client = 'client-0001', query = ''): Promise<WireClient> {
  const viewer = await WireClient.greet(socket(), client, query);
  viewers.push(viewer);
  return viewer;
}

/** A viewer that has the screen. */
async function watch(client = 'client-0001', role = 'typist'): Promise<WireClient> {
  const viewer = await greet(client);
  viewer.subscribe('one', { role });
  await viewer.told('subscribed');
  await waitFor('the snapshot', () => viewer.frames.some((frame) => frame.type === 'snapshot' && frame.last));
  return viewer;
}

async function connect(): Promise<WireClient> {
  const viewer = await WireClient.connect(socket());
  viewers.push(viewer);
  return viewer;
}

const paste = (n: number, text: string, last = true): ViewerFrame => ({
  type: 'paste',
  channel: 1,
  n,
  last,
  bytes: Buffer.from(text),
});

describe('a connection', () => {
  it('draws a session, and goes on with what it prints', async () => {
    terminal.print('before');
    const viewer = await watch();
    terminal.print(' after');
    await waitFor('the output', () => viewer.output === ' after');
    const [snapshot] = viewer.frames;
    expect(snapshot).toMatchObject({ type: 'snapshot', cols: 80, rows: 24, first: true });
    expect(viewer.messages.find(({ type }) => type === 'subscribed')).toEqual({
      ...{ type: 'subscribed', channel: 1, session: id, role: 'typist', settled: null },
    });
    await viewer.told('presence', ({ viewers }) => viewers.length === 1 && viewers[0]?.you === true);
  });

  it.each<[string, (viewer: WireClient) => void, RegExp]>([
    [
      'another version',
      (v) => v.say({ type: 'hello', version: 2, client: 'client-0001' }),
      /version 2 .* version 1/,
    ],
    ['a subscription first', (v) => v.subscribe('one'), /first message is a hello/],
    ['a frame first', (v) => v.acknowledge(1), /first message is a hello/],
    ['no JSON', (v) => v.ws.send('{'), /not valid JSON/],
    ['a foreign message', (v) => v.say({ type: 'zzz' }), /./],
    ['half a frame', (v) => v.ws.send(Buffer.alloc(9)), /9 bytes has no room/],
    [
      'a frame of the daemon',
      (v) => v.ws.send(encodeFrame({ type: 'inputAck', channel: 1, n: 1 })),
      /none a viewer sends/,
    ],
    ['a long text', (v) => v.ws.send('x'.repeat(70_000)), /too long/],
  ])('ends with a clear error on %s', async (_what, send, says) => {
    const viewer = await connect();
    send(viewer);
    const error = await viewer.told('error');
    expect(error.message).toMatch(says);
    expect(error.channel).toBeUndefined();
    await waitFor('the close', () => viewer.closed !== null);
    expect(viewer.closed?.code).toBe(1008);
  });

  it('survives whatever bytes come: an error or silence, and the next one is served', async () => {
    const type = fc.constantFrom(16, 17, 18, 19, 1, 0, 255);
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc
        .tuple(type, fc.uint8Array({ minLength: 15, maxLength: 60 }))
        .map(([code, rest]) => Uint8Array.of(code, ...rest)),
      fc.tuple(type, fc.uint8Array({ maxLength: 12 })).map(([code, rest]) => {
        const header = Buffer.alloc(16);
        header[0] = code;
        header[3] = 1;
        return Uint8Array.of(...header, ...rest);
      }),
      fc.json().map((text) => text),
      fc.string({ unit: 'binary', maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 6 }), async (messages) => {
        const viewer = await greet();
        viewer.subscribe('one', { role: 'typist' });
        for (const sent of messages) viewer.ws.send(sent);
        viewer.say({ type: 'heartbeat' });
        await waitFor(
          'an answer',
          () => viewer.closed || viewer.messages.some((m) => m.type === 'heartbeat'),
        );
        if (viewer.closed) {
          expect(viewer.closed.code).toBe(1008);
          expect(viewer.messages.at(-1)?.type).toBe('error');
        }
        await viewer.close();
      }),
      { numRuns: 60 },
    );
    await watch('client-0002');
    expect(terminals.watching).toBe(1);
  });

  it('has at most 256 channels, each used once', async () => {
    const viewer = await greet();
    viewer.acknowledges = false;
    for (let channel = 0; channel < 1000; channel++)
      viewer.say({ type: 'subscribe', channel, session: 'one', lines: 0 });
    viewer.say({ type: 'subscribe', channel: 5, session: 'one' });
    const twice = await viewer.told('error', ({ channel }) => channel === 5);
    expect(twice.message).toMatch(/Channel 5 is in use/);
    const refused = viewer.messages.filter((m) => m.type === 'error' && /256 channels/.test(m.message));
    expect(refused).toHaveLength(744);
    expect(viewer.messages.filter(({ type }) => type === 'unsubscribed')).toHaveLength(744);
    await waitFor('the others', () => terminals.watching === 256);
    viewer.say({ type: 'unsubscribe', channel: 5 });
    await viewer.told('unsubscribed', ({ channel }) => channel === 5);
    expect(terminals.watching).toBe(255);
    await viewer.close();
    await waitFor('all to be let go', () => terminals.watching === 0);
    expect(terminal.watchers).toBe(0);
  });

  it('says why a session cannot be watched, and frees the channel', async () => {
    terminals.add('two', new FakeLiveTerminal(other)).end();
    const viewer = await greet();
    viewer.subscribe('nobody');
    expect((await viewer.told('error')).code).toBe('session_not_found');
    viewer.subscribe('two');
    expect((await viewer.told('error', ({ code }) => code === 'session_ended')).channel).toBe(1);
    viewer.subscribe('one');
    await viewer.told('subscribed');
  });

  it('ends the subscription when the program ends, after its last words', async () => {
    const viewer = await watch();
    terminal.print('last words');
    terminal.end();
    expect((await viewer.told('unsubscribed')).reason).toMatch(/ended/);
    expect(viewer.output).toBe('last words');
    expect(viewer.frames.at(-1)?.type).toBe('ended');
    expect(terminals.watching).toBe(0);
  });

  it('drops who acknowledges more than was sent', async () => {
    const viewer = await watch();
    viewer.acknowledge(1e9);
    expect((await viewer.told('unsubscribed')).reason).toMatch(/more than were sent/);
    expect(viewer.closed).toBeNull();
  });

  it('is closed with 1001 when the server stops', async () => {
    const viewer = await watch();
    await app.close();
    await waitFor('the close', () => viewer.closed?.code === 1001);
  });

  it('answers a heartbeat', async () => {
    const viewer = await greet();
    viewer.say({ type: 'heartbeat' });
    await viewer.told('heartbeat');
  });

  it('holds back what many busy channels have, and each comes to the present', async () => {
    const channels = 100;
    const viewer = await greet();
    viewer.acknowledges = false;
    for (let channel = 0; channel < channels; channel++)
      viewer.say({ type: 'subscribe', channel, session: 'one', lines: 0, role: 'follow' });
    await waitFor(
      'the screens',
      () => viewer.frames.filter((f) => f.type === 'snapshot').length === channels,
    );
    viewer.ws.pause();
    // Each channel has a window of 32 KB: 3 MB of them together.
    for (let piece = 0; piece < 30; piece++) {
      terminal.print('x'.repeat(1_000));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    terminal.resize(90, 30);
    expect(served[0]?.buffered).toBeGreaterThan(0);
    expect(served[0]?.buffered).toBeLessThan(512 * 1024);
    viewer.ws.resume();
    const { end } = terminal.log;
    await waitFor('all to be there', () => {
      const places = new Map(
        viewer.frames.flatMap((f) =>
          f.type === 'resize' || f.type === 'snapshot' ? [[f.channel, f.seq] as const] : [],
        ),
      );
      return places.size === channels && [...places.values()].every((seq) => seq >= end - 1);
    });
    await viewer.told('size', ({ channel, cols }) => channel === channels - 1 && cols === 90);
  });

  it('keeps nothing for who asks and reads no answer', async () => {
    const viewer = await greet();
    viewer.subscribe('one', { role: 'follow' });
    await viewer.told('subscribed');
    viewer.ws.pause();
    let most = 0;
    for (let round = 0; round < 60; round++) {
      for (let n = 0; n < 500; n++) {
        viewer.say({ type: 'heartbeat' });
        viewer.type(n + 1, 'x');
        viewer.say({ type: 'subscribe', channel: 1, session: 'one' });
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
      most = Math.max(most, served[0]?.buffered ?? 0);
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(8 * 1024 * 1024);
    const beats = () => viewer.messages.filter(({ type }) => type === 'heartbeat').length;
    viewer.ws.resume();
    await waitFor('an answer', () => beats() > 0);
    await watch('client-0002');
  });

  it('looks for 256 sessions at a time, whoever gives them up meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    terminals.hold = promise;
    const viewer = await greet();
    for (let n = 0; n < 300; n++) {
      viewer.say({ type: 'subscribe', channel: 1, session: 'one', lines: 0 });
      viewer.say({ type: 'unsubscribe', channel: 1 });
    }
    await viewer.told('error', ({ message }) => /256 channels/.test(message));
    expect(terminals.asked).toBe(256);
    resolve();
    await waitFor('all to be let go', () => terminals.watching === 0);
    viewer.subscribe('one');
    await waitFor('the screen', () => viewer.frames.some(({ type }) => type === 'snapshot'));
  });

  it('skips a viewer that reads nothing, instead of keeping for it what it missed', async () => {
    const viewer = await watch();
    viewer.ws.pause();
    for (let piece = 0; piece < 400; piece++) {
      terminal.print(randomBytes(32 * 1024).toString('base64'));
      if (piece % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    terminal.print('\x1b[2J\x1b[Hhere again');
    viewer.ws.resume();
    const received = () => Buffer.concat(viewer.frames.flatMap((f) => ('bytes' in f ? [f.bytes] : [])));
    await waitFor('the newest', () => received().includes('here again'));
    expect(received().length).toBeLessThan(1024 * 1024);
  });
});

describe('a page', () => {
  it.each([
    ['http://localhost:3000', 'localhost:3000', 101],
    ['http://127.0.0.1:3000', '127.0.0.1:3000', 101],
    ['http://localhost:3001', 'localhost:3000', 403],
    ['http://evil.example', 'evil.example', 403],
    ['http://evil.example', 'localhost:3000', 403],
    ['null', 'localhost:3000', 403],
  ])('%s that asks %s is answered %i', async (origin, host, status) => {
    const headers = {
      ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', host, origin },
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const call = request({ socketPath: socket(), path: '/terminals/ws', headers });
    call.end();
    const answer = await Promise.race([
      once(call, 'response').then(([reply]) => reply as IncomingMessage),
      once(call, 'upgrade').then(([reply]) => reply as IncomingMessage),
    ]);
    expect(answer.statusCode).toBe(status);
    call.destroy();
  });
});

describe('input', () => {
  it('is typed once and in order, whatever connection brings it', async () => {
    const one = await watch();
    one.type(1, 'a');
    one.frame({ type: 'keys', channel: 1, n: 2, keys: ['enter'] });
    await waitFor('both to be settled', () => one.settled === 2);
    await one.close();
    const again = await greet();
    again.subscribe('one', { role: 'typist' });
    expect((await again.told('subscribed')).settled).toBe(2);
    again.type(2, 'a');
    again.type(3, 'b');
    await waitFor('the third to be settled', () => again.settled === 3);
    expect(tmux.typed).toEqual(['a', '<Enter>', 'b']);
  });

  it('of a paste comes whole, whoever else types', async () => {
    const [one, two] = [await watch('client-0001'), await watch('client-0002')];
    const text = 'é'.repeat(maxPasteBytes / 2);
    const bytes = Buffer.from(text);
    let n = 0;
    for (let at = 0; at < bytes.length; at += 100_000) {
      const last = at + 100_000 >= bytes.length;
      one.frame({
        ...(paste(1, '') as Extract<ViewerFrame, { type: 'paste' }>),
        last,
        bytes: bytes.subarray(at, at + 100_000),
      });
      two.type(++n, 'x');
    }
    await waitFor('all to be settled', () => one.settled === 1 && two.settled === n);
    const pasted = tmux.typed.filter((typed) => typed.startsWith('paste '));
    expect(pasted).toEqual([`paste ${bytes.toString('latin1')}`]);
    expect(tmux.typed.filter((typed) => typed !== pasted[0]).join('')).toBe('x'.repeat(n));
  });

  it('of a paste cannot leave its brackets', async () => {
    const viewer = await watch();
    viewer.frame(paste(1, 'a\u001b[201~\rrm\u009b201~'));
    await waitFor('it to be settled', () => viewer.settled === 1);
    expect(tmux.typed).toEqual(['paste a\rrm201~']);
  });

  it('is exact, also where it is no text', async () => {
    const viewer = await watch();
    const bytes = Uint8Array.of(0, 0x1b, 0x5b, 0x4d, 0x20, 0xff, 0xc3);
    viewer.type(1, bytes);
    await waitFor('it to be settled', () => viewer.settled === 1);
    expect(tmux.typed).toEqual([Buffer.from(bytes).toString('latin1')]);
  });

  it('is settled when tmux has it, not before', async () => {
    const held = Promise.withResolvers<void>();
    tmux.hold = held.promise;
    const viewer = await watch();
    viewer.type(1, 'a');
    viewer.say({ type: 'heartbeat' });
    await viewer.told('heartbeat');
    expect(viewer.settled).toBe(0);
    held.resolve();
    await waitFor('it to be settled', () => viewer.settled === 1);
  });

  it('is refused, with the reason, where it cannot be typed', async () => {
    const viewer = await watch();
    viewer.frame({ type: 'keys', channel: 1, n: 1, keys: ['no such key'] });
    expect((await viewer.told('error', ({ n }) => n === 1)).message).toMatch(
      /No key is called "no such key"/,
    );
    tmux.isGone = true;
    viewer.type(2, 'a');
    expect((await viewer.told('error', ({ n }) => n === 2)).message).toMatch(/ended/);
    await waitFor('both to be settled', () => viewer.settled === 2);
    viewer.frame({ type: 'input', channel: 9, n: 1, bytes: Buffer.from('a') });
    expect((await viewer.told('error', ({ channel }) => channel === 9)).message).toMatch(/not subscribed/);
    expect(tmux.typed).toEqual([]);
  });

  it('is for typists alone', async () => {
    const viewer = await watch('client-0001', 'follow');
    viewer.type(1, 'a');
    expect((await viewer.told('error')).code).toBe('forbidden');
    viewer.say({ type: 'size', channel: 1, action: 'take', cols: 90, rows: 30 });
    await viewer.told('error', ({ message }) => /size/.test(message));
    expect(tmux.typed).toEqual([]);
    expect(tmux.resizes).toEqual([]);
  });

  it.each<Whereabouts>([{ sessionId: id }, 'beside', 'unknown'])(
    'is nothing for an agent: %s',
    async (place) => {
      whereabouts = place;
      const viewer = await greet();
      viewer.subscribe('one', { role: 'typist' });
      expect((await viewer.told('error')).code).toBe('forbidden');
      viewer.subscribe('one', { role: 'follow' });
      expect((await viewer.told('subscribed')).role).toBe('follow');
    },
  );
});

describe('the size', () => {
  const take = (viewer: WireClient, cols: number, rows: number) =>
    viewer.say({ type: 'size', channel: 1, action: 'take', cols, rows });

  it('is its who took it, then its who typed last, then nobody’s', async () => {
    const [one, two] = [await watch('client-0001'), await watch('client-0002')];
    const three = await watch('client-0003', 'follow');
    take(one, 100, 30);
    await two.told('size', ({ cols, decides }) => cols === 100 && decides === 'other');
    await three.told('size', ({ cols, decides }) => cols === 100 && decides === 'other');
    take(two, 90, 20);
    await one.told('size', ({ cols, decides }) => cols === 90 && decides === 'other');
    one.messages.length = 0;
    one.type(1, 'a');
    await one.told('size', ({ cols, rows, decides }) => cols === 100 && rows === 30 && decides === 'you');
    one.say({ type: 'size', channel: 1, action: 'release' });
    await two.told('size', ({ decides }) => decides === 'nobody');
    expect(terminal.size).toEqual({ cols: 100, rows: 30 });
  });

  it('is the attached terminal’s as long as it is attached', async () => {
    tmux.attached = true;
    const viewer = await watch();
    await viewer.told('size', ({ decides }) => decides === 'local');
    await viewer.told('presence', ({ attached }) => attached);
    take(viewer, 100, 30);
    viewer.say({ type: 'heartbeat' });
    await viewer.told('heartbeat');
    expect(tmux.resizes).toEqual([]);
    tmux.attached = false;
    tmux.listener.clientsChanged?.();
    await viewer.told('size', ({ cols, decides }) => cols === 100 && decides === 'you');
  });

  it('follows a dragged window without a step for each message, and is noted once', async () => {
    const viewer = await watch();
    for (let cols = 81; cols <= 180; cols++) take(viewer, cols, 30);
    await viewer.told('size', ({ cols }) => cols === 180);
    expect(tmux.resizes.length).toBeLessThan(20);
    await waitFor('the note', () => noted.includes(`${id} 180x30`));
    expect(noted.length).toBeLessThan(3);
  });
});

describe('a ticket', () => {
  it('opens one connection, to its session and in its role', async () => {
    terminals.add('two', new FakeLiveTerminal(other));
    const { ticket } = tickets.create({ sessionId: id, role: 'follow' }, 60);
    const viewer = await greet('client-0001', `?ticket=${ticket}`);
    viewer.subscribe('two');
    expect((await viewer.told('error')).code).toBe('forbidden');
    viewer.subscribe(id, { role: 'typist' });
    expect((await viewer.told('subscribed')).role).toBe('follow');
    await expect(greet('client-0002', `?ticket=${ticket}`)).rejects.toThrow('401');
  });

  it('expires, and is nothing that was not given', async () => {
    const { ticket } = tickets.create({ sessionId: id, role: 'typist' }, 60);
    time += 60_000;
    await expect(greet('client-0001', `?ticket=${ticket}`)).rejects.toThrow('401');
    await expect(greet('client-0001', `?ticket=${'x'.repeat(43)}`)).rejects.toThrow('401');
    await expect(greet('client-0001', '?ticket=x')).rejects.toThrow('400');
  });

  it('makes no typist of an agent', async () => {
    const { ticket } = tickets.create({ sessionId: id, role: 'typist' }, 60);
    whereabouts = { sessionId: other };
    const viewer = await greet('client-0001', `?ticket=${ticket}`);
    viewer.subscribe(id, { role: 'typist' });
    expect((await viewer.told('error')).code).toBe('forbidden');
  });
});

describe('a viewer', () => {
  it('shows what the session shows, wherever it drops and resumes', async () => {
    const part = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => ({ print: text })),
      fc
        .constantFrom(
          '\r\n',
          '\x1b[31m',
          '\x1b[0m',
          '\x1b[2J\x1b[H',
          '\x1b[5;10H',
          '\x1b[?1049h',
          '\x1b[?1049l',
        )
        .map((text) => ({ print: text })),
      fc.record({ cols: fc.integer({ min: 10, max: 120 }), rows: fc.integer({ min: 5, max: 40 }) }),
      fc.constant({ drop: true as const }),
      fc.constant({ restart: true as const }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 30 }), async (parts) => {
        const mine = terminals.add('one', new FakeLiveTerminal(id, { cols: 80, rows: 24 }, 2_000));
        const seen = new Drawn();
        let viewer = await seen.connect();
        for (const step of parts) {
          if ('print' in step) mine.print(step.print);
          else if ('cols' in step) mine.resize(step.cols, step.rows);
          else if ('restart' in step) mine.restart();
          else {
            await viewer.close();
            viewer = await seen.connect();
          }
        }
        await waitFor('the end of the stream', () => seen.isAt(mine.log.epoch, mine.log.end), {
          interval: 2,
        });
        const picture = (screen: Screen) => Buffer.from(screen.snapshot({ lines: 0 }).data).toString('utf8');
        expect(picture(seen.screen)).toBe(picture(mine.screen));
        await viewer.close();
        seen.screen[Symbol.dispose]();
        mine.screen[Symbol.dispose]();
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

/** A terminal that a viewer draws on, over any number of connections. */
class Drawn {
  screen = new Screen({ cols: 80, rows: 24, scrollback: 200 });
  #place: { epoch: number; seq: number } | null = null;

  async connect(): Promise<WireClient> {
    const viewer = await greet();
    viewer.onFrame = (frame) => {
      if (frame.type === 'inputAck' || frame.type === 'ended') return;
      const { epoch, seq } = frame;
      if (frame.type === 'snapshot') {
        if (frame.first) {
          this.screen[Symbol.dispose]();
          this.screen = new Screen({ cols: frame.cols, rows: frame.rows, scrollback: 200 });
        }
        this.screen.write(frame.bytes);
        this.#place = frame.last ? { epoch, seq } : null;
        return;
      }
      expect({ epoch, seq }).toEqual(this.#place);
      if (frame.type === 'resize') this.screen.resize(frame.cols, frame.rows);
      else this.screen.write(frame.bytes);
      this.#place = { epoch, seq: seq + (frame.type === 'resize' ? 1 : frame.bytes.length) };
    };
    viewer.subscribe('one', { role: 'follow', ...(this.#place ?? {}) });
    return viewer;
  }

  isAt(epoch: number, seq: number): boolean {
    return this.#place?.epoch === epoch && this.#place.seq === seq;
  }
}
