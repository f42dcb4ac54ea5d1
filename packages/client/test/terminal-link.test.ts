import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type LinkState,
  type TerminalChannel,
  TerminalLink,
  type TerminalOpenOptions,
  type WebSocketLike,
} from '../src/terminal-link.ts';
import { FakeDaemon, FakeSink, ManualTimers } from './terminal-house.ts';

function house(options: Partial<TerminalOpenOptions> = {}) {
  const daemon = new FakeDaemon();
  const timers = new ManualTimers();
  const sink = new FakeSink();
  const states: string[] = [];
  const link = new TerminalLink({
    connect: daemon.connect,
    clientId: 'client-0001',
    timers,
    random: () => 1,
    onState: (state: LinkState, reason) => states.push(reason ? `${state}: ${reason}` : state),
  });
  const open = (): TerminalChannel => link.open('review', sink, { lines: 100, role: 'typist', ...options });
  return { daemon, timers, sink, states, link, open };
}

describe('a terminal over a link', () => {
  test('is drawn from a snapshot, and goes on behind it', () => {
    const { daemon, sink, open, states } = house();
    daemon.text = 'before ';
    daemon.pieceBytes = 3;
    const channel = open();
    expect(channel.state).toBe('connecting');
    daemon.settle();
    daemon.print('more');
    daemon.resize(100, 30);
    daemon.print('!');
    daemon.settle();
    expect(sink.text).toBe('before more<100x30>!');
    expect(sink.calls.slice(0, 5)).toEqual([
      'reset 80x24',
      'write bef',
      'write ore',
      'write  ',
      'snapshot done',
    ]);
    expect(channel.state).toBe('live');
    expect(states).toEqual(['live']);
    expect(daemon.subscribes[0]).toMatchObject({ session: 'review', lines: 100, role: 'typist' });
  });

  test('goes on where it was when the connection drops', () => {
    const { daemon, sink, open, timers, states } = house();
    daemon.text = 'before ';
    const channel = open();
    daemon.settle();
    daemon.print('seen ');
    daemon.settle();
    daemon.print('under way ');
    daemon.socket.drop();
    expect(channel.state).toBe('reconnecting');
    daemon.print('missed');
    timers.advance(250);
    daemon.settle();
    expect(daemon.subscribes[1]).toMatchObject({ epoch: 7, seq: 5 });
    expect(sink.text).toBe('before seen under way missed');
    expect(sink.calls.filter((call) => call.startsWith('reset'))).toHaveLength(1);
    expect(states).toEqual(['live', 'reconnecting: the connection broke', 'live']);
  });

  test('half a snapshot is no place to go on from', () => {
    const { daemon, sink, open, timers } = house();
    daemon.text = 'a long screen';
    daemon.pieceBytes = 4;
    open();
    daemon.socket.accept();
    while (daemon.socket.deliverToServer());
    daemon.socket.deliverToClient();
    while (daemon.socket.deliverToServer());
    for (let i = 0; i < 3; i++) daemon.socket.deliverToClient();
    expect(sink.text).toBe('a long s');
    daemon.socket.drop();
    timers.advance(250);
    daemon.settle();
    expect(daemon.subscribes[1]).not.toHaveProperty('seq');
    expect(sink.text).toBe('a long screen');
  });

  test('nor is the place before a snapshot of which half was drawn', () => {
    const { daemon, sink, open, timers } = house();
    open();
    daemon.settle();
    daemon.print('a long screen');
    daemon.settle();
    daemon.pieceBytes = 4;
    daemon.skip();
    daemon.socket.deliverToClient();
    expect(sink.text).toBe('a lo');
    daemon.socket.drop();
    timers.advance(250);
    daemon.settle();
    expect(daemon.subscribes[1]).not.toHaveProperty('seq');
    expect(sink.text).toBe('a long screen');
  });

  test('a hole in the stream is never drawn: the connection is made again, with a snapshot', () => {
    const { daemon, sink, open, timers, states } = house();
    open();
    daemon.settle();
    daemon.print('one');
    daemon.print('two');
    daemon.socket.toClient.shift();
    daemon.settle();
    expect(sink.text).toBe('');
    expect(states.at(-1)).toMatch(/^reconnecting: .*another place/);
    timers.advance(250);
    daemon.settle();
    expect(daemon.subscribes[1]).not.toHaveProperty('seq');
    expect(sink.text).toBe('onetwo');
  });

  test('writes follow each other though they take time, and are acknowledged when they are parsed', async () => {
    const { daemon, sink, open, timers } = house();
    open();
    daemon.settle();
    timers.advance(10);
    daemon.settle();
    expect(daemon.unacknowledged).toBe(0);
    sink.isSlow = true;
    daemon.print('one');
    daemon.resize(90, 20);
    daemon.print('two');
    daemon.settle();
    expect(sink.calls.at(-1)).toBe('write one');
    timers.advance(100);
    daemon.settle();
    expect(daemon.unacknowledged).toBe(19 + 20 + 19);
    await sink.parse();
    expect(sink.calls.slice(-2)).toEqual(['resize 90x20', 'write two']);
    timers.advance(10);
    daemon.settle();
    expect(daemon.unacknowledged).toBe(19);
    await sink.parse();
    timers.advance(10);
    daemon.settle();
    expect(daemon.unacknowledged).toBe(0);
    expect(sink.text).toBe('one<90x20>two');
  });

  test('16 KB are acknowledged without waiting', () => {
    const { daemon, open } = house();
    open();
    daemon.settle();
    daemon.print('x'.repeat(17_000));
    daemon.settle();
    expect(daemon.acks).toEqual([20 + 16 + 17_000]);
  });

  test('what a sink throws is told, and the stream goes on', () => {
    const { daemon, sink, open } = house();
    open();
    daemon.settle();
    const { write } = sink;
    sink.write = () => {
      sink.write = write;
      throw new Error('no context');
    };
    daemon.print('lost');
    daemon.print('kept');
    daemon.settle();
    expect(sink.text).toBe('kept');
    expect(sink.problems).toEqual([expect.stringContaining('no context')]);
  });

  test('the end comes behind everything that was printed', async () => {
    const { daemon, sink, open } = house();
    const channel = open();
    daemon.settle();
    sink.isSlow = true;
    daemon.print('last words');
    daemon.end();
    daemon.settle();
    expect(sink.isEnded).toBe(false);
    await sink.parse();
    expect(sink.isEnded).toBe(true);
    expect(sink.text).toBe('last words');
    expect(channel.state).toBe('ended');
  });

  test('closed in the middle: nothing is drawn any more, and the daemon is told', async () => {
    const { daemon, sink, open } = house();
    const channel = open();
    daemon.settle();
    sink.isSlow = true;
    daemon.print('one');
    daemon.print('two');
    daemon.settle();
    channel.close();
    await sink.parse();
    daemon.print('three');
    daemon.settle();
    expect(sink.text).toBe('one');
    expect(channel.state).toBe('closed');
    daemon.print('four');
    expect(daemon.socket.toClient).toEqual([]);
  });
});

