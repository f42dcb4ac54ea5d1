import { CodepiperError } from '@codepiper/core/errors.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeScreens, FakeStream, pictureOf } from '../../test/fake-terminal.ts';
import { sessionRecord } from '../../test/session-record.ts';
import { silentLog } from '../log/log.ts';
import type { LivePane } from '../sessions/live-pane.ts';
import type { LiveTerminal, TerminalListener } from './live-terminal.ts';
import type { SessionTap } from './terminal-tap.ts';
import { createTerminals, type TerminalsOptions, type TerminalsService } from './terminals.service.ts';

let streams: FakeStream[];
let screens: FakeScreens;
let panes: Map<string, LivePane>;
let lastScreens: Map<string, string>;
let open: TerminalsService[];

beforeEach(() => {
  streams = [];
  screens = new FakeScreens();
  panes = new Map([['a', { sessionId: 'a', run: 1, paneId: '%1', wrapperPid: 1 }]]);
  lastScreens = new Map();
  open = [];
});

afterEach(async () => {
  for (const service of open) await service[Symbol.asyncDispose]();
});

function makeService(more: Partial<TerminalsOptions> = {}): TerminalsService {
  const service = createTerminals({
    sessions: {
      async getLive(ref) {
        const pane = panes.get(ref);
        if (!pane) throw new CodepiperError('session_ended', `Session ${ref} has ended.`);
        return { record: { ...sessionRecord(), id: pane.sessionId, run: pane.run, cols: 10, rows: 3 }, pane };
      },
    },
    panes,
    tmux: {
      stream: (paneId, { history }) => {
        const stream = new FakeStream(paneId, history);
        streams.push(stream);
        return stream;
      },
    },
    screens,
    tap: null,
    lastScreen: async (id) => lastScreens.get(id) ?? '',
    log: silentLog,
    ...more,
  });
  open.push(service);
  return service;
}

