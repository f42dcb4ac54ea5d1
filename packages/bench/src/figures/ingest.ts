import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { House } from '@codepiper/testkit/house.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { buildHouse, timeNode } from '../bench-house.ts';
import type { Figure, Row } from '../figure.ts';
import { delaysOf, idleLoop, type Look, LoopProbe } from '../loop-delay.ts';
import { median, type Pair, takePairs } from '../pairs.ts';
import { readProcess } from '../process-stat.ts';
import { type Corpus, writeCorpus } from '../transcripts-corpus.ts';

const megabyte = 1_000_000;
const half = { bytes: 500 * megabyte, files: 200 };
/** Cold starts: each reads everything there is. */
const mostRuns = 5;
const additions = 10;
const pollMs = 20;
/** Where the conversations of each corpus begin: none has those of another. */
const [firstSeed, secondSeed, moreSeed] = [1, 10_001, 20_001];

/**
 * The least there is to do for the totals: reads the same files one after the other, parses the lines in which there is
 * usage and adds up the fullest usage of each response.
 */
const usageReader = `
const { readFileSync } = require('node:fs');
const best = new Map();
for (const path of JSON.parse(readFileSync(process.argv[1], 'utf8'))) {
  const isClaude = path.includes('/claude-code/');
  const mark = isClaude ? '"usage":{' : '"type":"token_usage_record"';
  const content = readFileSync(path);
  for (let start = 0, end; (end = content.indexOf(10, start)) >= 0; start = end + 1) {
    const line = content.subarray(start, end);
    if (!line.includes(mark)) continue;
    let said;
    try {
      said = JSON.parse(line.toString());
    } catch {
      continue;
    }
    const usage = isClaude ? said.message?.usage : said.payload?.usage;
    if (!usage) continue;
    const key = isClaude ? said.message.id + ':' + said.requestId : said.payload.turn_id + ':' + said.payload.response_id;
    if (!(best.get(key) >= usage.output_tokens)) best.set(key, usage.output_tokens);
  }
}
let output = 0;
for (const tokens of best.values()) output += tokens;
require('node:fs').writeFileSync(process.argv[2], String(output));
`;

/** Bringing in 500 MB of transcripts, and a gigabyte, by a daemon that has seen none of them. */
export const ingest: Figure = {
  name: 'ingest',
  async measure({ runs }) {
    await using temp = await makeTempDir();
    const first = writeCorpus(join(temp.path, 'first'), half, firstSeed);
    const list = join(temp.path, 'files.json');
    const total = join(temp.path, 'output');
    writeFileSync(list, JSON.stringify(first.paths));
    const readUsage = () => timeNode(['-e', usageReader, list, total], process.env);
    readUsage();
    const output = Number(readFileSync(total, 'utf8'));
    const pairs = await takePairs(
      Math.min(runs, mostRuns),
      async () => {
        await using house = await coldHouse();
        const started = performance.now();
        await startImport(house, [first.directory]);
        await totalsAre(house, output);
        return performance.now() - started;
      },
      readUsage,
      1,
    );
    return [usageRow(pairs), ...(await wholeRows(first)), await memoryRow(temp.path, first)];
  },
};

function usageRow(pairs: readonly Pair[]): Row {
  return {
    figure: `totals are right after a cold start (${half.bytes / megabyte} MB in ${half.files} files)`,
    ours: median(pairs.map(({ ours }) => ours)),
    floor: median(pairs.map(({ floor }) => floor)),
    floorOf: 'a node that parses only the lines with usage',
    ratio: median(pairs.map(({ ours, floor }) => ours / floor)),
    unit: 'ms',
    target: { of: 'ratio', max: 2 },
    runs: pairs.length,
    note: 'from the request of the import to the answer of /analytics/overview',
  };
}

const common = { floor: null, floorOf: null, ratio: null, runs: 1 } as const;