describe('a link that breaks', () => {
  test('is tried again, later each time, up to eight seconds', () => {
    const { daemon, open, timers } = house();
    open();
    const gaps: number[] = [];
    for (let i = 0; i < 8; i++) {
      daemon.socket.drop();
      const count = daemon.sockets.length;
      let waited = 0;
      for (; daemon.sockets.length === count; waited += 50) timers.advance(50);
      gaps.push(waited);
    }
    expect(gaps).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
  });

  test('is tried at once when the network is back', () => {
    const { daemon, open, link } = house();
    open();
    for (let i = 0; i < 3; i++) {
      daemon.socket.drop();
      link.wake();
      expect(daemon.sockets).toHaveLength(i + 2);
    }
  });

  test('nothing heard for three heartbeats: it is gone; a heartbeat keeps it', () => {
    const { daemon, open, timers, states } = house();
    open();
    daemon.settle();
    for (let i = 0; i < 20; i++) {
      timers.advance(900);
      daemon.socket.tell({ type: 'heartbeat' });
      daemon.settle();
    }
    expect(daemon.sockets).toHaveLength(1);
    timers.advance(2900);
    expect(states.at(-1)).toBe('live');
    timers.advance(1200);
    expect(states.at(-1)).toBe('reconnecting: nothing was heard from the daemon');
  });

  test('after a sleep it is asked whether it lives, and given up soon when it does not', () => {
    const { daemon, open, timers, link, states } = house();
    daemon.heartbeatMs = 60_000;
    open();
    daemon.settle();
    link.wake();
    daemon.settle();
    timers.advance(10_000);
    expect(states).toEqual(['live']);
    link.wake();
    timers.advance(4_000);
    expect(states.at(-1)).toMatch(/^reconnecting/);
  });

  test('a daemon that says nothing is given up', () => {
    const { daemon, open, timers } = house();
    open();
    daemon.socket.accept();
    timers.advance(10_250);
    expect(daemon.sockets).toHaveLength(2);
  });

  test('another version ends it, with a reason', () => {
    const { daemon, open, states, sink } = house();
    const channel = open();
    daemon.socket.accept();
    daemon.socket.tell({ type: 'hello', version: 2, features: [], heartbeatMs: 1000 });
    daemon.socket.deliverToClient();
    expect(states.at(-1)).toMatch(/^closed: .*version 2/);
    expect(channel.state).toBe('closed');
    expect(sink.problems).toEqual([expect.stringContaining('version 2')]);
  });

  test('a refused subscription closes the channel, and says why', () => {
    const { daemon, open, sink, timers } = house();
    const channel = open();
    daemon.message = (socket, message) => {
      if (message.type === 'hello') {
        socket.tell({ type: 'hello', version: 1, features: [], heartbeatMs: 1000 });
      } else if (message.type === 'subscribe') {
        const { channel } = message;
        socket.tell({ type: 'error', channel, code: 'session_not_found', message: 'No session "review".' });
        socket.tell({ type: 'unsubscribed', channel, reason: 'refused' });
      }
    };
    daemon.settle();
    expect(channel.state).toBe('closed');
    expect(sink.problems).toEqual(['No session "review".']);
    daemon.socket.drop();
    timers.advance(60_000);
    expect(daemon.sockets).toHaveLength(1);
  });

  test('a session that is being started is asked for again, in silence, until its terminal is there', () => {
    const { daemon, open, sink, timers } = house();
    const channel = open();
    const give = daemon.message.bind(daemon);
    let refusals = 0;
    daemon.message = (socket, message) => {
      if (message.type !== 'subscribe' || refusals === 2) return give(socket, message);
      refusals++;
      const { channel: number } = message;
      socket.tell({ type: 'error', channel: number, code: 'session_busy', message: 'It is being started.' });
      socket.tell({ type: 'unsubscribed', channel: number, reason: 'refused' });
    };
    for (let round = 0; round < 3; round++) {
      daemon.settle();
      timers.advance(1000);
    }
    expect([refusals, channel.state, sink.problems]).toEqual([2, 'live', []]);
    // Not any more of one that nobody wants.
    channel.close();
    refusals = 0;
    const unwanted = open();
    daemon.settle();
    unwanted.close();
    timers.advance(1000);
    daemon.settle();
    expect(refusals).toBe(1);
  });

  test('a view that the daemon ended is asked for again, from where it was', async () => {
    const { daemon, open, timers, sink } = house();
    const channel = open();
    daemon.settle();
    sink.isSlow = true;
    const seen = 'x'.repeat(17_000);
    daemon.print(seen);
    daemon.settle();
    daemon.socket.tell({ type: 'unsubscribed', channel: 0, reason: 'acknowledged nothing' });
    daemon.settle();
    expect(channel.state).toBe('reconnecting');
    timers.advance(1000);
    daemon.settle();
    expect(daemon.subscribes[1]).toMatchObject({ seq: 17_000 });
    // What was sent to the view before is none of what the new one acknowledges.
    const { length } = daemon.acks;
    await sink.parse();
    timers.advance(100);
    daemon.settle();
    expect(daemon.acks).toHaveLength(length);
    expect(sink.text).toBe(seen);
    expect(sink.problems).toEqual([expect.stringContaining('acknowledged nothing')]);
    expect(channel.state).toBe('live');
  });
});

