import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmuxSessionName } from '@codepiper/core/paths.ts';
import type { ServerFrame } from '@codepiper/core/terminals/frames.ts';
import type { House } from '@codepiper/testkit/house.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { attachBare, type BareClient } from '../bare-client.ts';
import { openHouse } from '../bench-house.ts';
import type { Figure, Row } from '../figure.ts';
import { endMark, numberedLines } from '../numbered-lines.ts';
import { median, middleOf, type Pair, percentile99, tailOf, takePairs } from '../pairs.ts';
import { readProcess } from '../process-stat.ts';
import { Undisturbed } from '../undisturbed.ts';
import { WireViewer } from '../wire-viewer.ts';

const megabyte = 1e6;
const floodBytes = 50 * megabyte;
const keysOfEcho = 5_000;
/** Typed before it is measured, one behind the other: a daemon that has been typed to for some minutes. */
const keysBefore = 3_000;
/** Between two keys, in milliseconds: as a key repeats that is held down. */
const betweenKeysMs = 25;
const mostFloods = 5;
const history = 10_000;
const opens = 6;
const coldOpens = 3;
const mostStalls = 2;
const stallMs = 20_000;
const warmUpMs = 8_000;
/** 200 MB in the time of the stall. */
const stallRate = 10 * megabyte;

/** Prints at a rate for ever, once a key was pressed. */
const steady = (rate: number) => `
process.stdin.setRawMode(true);
process.stdin.once('data', () => {
  const started = performance.now();
  let number = 0;
  setInterval(() => {
    let text = '';
    while (number * 100 < (performance.now() - started) * ${rate / 1000} && text.length < 1e6) {
      text += ('\\x1b[3' + (number % 8) + 'm' + number + '\\x1b[0m ').padEnd(98, 'agent output ') + '\\r\\n';
      number++;
    }
    process.stdout.write(text);
  }, 10);
});
`;

const withHouse =
  (measure: (house: House, runs: number) => Promise<Row[]>): Figure['measure'] =>
  async ({ runs }) => {
    await using house = await openHouse();
    return await measure(house, runs);
  };

/** What viewers of live terminals wait for, through the daemon and its WebSocket. */
export const viewerFigures: readonly Figure[] = [
  { name: 'echo', measure: echo },
  { name: 'viewer', measure: withHouse((house, runs) => flood(house, Math.min(runs, mostFloods))) },
  { name: 'open', measure: withHouse((house) => open(house)) },
  { name: 'stall', measure: withHouse((house) => stall(house)) },
];

async function echo(): Promise<Row[]> {
  using undisturbed = new Undisturbed();
  await using house = await openHouse();
  const pause = () => {
    undisturbed.collectGarbage();
    return betweenKeys();
  };
  const session = await start(house, ['sh', '-c', 'stty raw -echo; exec cat']);
  const other = await start(house, ['sh', '-c', 'stty raw -echo; exec cat']);
  await using bare = await attachBare(house.tmuxSocket, other.name);
  const viewer = await WireViewer.watch(house.socket, session.id, 0);
  for (let key = 0; key < keysBefore; key++) {
    await echoOf(viewer, atOnce);
    await echoOfBare(bare, other.name, atOnce);
  }
  const pairs = await takePairs(
    keysOfEcho,
    () => echoOf(viewer, pause),
    () => echoOfBare(bare, other.name, pause),
    20,
  );
  await viewer.close();
  await Promise.all([end(house, session.id), end(house, other.id)]);
  const figure = 'key to its echo at a viewer';
  const floorOf = 'bare control client';
  const target = { of: 'ratio', max: 2 } as const;
  return [
    { figure: `${figure}, p50`, ...middleOf(pairs), floorOf, unit: 'ms', target },
    {
      figure: `${figure}, p99`,
      ...tailOf(pairs),
      floorOf,
      unit: 'ms',
      target,
      ...(undisturbed.note === null ? {} : { note: undisturbed.note }),
    },
  ];
}

const atOnce = async (): Promise<void> => undefined;
const betweenKeys = (): Promise<void> => sleep(betweenKeysMs);

async function echoOf(viewer: WireViewer, pause = betweenKeys): Promise<number> {
  await pause();
  const seen = Promise.withResolvers<number>();
  viewer.onFrame = (frame) => {
    if (frame.type === 'output') seen.resolve(performance.now());
  };
  const started = performance.now();
  viewer.type('x');
  return (await seen.promise) - started;
}