async function wholeRows(corpus: Corpus): Promise<Row[]> {
  await using temp = await makeTempDir();
  const loop = await LoopProbe.prepare(temp.path, 'daemon');
  await using idle = await idleLoop(temp.path);
  await using house = await coldHouse(loop.env);
  const started = performance.now();
  let ours: Look[] = [];
  const floor = await idle.loop.during(async () => {
    ours = await loop.during(() => importAll(house, [corpus.directory]));
  });
  const spent = performance.now() - started;
  const { database, search } = await bytesOf(house);
  const again: number[] = [];
  const size = { bytes: 3 * additions * megabyte, files: 8 };
  for (const piece of piecesOf(writeCorpus(join(temp.path, 'more'), size, moreSeed))) {
    const more = join(corpus.directory, 'claude-code/more');
    mkdirSync(more, { recursive: true });
    appendFileSync(join(more, '11111111-1111-4111-8111-111111111111.jsonl'), piece);
    const began = performance.now();
    await importAll(house, [corpus.directory], 2);
    again.push(performance.now() - began);
  }
  const delays = { ours: delaysOf(ours), floor: delaysOf(floor) };
  return [
    {
      ...common,
      figure: 'the same with conversations and search index',
      ours: spent,
      unit: 'ms',
      target: { of: 'ours', max: 45_000 },
    },
    {
      ...common,
      figure: 'database, in hundredths of what was read, with the search index',
      ours: (100 * database) / corpus.bytes,
      unit: '%',
      target: { of: 'ours', max: 40 },
    },
    {
      ...common,
      figure: 'the same without the search index',
      ours: (100 * (database - search)) / corpus.bytes,
      unit: '%',
      target: { of: 'ours', max: 10 },
    },
    {
      ...common,
      figure: 'event-loop delay of the daemon while importing, p99',
      ours: delays.ours.own,
      floor: delays.floor.own,
      floorOf: 'a node that does nothing',
      ratio: delays.ours.own / delays.floor.own,
      unit: 'ms',
      target: { of: 'ours', max: 20 },
      runs: ours.length,
      note: `without waiting for a core; with it ${delays.ours.all.toFixed(1)} ms, longest ${delays.ours.longestOwn.toFixed(1)} ms`,
    },
    {
      ...common,
      figure: 'imported again after 1 MB was appended',
      ours: median(again),
      unit: 'ms',
      target: { of: 'ours', max: 100 },
      runs: additions,
    },
  ];
}

/** A gigabyte, by a daemon that has seen none of it. */
async function memoryRow(folder: string, first: Corpus): Promise<Row> {
  const second = writeCorpus(join(folder, 'second'), half, secondSeed);
  await using house = await coldHouse();
  const memory = () => readProcess(house.daemonPid ?? 0)?.rss ?? 0;
  const before = memory();
  let most = before;
  const sampling = setInterval(() => {
    most = Math.max(most, memory());
  }, pollMs);
  try {
    await importAll(house, [first.directory, second.directory]);
  } finally {
    clearInterval(sampling);
  }
  return {
    ...common,
    figure: 'memory while importing 1 GB, more than idle',
    ours: (most - before) / megabyte,
    unit: 'MB',
    target: { of: 'ours', max: 250 },
    note: `idle ${(before / megabyte).toFixed(0)} MB`,
  };
}

async function coldHouse(env: Readonly<Record<string, string>> = {}): Promise<House> {
  const house = await buildHouse({ env });
  await house.start();
  return house;
}

interface Import {
  id: number;
  state: string;
  error: string | null;
}

async function startImport(house: House, directories: readonly string[]): Promise<Import> {
  const { status, body, text } = await house.http('POST', '/transcripts/imports', { directories });
  if (status !== 202) throw new Error(`not imported: ${text}`);
  return (body as { import: Import }).import;
}

async function importAll(house: House, directories: readonly string[], interval = pollMs): Promise<void> {
  const { id } = await startImport(house, directories);
  await waitFor(
    'the import to be done',
    async () => {
      const { body } = await house.http('GET', `/transcripts/imports/${id}`);
      const { state, error } = (body as { import: Import }).import;
      if (state === 'failed') throw new Error(`the import failed: ${error}`);
      return state === 'done';
    },
    { timeout: 300_000, interval },
  );
}

async function totalsAre(house: House, output: number): Promise<void> {
  await waitFor(
    `${output} tokens of output to be counted`,
    async () => {
      const { body } = await house.http('GET', '/analytics/overview?range=all');
      return (body as { outputTokens?: number }).outputTokens === output;
    },
    { timeout: 60_000, interval: pollMs },
  );
}

async function bytesOf(house: House): Promise<{ database: number; search: number }> {
  const { body } = await house.http('GET', '/transcripts/status');
  return (body as { bytes: { database: number; search: number } }).bytes;
}

/** Pieces of about a megabyte, each of whole lines of Claude Code's. */
function piecesOf({ paths }: Corpus): Buffer[] {
  const claude = paths.filter((path) => path.includes('/claude-code/'));
  const content = Buffer.concat(claude.map((path) => readFileSync(path)));
  return Array.from({ length: additions }, (_, index) => {
    const start = content.indexOf(10, index * megabyte) + 1;
    return content.subarray(start, content.indexOf(10, (index + 1) * megabyte) + 1);
  });
}
