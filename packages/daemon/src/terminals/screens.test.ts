import { join } from 'node:path';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { blankPane } from '../../test/blank-pane.ts';
import { Random, randomSteps } from '../../test/screen/random-output.ts';
import { play, textOf } from '../../test/screen/round-trip.ts';
import type { Log } from '../log/log.ts';
import { silentLog } from '../log/log.ts';
import { startThread, type Thread } from '../platform/thread.ts';
import type { PaneRow } from '../tmux/pane-rows.ts';
import type { PaneState } from '../tmux/pane-state.ts';
import { Screen } from './screen/screen.ts';
import type { FromScreens, ToScreens } from './screen-thread.ts';
import { type Screens, type SessionScreen, startScreens, ThreadScreens } from './screens.ts';
import type { Snapshot } from './viewer.ts';

const encoder = new TextEncoder();
const scrollback = 200;
const start = { epoch: 7, seq: 0 };
const everything = { lines: scrollback, maxBytes: null };

const rowsOf = (...texts: string[]): PaneRow[] => texts.map((text) => ({ text, wrapped: false }));

function blankPaneWith(cols: number, rows: number, history: PaneRow[] = []): PaneState {
  return { ...blankPane(cols, rows), history, historySize: history.length };
}

let screens: Screens;
const errors: unknown[][] = [];
const log: Log = { ...silentLog, error: (...told: unknown[]) => void errors.push(told) };

afterEach(async () => {
  await screens[Symbol.asyncDispose]();
  errors.length = 0;
});

function shown(snapshot: Snapshot | null): string[] {
  const { cols, rows, bytes } = whole(snapshot);
  using screen = new Screen({ cols, rows, scrollback });
  screen.write(bytes);
  return textOf(screen);
}

function whole(snapshot: Snapshot | null): Snapshot {
  if (!snapshot) throw new Error('the screen has dropped lines');
  return snapshot;
}

/** A thread that does what the test says. */
function manual() {
  const sent: ToScreens[] = [];
  const threads: { fail(): void; tell(message: FromScreens): void; disposed: boolean }[] = [];
  screens = new ThreadScreens(log, ({ heard, failed }) => {
    const thread = { fail: () => failed(new Error('out of memory')), tell: heard, disposed: false };
    threads.push(thread);
    return {
      send: (message) => void sent.push(message),
      async [Symbol.asyncDispose]() {
        thread.disposed = true;
      },
    };
  });
  return { screens, sent, threads, last: () => threads[threads.length - 1] };
}

/** A screen of which the thread has a picture and what came after it. */
function follow(screen: SessionScreen): void {
  screen.restore(blankPaneWith(80, 24), start);
  screen.write(new Uint8Array(1 << 16));
}