async function echoOfBare(
  bare: BareClient,
  sessionName: string,
  pause: () => Promise<void>,
): Promise<number> {
  await pause();
  const seen = Promise.withResolvers<number>();
  bare.onChunk = (chunk) => {
    if (chunk.includes('%output')) seen.resolve(performance.now());
  };
  const started = performance.now();
  bare.send(`send-keys -t ${sessionName}: -l x`);
  return (await seen.promise) - started;
}

async function flood(house: House, runs: number): Promise<Row[]> {
  await using folder = await makeTempDir();
  const file = join(folder.path, 'lines');
  const lines = numberedLines(floodBytes);
  await writeFile(file, lines);
  const hash = createHash('sha256').update(lines).digest('hex');
  const script = `stty raw -echo; while [ "$(head -c1)" ]; do cat '${file}'; done`;
  const session = await start(house, ['sh', '-c', script]);
  const other = await start(house, ['sh', '-c', script]);
  const messages: number[] = [];
  const growth: number[] = [];
  const pairs = await takePairs(
    runs,
    async () => {
      const viewer = await WireViewer.watch(house.socket, session.id, 0);
      await using memory = watchMemory(house);
      const run = await readFlood(viewer);
      if (run.hash !== hash) throw new Error(`what the viewer got is not what was printed: ${run.gaps} gaps`);
      messages.push(run.messages);
      growth.push(memory.growth);
      await viewer.close();
      return run.ms;
    },
    () => floodOfBare(house, other.name),
    1,
  );
  await Promise.all([end(house, session.id), end(house, other.id)]);
  return [
    {
      figure: '50 MB of numbered output to a viewer',
      ...middleOf(pairs),
      floorOf: 'bare control client',
      unit: 'ms',
      target: { of: 'ratio', max: 1.2 },
      note: 'every byte was the one that was printed',
    },
    single('the same, messages', Math.max(...messages), 'count', 1000),
    // The first run brings the heap to the size it works with.
    single('the same, growth of the daemon’s memory', median(growth.slice(1)), 'MB', 30),
  ];
}

async function readFlood(viewer: WireViewer) {
  const ended = Promise.withResolvers<number>();
  const read: Uint8Array[] = [];
  let gaps = 0;
  viewer.onFrame = (frame) => {
    if (frame.type === 'snapshot') gaps++;
    if (frame.type !== 'output') return;
    read.push(frame.bytes);
    if (Buffer.from(frame.bytes.subarray(-endMark.length)).toString('latin1') === endMark)
      ended.resolve(performance.now());
  };
  const before = viewer.frames;
  const started = performance.now();
  viewer.type('x');
  const ms = (await ended.promise) - started;
  const hash = createHash('sha256');
  for (const bytes of read) hash.update(bytes);
  return { ms, gaps, messages: viewer.frames - before, hash: hash.digest('hex') };
}

async function floodOfBare(house: House, sessionName: string): Promise<number> {
  const mark = endMark.replace('\x1b', '\\033').replace('\x07', '\\007');
  await using bare = await attachBare(house.tmuxSocket, sessionName);
  const ended = Promise.withResolvers<number>();
  let tail = '';
  bare.onChunk = (chunk) => {
    const seam = tail + chunk.toString('latin1', 0, mark.length);
    tail = chunk.toString('latin1', Math.max(0, chunk.length - mark.length));
    if (chunk.includes(mark) || seam.includes(mark)) ended.resolve(performance.now());
  };
  const started = performance.now();
  bare.send(`send-keys -t ${sessionName}: -l x`);
  return (await ended.promise) - started;
}

/** Viewers of sessions that nobody watches: the first one of a daemon, and of one that has had viewers. */
async function open(house: House): Promise<Row[]> {
  const cold: Pair[] = [];
  for (let run = 0; run < coldOpens; run++) {
    await using fresh = await openHouse();
    cold.push(...(await takeOpens(fresh, 1, 0)));
  }
  const warm = await takeOpens(house, opens, 1);
  const figure = `open a viewer on ${history.toLocaleString('en')} lines of history`;
  const row = (name: string, pairs: Pair[]): Row => ({
    figure: name,
    ...middleOf(pairs),
    floorOf: 'bare control client prints them',
    unit: 'ms',
    target: { of: 'ours', max: 100 },
    note: `from connecting to the last byte of the snapshot; longest ${Math.max(...pairs.map(({ ours }) => ours)).toFixed(0)} ms`,
  });
  return [row(figure, warm), row(`${figure}, first of a fresh daemon`, cold)];
}

