import { loadavg } from 'node:os';
import type { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { expect, it } from 'vitest';
import {
  canBeRead,
  type DaemonFigures,
  everySecond,
  MeasuredHouse,
  median,
  percentile,
} from './daemon-figures.ts';
import { Fleet, type Manner } from './fleet.ts';

/** `scripts/soak --fleet 10` says how many minutes; without it some seconds of a small fleet. */
const minutes = Number(process.env.CODEPIPER_FLEET_MINUTES ?? 0);
const seed = Number(process.env.CODEPIPER_FLEET_SEED ?? 1);
/** What goes before a long run: see `warmUp`. */
const warmingUpMs = 60_000;
const size = minutes > 0 ? { sessions: 50, busy: 10, viewers: 20 } : { sessions: 12, busy: 5, viewers: 8 };
const runMs = minutes > 0 ? minutes * 60_000 : 6_000;
/** How long nothing has changed when the daemon is at rest; threads that had something to do at the start stay for 10 s. */
const restMs = minutes > 0 ? 15_000 : 3_000;
/** Shorter than this, and there is nothing to compare with; and no telling growth of RSS from a heap that gets its size. */
const leastMinutes = 5;
const leastMinutesForRss = 8;
/** What memory is compared with: by then the logs of all terminals are full, and every kind of viewer has been there. */
const warmMs = 180_000;
/**
 * The logs of those that somebody watches just then, and what waits for viewers that read slowly or not at all, are some
 * MB more at one moment than at the next: each time it is the median of so many looks.
 */
const looks = 5;
const betweenLooksMs = 10_000;
const mostGrowth = 1.15;
/**
 * What the process has in RAM is more by what waits to be thrown away, which the engine lets grow for three or four
 * minutes before it looks through the old: only what still grows after that is a leak.
 */
const mostLateGrowth = 1.05;
/** Descriptors of a control client: the pipes to it. */
const pipesOfClient = 3;
/** A viewer that is about to come back, a file that is just being written. */
const fewDescriptors = 4;
/** A terminal is followed this long after its last viewer, and the thread of screens stays as long after the last screen. */
const lingerMs = 30_000;

interface Sample extends DaemonFigures {
  /** Since the start, in seconds. */
  at: number;
  /** Sessions that are followed for their viewers alone. */
  followed: number;
}

it.skipIf(!canBeRead)(
  'busy sessions and viewers that come and go leave nothing behind in the daemon',
  {
    timeout: warmingUpMs + runMs + 360_000,
  },
  async () => {
    await using measured = await MeasuredHouse.open();
    const { house } = measured;
    if (minutes > 0) await warmUp(house);
    await using fleet = await Fleet.open(house, { ...size, seed });
    const before = await settledFigures(measured);
    print(header);
    const liveBefore = await measured.live();
    print(row('before', [before], []));

    await fleet.go();
    const samples: Sample[] = [];
    let told = 0;
    const tell = (): void => {
      const isOfMinute = ({ at }: { at: number }) => at >= told * 60 && at < (told + 1) * 60;
      print(row(`${++told}`, samples.filter(isOfMinute), ages.filter(isOfMinute)));
    };
    const ages: { at: number; manner: Manner; age: number }[] = [];
    const livesThen: number[] = [];
    const livesAtLast: number[] = [];
    await everySecond(runMs, async (at) => {
      const figures = await measured.look();
      ages.push(...fleet.ages().map((seen) => ({ at, ...seen })));
      samples.push({ at, followed: fleet.followed(), ...figures });
      if (minutes > 0 && Math.floor(at / 60) > told) tell();
      if (minutes < leastMinutes) return;
      if (isLookDue(at, warmMs, livesThen)) livesThen.push(await measured.live());
      if (isLookDue(at, runMs - looks * betweenLooksMs, livesAtLast)) livesAtLast.push(await measured.live());
    });
    tell();

    await fleet.settle();
    const differing = await fleet.differing();
    const { restarts, moves, problems } = fleet;
    print(
      `screens: ${differing.length} of ${size.viewers} differ from tmux; ${restarts} sessions started anew, ${moves} times another one was watched`,
    );
    // Whatever is wrong, what is left behind is told too.
    expect.soft(differing).toEqual([]);
    expect.soft(Object.fromEntries(problems)).toEqual({});
    if (minutes >= leastMinutes) {
      expectNoGrowth(samples, before);
      const told = (lives: readonly number[]) =>
        `${mb(median(lives))} (${lives.map((live) => live.toFixed(1)).join(', ')})`;
      print(
        `live memory: ${mb(liveBefore)} before, ${told(livesThen)} after three minutes, ${told(livesAtLast)} at the end`,
      );
      expect.soft([livesThen.length, livesAtLast.length]).toEqual([looks, looks]);
      expect.soft(median(livesAtLast), 'MB that can be reached').toBeLessThan(median(livesThen) * mostGrowth);
    }

    const left = performance.now();
    await fleet.leave();
    // Nothing that viewers brought: connections, followed terminals, at last the thread that drew screens.
    const excess = await untilNothing(measured, before, left, lingerMs + 60_000, [
      'clients',
      'children',
      'sockets',
    ]);
    print(row('left', [excess], []));
    if (minutes === 0) return;
    const last = await untilNothing(measured, before, left, 2 * lingerMs + 15_000, [
      'threads',
      'screenThreads',
    ]);
    print(row('end', [last], []));
    const descriptorsLeft = last.descriptors - last.recordings - (before.descriptors - before.recordings);
    expect.soft(descriptorsLeft, 'descriptors').toBeLessThanOrEqual(0);
    const liveAfter = await measured.live();
    print(`live memory: ${mb(liveBefore)} before, ${mb(liveAfter)} when all had left`);
    expect(liveAfter, 'MB that can be reached').toBeLessThan(liveBefore * mostGrowth);
  },
);

/** @param at since the start, in seconds */
function isLookDue(at: number, firstMs: number, taken: readonly number[]): boolean {
  return taken.length < looks && at * 1000 >= firstMs + taken.length * betweenLooksMs;
}

const mb = (size: number) => `${size.toFixed(1)} MB`;

/**
 * A small fleet that comes and goes. What the daemon compiles when somebody first watches, types and leaves, and keeps
 * from then on, is 4 MB, after four minutes as after ten: growth is what comes after that.
 */
async function warmUp(house: House): Promise<void> {
  await using fleet = await Fleet.open(house, { ...size, sessions: size.busy + 5, seed: seed + 1 });
  await fleet.go();
  await everySecond(warmingUpMs, async () => undefined);
  await fleet.end();
}

/** When the threads that only had something to do at the start have ended. */
async function settledFigures(measured: MeasuredHouse): Promise<DaemonFigures> {
  const first = await measured.look();
  let [last, since] = [first, performance.now()];
  await waitFor(
    'the daemon to come to rest',
    async () => {
      const now = await measured.look();
      const isSame = (['descriptors', 'threads', 'clients'] as const).every(
        (name) => now[name] === last[name],
      );
      if (!isSame) since = performance.now();
      last = now;
      return performance.now() - since > restMs;
    },
    { timeout: 60_000, interval: 500 },
  );
  return last;
}

/** Waits until none of them is more than it was before. */
async function untilNothing(
  measured: MeasuredHouse,
  before: DaemonFigures,
  since: number,
  withinMs: number,
  names: readonly (keyof DaemonFigures)[],
): Promise<DaemonFigures> {
  return waitFor(
    'what viewers brought to be gone',
    async () => {
      const now = await measured.look();
      const more = names.filter((name) => now[name] > before[name]);
      if (more.length === 0) return now;
      throw new Error(more.map((name) => `${name}: ${now[name]}, before ${before[name]}`).join(', '));
    },
    { timeout: withinMs - (performance.now() - since), interval: 500 },
  );
}

/** Compares the second and third minute with the last two. */
function expectNoGrowth(samples: readonly Sample[], before: DaemonFigures): void {
  const end = samples.at(-1)?.at ?? 0;
  const early = samples.filter(({ at }) => at >= 60 && at < 180);
  const late = samples.filter(({ at }) => at >= end - 120);
  const grown = (of: (sample: Sample) => number): [number, number] => [
    median(early.map(of)),
    median(late.map(of)),
  ];
  const clientsBeyond = ({ clients, followed }: Sample) => clients - before.clients - followed;
  const pipes = ({ clients }: Sample) => (clients - before.clients) * pipesOfClient;
  const [rssThen, rss] = grown(({ rss }) => rss);
  const rssBefore = median(
    samples.filter(({ at }) => at >= end - 240 && at < end - 120).map(({ rss: size }) => size),
  );
  const [threadsThen, threads] = grown(({ threads }) => threads);
  const recordings = Math.max(...late.map((sample) => sample.recordings));
  const [descriptorsThen, descriptors] = grown(
    (at) => at.descriptors - at.recordings - (before.descriptors - before.recordings) - pipes(at),
  );
  const [connectionsThen, connections] = grown((at) => at.sockets - before.sockets - pipes(at));
  const [beyondThen, beyond] = grown(clientsBeyond);
  print(
    [
      `growth from the second and third minute to the last two: RSS ${mb(rssThen)} → ${mb(rss)} (two minutes earlier ${mb(rssBefore)})`,
      `threads ${threadsThen} → ${threads}`,
      `${recordings} recordings open, descriptors beside those and the pipes to tmux clients +${descriptorsThen} → +${descriptors}`,
      `of them connections +${connectionsThen} → +${connections}`,
      `tmux clients beyond those that sessions and viewers explain ${beyondThen} → ${beyond}`,
    ].join(', '),
  );
  if (minutes >= leastMinutesForRss)
    expect.soft(rss, 'RSS in MB').toBeLessThan(Math.max(rssThen * mostGrowth, rssBefore * mostLateGrowth));
  expect.soft(threads, 'threads').toBeLessThanOrEqual(threadsThen);
  expect.soft(descriptors, 'descriptors').toBeLessThanOrEqual(descriptorsThen + fewDescriptors);
  // The keeper has a client too, and no recording.
  expect.soft(recordings, 'recordings').toBeLessThan(before.clients);
  expect.soft(connections, 'connections').toBeLessThanOrEqual(size.viewers + fewDescriptors);
  expect.soft(beyond, 'tmux clients').toBeLessThanOrEqual(0);
}

const columns = [
  ['minute', 7],
  ['RSS', 6],
  ['heap', 6],
  ['buffers', 8],
  ['fds', 5],
  ['sockets', 8],
  ['recordings', 11],
  ['threads', 8],
  ['clients', 8],
  ['children', 9],
  ['health p50/max', 15],
  ['keen p50/p99', 14],
  ['wandering', 14],
  ['slow', 14],
  ['dropping', 14],
  ['stalling', 14],
  ['load', 6],
] as const;
const header = `MB, ms; medians of the minute, heap: its least; age of what viewers show (as long as a snapshot comes in, that is its history): p50/p99\n${columns.map(([name, width]) => name.padStart(width)).join('')}`;

function row(
  name: string,
  samples: readonly DaemonFigures[],
  ages: readonly { manner: Manner; age: number }[],
): string {
  const middle = (of: (figures: DaemonFigures) => number) => median(samples.map(of)).toFixed(0);
  const health = samples.map(({ health }) => health);
  const age = (manner: Manner) => {
    const seen = ages.filter((other) => other.manner === manner).map(({ age }) => age);
    return seen.length === 0
      ? '-'
      : `${percentile(seen, 0.5).toFixed(0)}/${percentile(seen, 0.99).toFixed(0)}`;
  };
  const cells = [
    name,
    middle(({ rss }) => rss),
    Math.min(...samples.map(({ heap }) => heap)).toFixed(1),
    middle(({ buffers }) => buffers),
    middle(({ descriptors }) => descriptors),
    middle(({ sockets }) => sockets),
    middle(({ recordings }) => recordings),
    middle(({ threads }) => threads),
    middle(({ clients }) => clients),
    middle(({ children }) => children),
    `${percentile(health, 0.5).toFixed(1)}/${Math.max(...health).toFixed(0)}`,
    age('keen'),
    age('wandering'),
    age('slow'),
    age('dropping'),
    age('stalling'),
    (loadavg()[0] ?? 0).toFixed(1),
  ];
  return cells.map((cell, at) => cell.padStart(columns[at]?.[1] ?? 0)).join('');
}

function print(line: string): void {
  if (minutes > 0) process.stderr.write(`${line}\n`);
}