describe('typing', () => {
  test('arrives in order; what was typed without a connection arrives when it is back', () => {
    const { daemon, open, timers } = house();
    const channel = open();
    channel.type('a');
    channel.type('b');
    daemon.settle();
    channel.type('ü');
    channel.paste('some text');
    channel.keys(['escape', 'f1']);
    daemon.settle();
    daemon.socket.drop();
    channel.type('later');
    timers.advance(250);
    daemon.settle();
    expect(daemon.typed).toEqual(['input:ab', 'input:ü', 'paste:some text', 'keys:escape+f1', 'input:later']);
  });

  test('is sent again when it was not settled, and typed once', () => {
    const { daemon, open, timers } = house();
    const channel = open();
    daemon.settle();
    channel.type('typed');
    while (daemon.socket.deliverToServer());
    channel.type('lost');
    daemon.socket.drop();
    timers.advance(250);
    daemon.settle();
    expect(daemon.typed).toEqual(['input:typed', 'input:lost']);
  });

  test('is not sent again to a daemon that forgot us, and the person is told', () => {
    const { daemon, open, timers, sink } = house();
    const channel = open();
    daemon.settle();
    channel.type('perhaps');
    daemon.socket.drop();
    channel.type('surely');
    daemon.restart();
    timers.advance(250);
    daemon.settle();
    expect(daemon.typed).toEqual(['input:surely']);
    expect(sink.problems).toEqual([expect.stringContaining('may or may not have arrived')]);
  });

  test('numbers go on when the session is closed and opened again', () => {
    const { daemon, open } = house();
    const first = open();
    daemon.settle();
    first.type('one');
    daemon.settle();
    first.close();
    const second = open();
    daemon.settle();
    second.type('two');
    daemon.settle();
    expect(daemon.typed).toEqual(['input:one', 'input:two']);
  });

  test('2 MB of a paste come as one, and no character is cut', () => {
    const { daemon, open } = house();
    const channel = open();
    daemon.settle();
    const text = 'xy€'.repeat(400_000);
    channel.paste(text);
    channel.type('!');
    daemon.settle();
    expect(daemon.typed.map((one) => one.length)).toEqual([6 + text.length, 7]);
    expect(daemon.typed[0]).toBe(`paste:${text}`);
  });

  test('what is too much is refused, whole', () => {
    const { daemon, open, sink } = house();
    const channel = open();
    daemon.settle();
    channel.paste('x'.repeat(2 * 1024 * 1024 + 1));
    daemon.socket.drop();
    for (let i = 0; i < 3; i++) channel.paste('x'.repeat(2 * 1024 * 1024));
    expect(sink.problems).toEqual([
      expect.stringMatching(/2097153 bytes/),
      expect.stringMatching(/Too much input waits/),
    ]);
    expect(daemon.typed).toEqual([]);
  });

  test('a viewer that only watches types nothing, and is told', () => {
    const { daemon, open, sink } = house({ role: 'follow' });
    const channel = open();
    daemon.settle();
    channel.type('x');
    expect(sink.problems).toEqual([expect.stringContaining('only watches')]);
    expect(daemon.socket.toServer).toEqual([]);
  });

  test('what the daemon could not take yet is sent again after its next acknowledgement', () => {
    const { daemon, open, sink } = house();
    const channel = open();
    daemon.settle();
    channel.type('first');
    channel.type('second');
    const { toServer, toClient } = daemon.socket;
    const [, kept] = toServer.splice(0, 2);
    expect(kept).toBeDefined();
    daemon.socket.tell({
      type: 'error',
      channel: 0,
      n: 2,
      again: true,
      code: 'session_busy',
      message: 'early',
    });
    daemon.socket.give({ type: 'inputAck', channel: 0, n: 0 });
    expect(toClient).toHaveLength(2);
    daemon.settle();
    expect(daemon.typed).toEqual(['input:first', 'input:second']);
    expect(sink.problems).toEqual([]);
  });
});