describe('the owner of the screens', () => {
  it('says the place of the stream that a snapshot shows, a resize taking one', async () => {
    const { sent, last } = manual();
    using screen = screens.open({ scrollback });
    expect(screen.isCurrent).toBe(false);
    await expect(screen.snapshot(everything)).rejects.toMatchObject({ code: 'internal' });
    screen.restore(blankPaneWith(80, 24), { epoch: 3, seq: 40 });
    screen.write(encoder.encode('ab'));
    screen.resize(81, 24);
    screen.write(encoder.encode('c'));
    const promise = screen.snapshot(everything);
    screen.write(encoder.encode('more'));
    expect(sent.map(({ type }) => type)).toEqual(['restore', 'write', 'resize', 'write', 'snapshot']);
    const asked = sent.at(-1);
    const bytes = new Uint8Array([1]);
    if (asked?.type === 'snapshot')
      last()?.tell({ type: 'snapshot', ask: asked.ask, cols: 81, rows: 24, bytes });
    expect(await promise).toEqual({ epoch: 3, seq: 44, cols: 81, rows: 24, bytes });
  });

  it('draws what only a picture shows without waiting for a thread to start', async () => {
    const { sent, threads, last } = manual();
    using screen = screens.open({ scrollback });
    screen.restore({ ...blankPaneWith(20, 2, rowsOf('above')), main: rowsOf('shown', '') }, start);
    const drawn = await screen.snapshot(everything);
    expect(shown(drawn).slice(0, 2)).toEqual(['above', 'shown']);
    expect(drawn).toMatchObject({ ...start, cols: 20, rows: 2 });
    expect([sent.length, threads.length]).toEqual([0, 0]);
    // What follows is for the thread, which begins with the same picture.
    screen.write(encoder.encode('more'));
    void screen.snapshot(everything).catch(() => undefined);
    expect(sent.map(({ type }) => type)).toEqual(['restore', 'write', 'snapshot']);
    // It has not been heard yet: another picture is drawn without it too.
    using other = screens.open({ scrollback });
    other.restore({ ...blankPaneWith(20, 2), main: rowsOf('other', '') }, start);
    expect(shown(await other.snapshot(everything))[0]).toBe('other');
    last()?.tell({ type: 'ready' });
    void other.snapshot(everything).catch(() => undefined);
    const types = sent.map(({ type }) => type);
    expect(types).toEqual(['restore', 'write', 'snapshot', 'restore', 'snapshot']);
    expect(threads).toHaveLength(1);
  });

  it('starts the thread soon after it has drawn a picture without it, for what comes', async () => {
    const { sent } = manual();
    using screen = screens.open({ scrollback });
    screen.restore(blankPaneWith(20, 2), start);
    await screen.snapshot(everything);
    await waitFor('the thread to have the picture', () => sent.length === 1);
    expect(sent[0]?.type).toBe('restore');
  });

  it('copies what is written, and sends small pieces together', async () => {
    const { sent } = manual();
    using screen = screens.open({ scrollback });
    screen.restore(blankPaneWith(80, 24), start);
    const reused = Buffer.from('one');
    for (const text of ['one', 'two', 'six']) {
      reused.write(text);
      screen.write(reused);
    }
    const large = Buffer.alloc(100_000, 'x');
    screen.write(large);
    large.fill('y');
    screen.write(encoder.encode('end'));
    await waitFor('the rest to be sent', () => sent.length === 4);
    const written = sent.flatMap((message) => (message.type === 'write' ? [message.bytes] : []));
    expect(written.map((bytes) => bytes.length)).toEqual([9, 100_000, 3]);
    expect(Buffer.concat(written).toString()).toBe(`onetwosix${'x'.repeat(100_000)}end`);
  });

  it('drops everything once a megabyte waits, and what is written then, until there is a picture', async () => {
    const { sent, last } = manual();
    using screen = screens.open({ scrollback });
    screen.restore(blankPaneWith(80, 24), start);
    const part = new Uint8Array(1 << 18);
    for (let written = 0; written < 4; written++) screen.write(part);
    const run = sent[0]?.type === 'restore' ? sent[0].run : -1;
    // What was parsed makes room.
    last()?.tell({ type: 'parsed', run, cost: 1 << 18 });
    screen.write(part);
    expect(screen.isCurrent).toBe(true);
    const promise = screen.snapshot(everything);
    screen.write(encoder.encode('x'));
    expect(screen.isCurrent).toBe(false);
    await expect(promise).rejects.toMatchObject({ code: 'internal' });
    expect(sent.at(-1)).toEqual({ type: 'drop', run });
    const count = sent.length;
    screen.write(part);
    screen.resize(10, 10);
    expect(sent.length).toBe(count);
    screen.restore(blankPaneWith(80, 24), { epoch: 8, seq: 5 });
    expect(screen.isCurrent).toBe(true);
    // What the thread says of before is not counted.
    last()?.tell({ type: 'parsed', run, cost: 100 << 20 });
    for (let written = 0; written < 4; written++) screen.write(part);
    expect(screen.isCurrent).toBe(true);
    screen.write(part);
    expect(screen.isCurrent).toBe(false);
  });

  it('needs a picture after another size where there was history, which only tmux can lay out', () => {
    manual();
    using screen = screens.open({ scrollback });
    screen.restore(blankPaneWith(80, 24, rowsOf('above')), start);
    screen.resize(80, 24);
    expect(screen.isCurrent).toBe(true);
    screen.resize(80, 25);
    expect(screen.isCurrent).toBe(false);
    screen.restore(blankPaneWith(80, 24), start);
    screen.resize(80, 25);
    expect(screen.isCurrent).toBe(true);
  });

  it('starts another thread with the first picture after one that died', async () => {
    const { threads, last } = manual();
    using first = screens.open({ scrollback });
    using second = screens.open({ scrollback });
    follow(first);
    follow(second);
    const promise = first.snapshot(everything);
    last()?.fail();
    await expect(promise).rejects.toMatchObject({ code: 'internal', message: /out of memory/ });
    expect([first.isCurrent, second.isCurrent, threads.length, errors.length]).toEqual([false, false, 1, 1]);
    follow(first);
    follow(second);
    expect([first.isCurrent, second.isCurrent, threads.length]).toEqual([true, true, 2]);
  });

  it('draws anew only the screen that failed', async () => {
    const { sent, last } = manual();
    using first = screens.open({ scrollback });
    using second = screens.open({ scrollback });
    follow(first);
    follow(second);
    const run = sent[0]?.type === 'restore' ? sent[0].run : -1;
    const promise = first.snapshot(everything);
    last()?.tell({ type: 'failed', run, reason: 'no such row' });
    await expect(promise).rejects.toMatchObject({ message: /no such row/ });
    expect([first.isCurrent, second.isCurrent, errors.length]).toEqual([false, true, 1]);
  });

  it('keeps the thread for half a minute after the last screen', async () => {
    vi.useFakeTimers();
    try {
      const { threads } = manual();
      const first = screens.open({ scrollback });
      follow(first);
      first[Symbol.dispose]();
      vi.advanceTimersByTime(29_000);
      using second = screens.open({ scrollback });
      vi.advanceTimersByTime(60_000);
      expect(threads.map(({ disposed }) => disposed)).toEqual([false]);
      second[Symbol.dispose]();
      vi.advanceTimersByTime(30_000);
      expect(threads.map(({ disposed }) => disposed)).toEqual([true]);
      using third = screens.open({ scrollback });
      follow(third);
      expect(threads.map(({ disposed }) => disposed)).toEqual([true, false]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('rejects what waits when the screen is closed, and when the daemon stops', async () => {
    manual();
    const closed = screens.open({ scrollback });
    closed.restore(blankPaneWith(80, 24), start);
    const first = closed.snapshot(everything);
    closed[Symbol.dispose]();
    await expect(first).rejects.toMatchObject({ code: 'internal' });
    closed.restore(blankPaneWith(80, 24), start);
    expect(closed.isCurrent).toBe(false);
    const open = screens.open({ scrollback });
    open.restore(blankPaneWith(80, 24), start);
    const second = open.snapshot(everything);
    await Promise.all([
      screens[Symbol.asyncDispose](),
      expect(second).rejects.toMatchObject({ code: 'shutting_down' }),
    ]);
    expect(() => screens.open({ scrollback })).toThrow(/stopping/);
  });
});

describe('the thread of the screens', { timeout: 60_000 }, () => {
  it('shows what a screen shows that is fed directly, wherever a snapshot is taken', async () => {
    screens = startScreens(log);
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const state = blankPaneWith(
        random.int(2, 40),
        random.int(2, 12),
        random.chance(0.5) ? rowsOf('above', 'the', 'screen') : [],
      );
      const place = { epoch: seed, seq: random.int(0, 1e6) };
      using direct = new Screen({ ...state, scrollback });
      using screen = screens.open({ scrollback });
      direct.restore(state);
      screen.restore(state, place);
      for (const step of randomSteps(random, random.int(1, 80), state)) {
        if ('cols' in step && state.history.length > 0) continue;
        play(direct, [step]);
        writeSplit(screen, step, random);
        place.seq += 'bytes' in step ? step.bytes.length : 1;
        if (random.int(0, 12) > 0) continue;
        const lines = random.int(0, scrollback);
        const { data, ...size } = direct.snapshot({ lines });
        const snapshot = await screen.snapshot({ lines, maxBytes: null });
        expect({ seed, ...snapshot }).toEqual({ seed, ...place, ...size, bytes: data });
      }
    }
    expect(errors).toEqual([]);
  });

  it('drops a flood that it cannot follow, and is whole again with the next picture', async () => {
    screens = startScreens(log);
    using flooded = screens.open({ scrollback });
    using quiet = screens.open({ scrollback });
    quiet.restore(blankPaneWith(80, 24), start);
    quiet.write(encoder.encode('quiet'));
    flooded.restore(blankPaneWith(80, 24), start);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const chunk = encoder.encode('\x1b[31mflood \x1b[5;7H\x1b[2K'.repeat(4_000));
    let written = 0;
    // As fast as memory: no thread follows this.
    for (; flooded.isCurrent; written += chunk.length) {
      flooded.write(chunk);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    for (let more = 0; more < 500; more++) flooded.write(chunk);
    expect(written).toBeGreaterThan(1e6);
    expect(most).toBeLessThan(8e6);
    // Others are not held up by it, nor by one that goes on.
    flooded.restore(blankPaneWith(80, 24), start);
    for (let more = 0; more < 8; more++) flooded.write(chunk);
    const order: string[] = [];
    const slow = flooded.snapshot(everything).then(() => order.push('flooded'));
    expect(shown(await quiet.snapshot(everything))[0]).toBe('quiet');
    order.push('quiet');
    await slow;
    expect(order).toEqual(['quiet', 'flooded']);
    const healed = { ...blankPaneWith(20, 2), main: rowsOf('healed', '') };
    flooded.restore(healed, { epoch: 9, seq: 12 });
    flooded.write(encoder.encode('\x1b[2;1Hgoes on'));
    const snapshot = await flooded.snapshot(everything);
    expect(shown(snapshot)).toEqual(['healed', 'goes on']);
    expect(snapshot).toMatchObject({ epoch: 9, seq: 12 + 13 });
  });

  it('is replaced after it died', async () => {
    let thread: Thread<ToScreens> | null = null;
    const [program, source] = ['screen-worker', join(import.meta.dirname, 'screen-worker.ts')];
    screens = new ThreadScreens(log, (on) => {
      thread = startThread({ program, source, data: null, stop: { type: 'stop' }, ...on });
      return thread;
    });
    using screen = screens.open({ scrollback });
    screen.restore(blankPaneWith(80, 24), start);
    screen.write(encoder.encode('before'));
    expect(shown(await screen.snapshot(everything))[0]).toBe('before');
    // A message that nobody sends.
    (thread as Thread<unknown> | null)?.send(null);
    await expect(screen.snapshot(everything)).rejects.toMatchObject({ code: 'internal' });
    expect(screen.isCurrent).toBe(false);
    screen.restore(blankPaneWith(80, 24), start);
    screen.write(encoder.encode('after'));
    expect(shown(await screen.snapshot(everything))[0]).toBe('after');
  });

  it('gives as many lines of history as fit', async () => {
    screens = startScreens(log);
    using screen = screens.open({ scrollback: 5_000 });
    const history = Array.from(
      { length: 4_900 },
      (_, line) => `\x1b[3${line % 8}mline ${line} ${'.'.repeat(line % 60)}`,
    );
    screen.restore(blankPaneWith(80, 24, rowsOf(...history)), start);
    for (let line = 0; line < 100; line++) screen.write(encoder.encode(`printed ${line}\r\n`));
    const take = async (lines: number, maxBytes: number | null) =>
      whole(await screen.snapshot({ lines, maxBytes }));
    const all = await take(5_000, null);
    expect(all.bytes.length).toBeGreaterThan(200_000);
    const some = await take(5_000, 100_000);
    expect(some.bytes.length).toBeGreaterThan(50_000);
    expect(some.bytes.length).toBeLessThanOrEqual(100_000);
    expect(shown(some).slice(-200)).toEqual(shown(all).slice(-200));
    expect((await take(5_000, 10)).bytes).toEqual((await take(0, null)).bytes);
  });

  it('lays out no more than the newest lines, and says when more are wanted than it has', async () => {
    screens = startScreens(log);
    using screen = screens.open({ scrollback: 5_000 });
    screen.restore(blankPaneWith(80, 5, rowsOf('above')), start);
    const print = (from: number, to: number) => {
      for (let line = from; line < to; line++) screen.write(encoder.encode(`\r\nline ${line}`));
    };
    print(0, 900);
    const { bytes } = whole(await screen.snapshot({ lines: 5_000, maxBytes: null }));
    expect(Buffer.from(bytes).toString()).toMatch(/above.*line 0\s/s);
    print(900, 3_000);
    expect(await screen.snapshot({ lines: 5_000, maxBytes: null })).toBe(null);
    expect(await screen.snapshot({ lines: 1_001, maxBytes: null })).toBe(null);
    const newest = shown(await screen.snapshot({ lines: 150, maxBytes: null }));
    expect([newest[0], newest.at(-1)]).toEqual(['line 2845', 'line 2999']);
    // Where the size decides, they are as many as there are.
    const all = shown(await screen.snapshot({ lines: 5_000, maxBytes: 1e6 }));
    expect(all.slice(-newest.length)).toEqual(newest);
    // A program that clears the history has no lines that are missing.
    screen.write(encoder.encode('\x1b[3J\r\nafter'));
    expect(shown(await screen.snapshot({ lines: 5_000, maxBytes: null })).at(-1)).toBe('after');
    screen.restore(blankPaneWith(80, 5, rowsOf('anew')), start);
    expect(shown(await screen.snapshot({ lines: 5_000, maxBytes: null }))[0]).toBe('anew');
  });
});

function writeSplit(screen: SessionScreen, step: Parameters<typeof play>[1][number], random: Random): void {
  if ('cols' in step) {
    screen.resize(step.cols, step.rows);
    return;
  }
  for (let at = 0; at < step.bytes.length; ) {
    const end = at + random.int(1, step.bytes.length);
    screen.write(step.bytes.subarray(at, end));
    at = end;
  }
}