/** The stream that was made last. */
function stream(): FakeStream {
  const last = streams.at(-1);
  if (!last) throw new Error('nothing is followed');
  return last;
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

function logText({ log }: LiveTerminal): string {
  const pieces = log.read(log.epoch, 0, Number.POSITIVE_INFINITY);
  if (pieces === 'gone') return 'gone';
  return pieces
    .map((piece) => (piece.type === 'bytes' ? textOf(piece.bytes) : `<${piece.cols}x${piece.rows}>`))
    .join('');
}

/** A watched terminal that was seen. */
async function watchSeen(service: TerminalsService, lines?: number) {
  const watched = await service.watch('a', lines === undefined ? {} : { lines });
  stream().push({ type: 'rebuilt', state: pictureOf('first') });
  await watched.terminal.ready;
  return watched;
}

class Heard implements TerminalListener {
  readonly events: string[] = [];
  appended(): void {
    this.events.push('appended');
  }
  resized(size: { cols: number; rows: number }): void {
    this.events.push(`${size.cols}x${size.rows}`);
  }
  ended(): void {
    this.events.push('ended');
  }
}

describe('a watched terminal', () => {
  it('is followed once, however many watch it, and kept for a while after the last', async () => {
    const service = makeService({ lingerMs: 60 });
    const many = await Promise.all(Array.from({ length: 30 }, () => service.watch('a')));
    expect(streams).toHaveLength(1);
    expect(new Set(many.map(({ terminal }) => terminal)).size).toBe(1);
    for (const watched of many) watched[Symbol.dispose]();
    many[0]?.[Symbol.dispose](); // twice is once
    const back = await service.watch('a');
    expect(back.terminal).toBe(many[0]?.terminal);
    back[Symbol.dispose]();
    await waitFor('the stream to be let go', () => stream().isClosed);
    expect((await service.watch('a')).terminal).not.toBe(back.terminal);
    expect(streams).toHaveLength(2);
  });

  it('has what was printed in its log, in a new epoch after each gap', async () => {
    const { terminal } = await watchSeen(makeService());
    const { epoch } = terminal.log;
    const heard = new Heard();
    using _listening = terminal.listen(heard);
    stream().print('one', '\x1bkti', 'tle\x1b', '\\two');
    stream().push({ type: 'resize', cols: 12, rows: 4 });
    stream().print('three');
    await waitFor('all of it', () => logText(terminal) === 'onetwo<12x4>three');
    expect(terminal.size).toEqual({ cols: 12, rows: 4 });
    expect(terminal.log.epoch).toBe(epoch);
    stream().push({ type: 'rebuilt', state: pictureOf('second', { cols: 20 }) });
    stream().print('four');
    await waitFor('what comes then', () => logText(terminal) === 'four');
    expect(terminal.log.epoch).toBe(epoch + 1);
    await waitFor('the news', () => heard.events.at(-1) === 'appended');
    expect(heard.events.filter((event) => event !== 'appended')).toEqual(['12x4', '20x3']);
  });

  it('has no title in its log of which a picture saw the beginning', async () => {
    const { terminal } = await watchSeen(makeService());
    stream().push({ type: 'rebuilt', state: pictureOf('x', { pending: '\x1bkti' }) });
    stream().print('tle\x1b\\after');
    await waitFor('what follows', () => logText(terminal) === 'after');
  });

  it('never begins two terminals of a session with the same epoch', async () => {
    const epochs = new Set<number>();
    for (let run = 1; run <= 20; run++) {
      panes.set('a', { sessionId: 'a', run, paneId: `%${run}`, wrapperPid: 1 });
      const { terminal } = await watchSeen(makeService());
      epochs.add(terminal.log.epoch);
    }
    expect(epochs.size).toBe(20);
  });

  it('ends once, when all its last words are in the log', async () => {
    const service = makeService();
    const { terminal } = await watchSeen(service);
    const heard = new Heard();
    terminal.listen(heard);
    const gone = new Heard();
    terminal.listen(gone)[Symbol.dispose]();
    terminal.listen({
      appended: () => undefined,
      ended: () => {
        throw new Error('a bad listener');
      },
    });
    const after: string[] = [];
    terminal.listen({ appended: () => undefined, ended: () => after.push(logText(terminal)) });
    stream().print('last words');
    stream().push({ type: 'ended' });
    await waitFor('the end', () => after.length > 0);
    expect(after).toEqual(['last words']);
    expect(heard.events).toEqual(['appended', 'ended']);
    expect(gone.events).toEqual([]);
    const late = new Heard();
    terminal.listen(late);
    terminal.listen(late)[Symbol.dispose]();
    await waitFor('the end to be told', () => late.events.length > 0);
    expect(late.events).toEqual(['ended']);
    expect(heard.events).toEqual(['appended', 'ended']);
  });

  it('has nothing of what was printed any more when it has ended and nobody watches', async () => {
    const watched = await watchSeen(makeService());
    stream().print('words');
    stream().push({ type: 'ended' });
    await waitFor('the end', () => watched.terminal.isEnded);
    expect(logText(watched.terminal)).toBe('words');
    watched[Symbol.dispose]();
    await waitFor('its output to be let go', () => logText(watched.terminal) === '');
  });

  it('of a further run is another one; who watches the first is told that it ended', async () => {
    const service = makeService();
    const first = await watchSeen(service);
    panes.set('a', { sessionId: 'a', run: 2, paneId: '%2', wrapperPid: 1 });
    const second = await watchSeen(service);
    expect(second.terminal).not.toBe(first.terminal);
    expect(second.terminal.run).toBe(2);
    const [old, now] = streams;
    old?.push({ type: 'ended' });
    await waitFor('the end of the first', () => first.terminal.isEnded);
    first[Symbol.dispose]();
    await waitFor('it to be let go', () => old?.isClosed);
    expect(now?.isClosed).toBe(false);
    expect((await service.watch('a')).terminal).toBe(second.terminal);
  });

  it('of a session that was killed meanwhile ends at once', async () => {
    const { terminal } = await makeService().watch('a');
    stream().push({ type: 'ended' });
    await terminal.ready;
    await expect(terminal.snapshot({ lines: 0, maxBytes: null })).rejects.toMatchObject({
      code: 'session_ended',
    });
  });

  it('is let go with the daemon, without a word of an end; nothing is followed from then on', async () => {
    const service = makeService();
    const { terminal } = await service.watch('a');
    const heard = new Heard();
    terminal.listen(heard);
    const waiting = terminal.snapshot({ lines: 0, maxBytes: null });
    const refused = expect(waiting).rejects.toMatchObject({ code: 'shutting_down' });
    await service[Symbol.asyncDispose]();
    await refused;
    await terminal.ready;
    expect(stream().isClosed).toBe(true);
    expect(heard.events).toEqual([]);
    await expect(service.watch('a')).rejects.toMatchObject({ code: 'shutting_down' });
    expect(streams).toHaveLength(1);
  });

  it('is refused where there is no live session', async () => {
    await expect(makeService().watch('b')).rejects.toMatchObject({ code: 'session_ended' });
    expect(streams).toEqual([]);
  });
});

describe('a snapshot', () => {
  const request = { lines: 100, maxBytes: null };

  it('is drawn from a picture at its place in the log, and the screen then goes on with the stream', async () => {
    const { terminal } = await watchSeen(makeService());
    stream().print('one');
    await waitFor('it', () => logText(terminal) === 'one');
    expect(screens.all).toHaveLength(0); // nobody wanted one
    const drawn = terminal.snapshot(request);
    expect(stream().repaints).toEqual([100]);
    stream().print('two');
    stream().push({ type: 'picture', state: pictureOf('P', { history: 5 }) });
    stream().print('three');
    const { epoch } = terminal.log;
    expect(await drawn).toMatchObject({ epoch, seq: 6, cols: 10, rows: 3 });
    expect(textOf((await drawn).bytes)).toBe('P');
    await waitFor('the rest', () => terminal.log.end === 11);
    const next = await terminal.snapshot({ lines: 10_000, maxBytes: null });
    expect(textOf(next.bytes)).toBe('Pthree');
    expect(next.seq).toBe(11);
    // It had fewer lines than were asked for, and so all of them.
    expect(stream().repaints).toEqual([100]);
    expect(terminal.snapshotBytes).toBe(6);
  });

  it('needs no picture of its own where its wish was known', async () => {
    const service = makeService();
    const { terminal } = await watchSeen(service, 50);
    expect(stream().history).toBe(50);
    expect(textOf((await terminal.snapshot({ lines: 50, maxBytes: null })).bytes)).toBe('first');
    expect(stream().repaints).toEqual([]);
  });

  it('is drawn anew where more history is wanted than the screen has', async () => {
    const { terminal } = await watchSeen(makeService());
    const few = terminal.snapshot({ lines: 5, maxBytes: null });
    const many = terminal.snapshot({ lines: 50, maxBytes: null });
    stream().push({ type: 'picture', state: pictureOf('P', { history: 5, historySize: 300 }) });
    await few;
    await waitFor('another picture to be asked for', () => stream().repaints.length === 3);
    expect(stream().repaints).toEqual([5, 50, 50]);
    stream().push({ type: 'picture', state: pictureOf('Q', { history: 50, historySize: 301 }) });
    expect(textOf((await many).bytes)).toBe('Q');
    // What fits into little needs no long history.
    await terminal.snapshot({ lines: 9_000, maxBytes: 800 });
    expect(stream().repaints).toHaveLength(3);
  });

  it('is of the new epoch when a gap comes while it is awaited', async () => {
    const { terminal } = await watchSeen(makeService());
    const { epoch } = terminal.log;
    stream().print('lost');
    const drawn = terminal.snapshot(request);
    stream().push({ type: 'rebuilt', state: pictureOf('R', { historySize: 9 }) });
    stream().print('on');
    await waitFor('another picture, as this one has too little', () => stream().repaints.length === 2);
    stream().push({ type: 'rebuilt', state: pictureOf('S', { history: 9 }) });
    stream().print('off');
    expect(await drawn).toMatchObject({ epoch: epoch + 2, seq: 0 });
    expect(textOf((await drawn).bytes)).toBe('S');
  });

  it('comes all the same when more is printed than a screen can follow', async () => {
    const { terminal } = await watchSeen(makeService());
    screens.isHeld = true;
    const drawn = terminal.snapshot(request);
    stream().push({ type: 'picture', state: pictureOf('P') });
    await waitFor('it to be drawn', () => screens.all[0]?.waiting === 1);
    screens.all[0]?.lose();
    await waitFor('another picture', () => stream().repaints.length === 2);
    stream().push({ type: 'picture', state: pictureOf('Q') });
    await waitFor('it to be drawn again', () => screens.all[0]?.waiting === 1);
    // From here on nothing can drop it.
    stream().print('flood');
    await waitFor('the flood', () => logText(terminal).endsWith('flood'));
    expect(screens.all[0]?.text).toBe('Q');
    screens.release();
    expect(textOf((await drawn).bytes)).toBe('Q');
    // And the next one is not taken from a screen that stood still.
    const next = terminal.snapshot(request);
    await waitFor('its picture', () => stream().repaints.length === 3);
    stream().push({ type: 'picture', state: pictureOf('R') });
    stream().print('!');
    expect(textOf((await next).bytes)).toBe('R');
    await waitFor('the screen to follow again', () => screens.all[0]?.text === 'R!');
  });

  it('is given up when tmux does not answer', async () => {
    const { terminal } = await watchSeen(makeService({ deadlineMs: 20 }));
    await expect(terminal.snapshot(request)).rejects.toMatchObject({ code: 'tmux_failed' });
  });

  it('of an ended terminal is its last screen', async () => {
    const service = makeService();
    const { terminal } = await watchSeen(service, 0);
    const other = await service.watch('a');
    const drawn = terminal.snapshot(request);
    stream().push({ type: 'picture', state: pictureOf('P') });
    await drawn;
    stream().print(' bye');
    stream().push({ type: 'ended' });
    await waitFor('the end', () => terminal.isEnded);
    other[Symbol.dispose]();
    expect(await terminal.snapshot(request)).toMatchObject({ epoch: terminal.log.epoch, seq: 4 });
    expect(textOf((await terminal.snapshot(request)).bytes)).toBe('P bye');
  });

  it('of one that ended without a screen is what was kept of it', async () => {
    const { terminal } = await watchSeen(makeService());
    lastScreens.set('a', 'one\n\x1b[1mtwo\nthree\nfour\nfive\n\n');
    const waiting = terminal.snapshot({ lines: 1, maxBytes: null });
    stream().push({ type: 'ended' });
    expect(textOf((await waiting).bytes)).toBe('\x1b[1mtwo\r\nthree\r\nfour\r\nfive');
    const short = await terminal.snapshot({ lines: 10, maxBytes: 12 });
    expect(textOf(short.bytes)).toBe('four\r\nfive');
  });
});

describe('a tap', () => {
  class Tap implements SessionTap {
    readonly told: string[] = [];
    onWantsPicture: (() => void) | null = null;
    rebuilt(state: { main: { text: string }[]; history: unknown[] }): void {
      this.told.push(`rebuilt ${state.main[0]?.text} ${state.history.length}`);
    }
    picture(state: { main: { text: string }[]; history: unknown[] }): void {
      this.told.push(`picture ${state.main[0]?.text} ${state.history.length}`);
    }
    bytes(bytes: Uint8Array): void {
      this.told.push(textOf(bytes));
    }
    resized(cols: number, rows: number): void {
      this.told.push(`${cols}x${rows}`);
    }
    ended(): void {
      this.told.push('ended');
    }
    close(): void {
      this.told.push('close');
    }
  }

  it('is told everything of every session it wants, from the start on', async () => {
    panes.set('b', { sessionId: 'b', run: 1, paneId: '%2', wrapperPid: 2 });
    const taps = new Map<string, Tap>();
    const service = makeService({
      tap: {
        open: ({ id }) => {
          if (id === 'b') return null;
          const tap = new Tap();
          taps.set(id, tap);
          return tap;
        },
      },
      lingerMs: 1,
    });
    await service.start();
    expect(streams.map(({ paneId }) => paneId)).toEqual(['%1']); // the other costs nothing
    expect(stream().isPrompt).toBe(false);
    const tap = taps.get('a');
    stream().push({ type: 'rebuilt', state: pictureOf('P', { history: 3 }) });
    stream().print('one');
    stream().push({ type: 'resize', cols: 5, rows: 2 });
    await waitFor('it', () => tap?.told.length === 3);
    // A picture for a viewer is none of its business.
    const watched = await service.watch('a');
    expect(stream().isPrompt).toBe(true);
    void watched.terminal.snapshot({ lines: 5, maxBytes: null });
    stream().push({ type: 'picture', state: pictureOf('Q', { cols: 5, rows: 2 }) });
    await waitFor('the screen', () => screens.all[0]?.text === 'Q');
    const { epoch } = watched.terminal.log;
    watched[Symbol.dispose]();
    await waitFor('the screen to be let go', () => screens.all.length === 0);
    expect(stream().isPrompt).toBe(false);
    stream().print('unwatched');
    await waitFor('it', () => tap?.told.length === 4);
    // Who comes back is not told that nothing was printed meanwhile.
    const back = await service.watch('a');
    expect(back.terminal.log.epoch).not.toBe(epoch);
    expect(logText(back.terminal)).toBe('');
    back[Symbol.dispose]();
    tap?.onWantsPicture?.();
    tap?.onWantsPicture?.();
    expect(stream().repaints).toEqual([0, 5, 0]);
    stream().push({ type: 'picture', state: pictureOf('R', { cols: 5, rows: 2 }) });
    stream().print('last');
    stream().push({ type: 'ended' });
    await waitFor('the end', () => tap?.told.at(-1) === 'close');
    expect(tap?.told).toEqual([
      'rebuilt P 0',
      'one',
      '5x2',
      'unwatched',
      'picture R 0',
      'last',
      'ended',
      'close',
    ]);
    expect(tap?.onWantsPicture).toBeNull();
    await waitFor('the stream to be let go', () => stream().isClosed);
  });

  it('starts and ends while a session runs when the person says so', async () => {
    const made: Tap[] = [];
    let isWanted = false;
    const open = () => {
      if (!isWanted) return null;
      const tap = new Tap();
      made.push(tap);
      return tap;
    };
    const service = makeService({ tap: { open }, lingerMs: 1 });
    await service.start();
    const watched = await watchSeen(service);
    stream().print('before');
    await waitFor('it', () => logText(watched.terminal) === 'before');
    isWanted = true;
    await service.retap('a');
    expect(streams).toHaveLength(1);
    stream().print('unseen');
    stream().push({ type: 'picture', state: pictureOf('P') });
    stream().print('after');
    await waitFor('it', () => made[0]?.told.length === 2);
    watched[Symbol.dispose]();
    isWanted = false;
    await service.retap('a');
    expect(made[0]?.told).toEqual(['rebuilt P 0', 'after', 'close']);
    await waitFor('the stream to be let go', () => stream().isClosed);
    panes.delete('a');
    isWanted = true;
    await service.retap('a');
    expect(made).toHaveLength(1);
  });

  it('goes on when it was opened before the others are', async () => {
    panes.set('b', { sessionId: 'b', run: 1, paneId: '%2', wrapperPid: 2 });
    const made: string[] = [];
    const open = ({ id }: { id: string }) => {
      made.push(id);
      return new Tap();
    };
    const service = makeService({ tap: { open } });
    await service.retap('a');
    await service.start();
    expect(made.toSorted()).toEqual(['a', 'b']);
  });

  it('that fails is let go, and hurts no viewer', async () => {
    const tap = new Tap();
    tap.bytes = () => {
      throw new Error('disk full');
    };
    const service = makeService({ tap: { open: () => tap } });
    await service.start();
    const { terminal } = await watchSeen(service);
    stream().print('one', 'two');
    await waitFor('all of it', () => logText(terminal) === 'onetwo');
    expect(tap.told).toEqual(['rebuilt first 0', 'close']);
    await service[Symbol.asyncDispose]();
    expect(tap.told).toHaveLength(2);
  });

  it('that fails takes with it what was there for it alone', async () => {
    let opened = 0;
    const failing = new Tap();
    failing.bytes = () => {
      throw new Error('disk full');
    };
    const open = (): SessionTap => {
      if (++opened > 2) throw new Error('no more');
      return failing;
    };
    const service = makeService({ tap: { open } });
    await service.start();
    stream().push({ type: 'rebuilt', state: pictureOf('first') });
    stream().print('one');
    await waitFor('the pane to be followed no longer', () => stream().isClosed);
    await service.retap('a');
    expect(streams).toHaveLength(2);
    await service.retap('a');
    await waitFor('it to be let go too', () => stream().isClosed);
    expect(streams).toHaveLength(2);
  });
});