describe('the size', () => {
  test('is asked for, and again after a reconnect when nobody decides', () => {
    const { daemon, open, timers } = house();
    const channel = open();
    channel.takeSize(120, 40);
    daemon.settle();
    const size = { type: 'size', channel: 0, cols: 120, rows: 40 } as const;
    daemon.socket.tell({ ...size, decides: 'you' });
    daemon.settle();
    daemon.socket.drop();
    timers.advance(250);
    daemon.settle();
    expect(daemon.sizes).toEqual(['120x40']);
    daemon.socket.tell({ ...size, decides: 'nobody' });
    daemon.settle();
    expect(daemon.sizes).toEqual(['120x40', '120x40']);
    channel.releaseSize();
    daemon.settle();
    daemon.socket.tell({ ...size, decides: 'nobody' });
    daemon.settle();
    expect(daemon.sizes).toEqual(['120x40', '120x40', 'release']);
  });

  test('is not taken back from somebody who took it, but again when the terminal at the machine leaves', () => {
    const { daemon, open } = house();
    const channel = open();
    channel.takeSize(120, 40);
    const tell = (decides: 'you' | 'other' | 'local' | 'nobody') => {
      daemon.socket.tell({ type: 'size', channel: 0, cols: 80, rows: 24, decides });
      daemon.settle();
    };
    daemon.settle();
    for (const decides of ['you', 'local', 'local', 'nobody'] as const) tell(decides);
    expect(daemon.sizes).toHaveLength(2);
    for (const decides of ['you', 'other', 'local', 'nobody'] as const) tell(decides);
    expect(daemon.sizes).toHaveLength(2);
  });
});