/** Each with a session of its own. */
async function takeOpens(house: House, runs: number, warmUps: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let run = -warmUps; run < runs; run++) {
    const program = `i=0; while [ $i -lt ${history + 100} ]; do printf '\\033[3%dm%d\\033[0m the agent says something of some length\\n' $((i % 8)) $i; i=$((i+1)); done; printf done; exec sleep 1000000`;
    const session = await start(house, ['sh', '-c', program]);
    await untilPrinted(house, session.id, 'done');
    await sleep(300);
    const ours = await openViewer(house, session.id);
    const floor = await printHistory(house, session.name);
    if (run >= 0) pairs.push({ ours, floor });
    await end(house, session.id);
  }
  return pairs;
}

async function openViewer(house: House, session: string): Promise<number> {
  const drawn = Promise.withResolvers<number>();
  const started = performance.now();
  const viewer = await WireViewer.open(house.socket, session, {
    lines: history,
    onFrame: (frame: ServerFrame) => {
      if (frame.type === 'snapshot' && frame.last) drawn.resolve(performance.now());
    },
  });
  const ms = (await drawn.promise) - started;
  await viewer.close();
  return ms;
}

async function printHistory(house: House, sessionName: string): Promise<number> {
  const started = performance.now();
  await using bare = await attachBare(house.tmuxSocket, sessionName);
  const printed = Promise.withResolvers<number>();
  bare.onChunk = (chunk) => {
    if (chunk.includes('it is printed')) printed.resolve(performance.now());
  };
  bare.send(`capture-pane -p -e -S -${history} -t ${sessionName}: ; display-message -p 'it is printed'`);
  return (await printed.promise) - started;
}

async function stall(house: House): Promise<Row[]> {
  const quiet = await start(house, ['sh', '-c', 'stty raw -echo; exec cat']);
  const typist = await WireViewer.watch(house.socket, quiet.id, 0);
  const during = async (isStalled: boolean) => {
    const busy = await start(house, [process.execPath, '-e', steady(stallRate)]);
    const slow = await WireViewer.watch(house.socket, busy.id, 0);
    slow.type('x');
    await sleep(warmUpMs); // the heap has the size it works with
    await using memory = watchMemory(house);
    if (isStalled) slow.pause();
    const times: number[] = [];
    for (const until = performance.now() + stallMs; performance.now() < until; )
      times.push(await echoOf(typist));
    slow.resume();
    await slow.close();
    await end(house, busy.id);
    return { p99: percentile99(times), growth: memory.growth };
  };
  const growth: { ours: number[]; floor: number[] } = { ours: [], floor: [] };
  const run = async (isStalled: boolean) => {
    const found = await during(isStalled);
    growth[isStalled ? 'ours' : 'floor'].push(found.growth);
    return found.p99;
  };
  const pairs = await takePairs(
    mostStalls,
    () => run(true),
    () => run(false),
    0,
  );
  await typist.close();
  await end(house, quiet.id);
  const floorOf = 'no viewer stalls';
  const figure = 'memory of the daemon while a viewer stalls 20 s during 200 MB';
  const target = { of: 'ratio', max: 1.3 } as const;
  const p99 = 'key to its echo at another viewer meanwhile, p99';
  return [
    {
      ...single(figure, median(growth.ours), 'MB', 16),
      floor: median(growth.floor),
      floorOf,
      runs: mostStalls,
    },
    { figure: p99, ...middleOf(pairs), floorOf, unit: 'ms', target },
  ];
}

function single(figure: string, ours: number, unit: Row['unit'], max: number): Row {
  const target = { of: 'ours', max } as const;
  return { figure, ours, floor: null, floorOf: null, ratio: null, unit, target, runs: 1 };
}

/** How much more memory than now the daemon has had since, at most, in MB. */
function watchMemory(house: House): { readonly growth: number } & AsyncDisposable {
  const rss = () => readProcess(house.daemonPid ?? 0)?.rss ?? 0;
  const before = rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, rss());
  }, 50);
  return {
    get growth() {
      return (Math.max(most, rss()) - before) / megabyte;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
    },
  };
}

async function start(house: House, args: readonly string[]): Promise<{ id: string; name: string }> {
  const { id } = await house.create({ provider: 'shell', args: [...args] });
  return { id, name: tmuxSessionName(id) };
}

async function end(house: House, id: string): Promise<void> {
  await house.http('POST', `/sessions/${id}/kill`, {});
}

async function untilPrinted(house: House, id: string, text: string): Promise<void> {
  for (;;) {
    const { body } = await house.http('GET', `/sessions/${id}/output`);
    if ((body as { output: string }).output.includes(text)) return;
    await sleep(50);
  }
}