type Step =
  | { do: 'print'; text: string }
  | { do: 'resize'; cols: number }
  | { do: 'type' | 'paste'; text: string }
  | { do: 'toServer' | 'toClient' | 'parse' | 'drop' | 'rebuild' | 'skip' | 'settle' }
  | { do: 'wait'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('print' as const),
      text: fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme-ascii' }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('resize' as const), cols: fc.integer({ min: 2, max: 99 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('type' as const, 'paste' as const),
      text: fc.string({ minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constantFrom('toServer' as const, 'toClient' as const, 'parse' as const) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('settle' as const, 'drop' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('rebuild' as const, 'skip' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 600 }) }),
  },
);

test('whatever is lost and whenever: the screen ends up the same, and everything is typed once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: 1, max: 5 }),
      async (steps, piece) => {
        const { daemon, timers, sink, open } = house();
        daemon.heartbeatMs = 1_000_000;
        daemon.pieceBytes = piece;
        daemon.text = 'start';
        sink.isSlow = true;
        const channel = open();
        let typed = '';
        for (const one of steps) {
          const { socket } = daemon;
          if (one.do === 'print') daemon.print(one.text);
          else if (one.do === 'resize') daemon.resize(one.cols, 10);
          else if (one.do === 'type' || one.do === 'paste') {
            channel[one.do](one.text);
            typed += one.text;
          } else if (one.do === 'wait') timers.advance(one.ms);
          else if (one.do === 'toServer') socket.deliverToServer();
          else if (one.do === 'toClient') socket.deliverToClient();
          else if (one.do === 'settle') daemon.settle();
          else if (one.do === 'rebuild') daemon.rebuild();
          else if (one.do === 'skip') daemon.skip();
          else if (one.do === 'parse') await sink.parse();
          else if (socket.readyState < 2) socket.drop();
        }
        for (let i = 0; i < 4; i++) {
          timers.advance(9_000);
          daemon.settle();
          while (sink.isWriting) await sink.parse();
        }
        timers.advance(10);
        daemon.settle();
        expect(sink.text).toBe(daemon.text);
        expect(daemon.unacknowledged).toBe(0);
        const texts = daemon.typed.map((one) => one.slice(one.indexOf(':') + 1));
        expect(texts.join('')).toBe(typed);
        expect(sink.problems).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

test('the WebSocket of a browser is one', () => {
  expectTypeOf<WebSocket>().toExtend<WebSocketLike>();
});
