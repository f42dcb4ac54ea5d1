import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IngestHouse, openIngest } from '../../../test/transcripts/ingest-house.ts';
import { type PlainLine, plainFormat } from '../../../test/transcripts/plain-format.ts';
import { verifyTranscripts } from '../verify.ts';
import { Archive } from './archive.ts';
import { type PruneRule, Pruning } from './prune.ts';

const formats = { plain: plainFormat };
/** The house's clock says 1,000,000: what is older than this is removed. */
const rule: PruneRule = { now: 1_000_000, keepMs: 500_000, live: [] };

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => temp[Symbol.asyncDispose]());

const text = (...lines: PlainLine[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

function conversation(name: string, at: number): string {
  return text(
    { entries: [`${name}-1`, `${name}-2`], text: 'words', at, usage: { key: name, input: 5, output: 7 } },
    { entries: [`${name}-3`], call: { id: 'call', result: false }, at: at + 1 },
    { entries: [`${name}-4`], call: { id: 'call', result: true }, at: at + 50 },
  );
}

function write(name: string, content: string): string {
  mkdirSync(join(temp.path, 'agent'), { recursive: true });
  const path = join(temp.path, 'agent', `${name}.jsonl`);
  writeFileSync(path, content);
  return path;
}

function prune(house: IngestHouse, change: Partial<PruneRule> = {}, home = temp.path) {
  const archive = new Archive(join(home, 'transcripts'));
  const pruning = new Pruning({ db: house.db, archive, follows: () => false });
  return pruning.run({ ...rule, ...change }, new AbortController().signal);
}

const entriesOf = (house: IngestHouse) =>
  house.rows(
    'SELECT c.conversation_id, hex(e.entry_key) AS key, e.kind, e.path FROM entries AS e JOIN conversations AS c ON c.id = e.conversation ORDER BY 1, 2',
  );

/** All that is counted of what was ever said. */
function sumsOf(house: IngestHouse) {
  const name = '(SELECT conversation_id FROM conversations AS c WHERE c.id = conversation) AS name';
  return {
    responses: house.rows('SELECT key, model, input, output FROM responses ORDER BY key'),
    usage: house.rows(
      `SELECT ${name}, model, bucket, responses, input, output FROM usage_quarters ORDER BY 1, 2, 3`,
    ),
    messages: house.rows(`SELECT ${name}, bucket, prompts, answers FROM message_quarters ORDER BY 1, 2`),
    tools: house.rows(`SELECT ${name}, tool, duration_ms, called_at, twin FROM tool_runs ORDER BY 1, 4, 5`),
    turns: house.rows(`SELECT ${name}, number, phase FROM turns ORDER BY 1, 2`),
  };
}

describe('old conversations', () => {
  it('lose what was said, and nothing that was counted', async () => {
    using house = openIngest(temp.path, formats);
    const old = write('old', conversation('old', 1000));
    const young = write('young', conversation('young', 900_000));
    house.readAll([old, young]);
    const [sums, entries] = [sumsOf(house), entriesOf(house)];
    expect(sums.messages).not.toEqual([]);
    expect(sums.tools).not.toEqual([]);
    const found = "SELECT count(*) AS n FROM entries_fts WHERE entries_fts MATCH 'words'";
    expect(house.rows(found)).toEqual([{ n: 4 }]);
    expect(await prune(house)).toEqual({ conversations: 1, entries: 4, files: 1, bytes: 0 });
    expect(house.rows(found)).toEqual([{ n: 2 }]);

    expect(entriesOf(house)).toEqual(entries.filter((row) => row.conversation_id === 'young'));
    expect(sumsOf(house)).toEqual(sums);
    const kept = readdirSync(join(temp.path, 'transcripts'), { recursive: true }).map(String);
    expect(kept.filter((path) => path.endsWith('.jsonl'))).toEqual([expect.stringMatching(/young\.jsonl$/)]);
    expect(existsSync(old)).toBe(true);
    expect(await verifyTranscripts(house.db, formats)).toMatchObject({
      files: 1,
      differences: [],
      explained: [{ about: 'transcripts.keepDays' }],
    });
    expect(await prune(house)).toMatchObject({ conversations: 0 });
  });

  it('are not read in again, until the limit is raised', async () => {
    using house = openIngest(temp.path, formats);
    const old = write('old', `${conversation('old', 1000)}{"half":`);
    house.readAll([old]);
    const [sums, entries] = [sumsOf(house), entriesOf(house)];
    await prune(house);
    house.readAll([old]);
    expect(entriesOf(house)).toEqual([]);
    expect(house.rows('SELECT archive_path FROM files')).toEqual([{ archive_path: null }]);

    const id = house.ingest.register(old, 'plain') as number;
    expect(house.ingest.reviveKept(id, 998_900)).toEqual([]);
    expect(house.ingest.reviveKept(id, 998_950)).toEqual([id]);
    house.readAll([old]);
    expect(entriesOf(house)).toEqual(entries);
    expect(sumsOf(house)).toEqual(sums);
    expect(await verifyTranscripts(house.db, formats)).toMatchObject({ differences: [], explained: [] });
  });

  it('come back whole when the agent goes on with them', async () => {
    using house = openIngest(temp.path, formats);
    const old = write('old', conversation('old', 1000));
    house.readAll([old]);
    await prune(house);
    appendFileSync(old, conversation('more', 990_000));
    house.readAll([old]);
    expect(entriesOf(house)).toHaveLength(8);
    expect(await verifyTranscripts(house.db, formats)).toMatchObject({ differences: [], explained: [] });
    expect(await prune(house)).toMatchObject({ conversations: 0 });
  });

  it('stay while a session lives that is in them', async () => {
    using house = openIngest(temp.path, formats);
    house.readAll([write('old', conversation('old', 1000))]);
    const [row] = house.rows<{ id: number }>('SELECT id FROM conversations');
    house.ingest.store.linkSession('s1', row?.id ?? 0);
    expect(await prune(house, { live: ['s0', 's1'] })).toMatchObject({ conversations: 0 });
    expect(await prune(house, { live: ['s0'] })).toMatchObject({ conversations: 1 });
  });

  it('are removed to the end after an interruption', async () => {
    using house = openIngest(temp.path, formats);
    const lines = Array.from({ length: 300 }, (_, i): PlainLine => ({ entries: [`e${i}`], at: 1000 }));
    house.readAll([write('old', text(...lines))]);
    const archive = new Archive(join(temp.path, 'transcripts'));
    const stop = new AbortController();
    const running = new Pruning({ db: house.db, archive, follows: () => false }).run(rule, stop.signal);
    stop.abort();
    expect(await running).toEqual({ conversations: 0, entries: 200, files: 0, bytes: 0 });
    expect(await verifyTranscripts(house.db, formats)).toMatchObject({ differences: [] });
    expect(await prune(house)).toEqual({ conversations: 1, entries: 100, files: 1, bytes: 0 });
  });

  it('are removed from the archive when only that has them', async () => {
    using house = openIngest(temp.path, formats);
    const content = conversation('old', 1000);
    const old = write('old', content);
    house.readAll([old]);
    rmSync(old);
    house.readAll([old]);
    expect(await prune(house)).toMatchObject({ files: 1, bytes: content.length });
    expect(existsSync(join(temp.path, 'transcripts'))).toBe(true);
    expect(readdirSync(join(temp.path, 'transcripts'))).toEqual([]);
    expect(await verifyTranscripts(house.db, formats)).toMatchObject({ differences: [] });
  });
});

const action = fc.oneof(
  fc.record({
    do: fc.constant('append' as const),
    file: fc.nat(2),
    at: fc.integer({ min: 1, max: 9 }).map((n) => n * 100_000),
    call: fc.boolean(),
    part: fc.nat(3),
  }),
  fc.record({
    do: fc.constant('prune' as const),
    keepMs: fc.integer({ min: 1, max: 10 }).map((n) => n * 100_000),
  }),
  fc.record({ do: fc.constant('import' as const), keepMs: fc.constantFrom(null, 300_000, 700_000) }),
);

it('whatever is removed and comes back, nothing is counted twice or lost', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 3, maxLength: 14 }), async (actions) => {
      runs += 1;
      const home = join(temp.path, `run-${runs}`);
      mkdirSync(join(home, 'agent'), { recursive: true });
      mkdirSync(join(home, 'fresh'));
      const paths = ['a', 'b', 'c'].map((name) => join(home, 'agent', `${name}.jsonl`));
      using house = openIngest(home, formats);
      const readAll = () =>
        house.readAll(
          paths.filter((path) => existsSync(path)),
          'plain',
        );
      let id = 0;
      for (const step of actions) {
        if (step.do === 'append') {
          id += 1;
          const line: PlainLine = {
            entries: [`e${id}`, `f${id}`],
            // Calls that look the same are copies of one.
            at: step.at + id,
            ...(step.call
              ? { call: { id: `call${id >> 1}`, result: step.part > 1 } }
              : { usage: { key: `r${id >> 1}`, input: step.part, output: id } }),
          };
          appendFileSync(paths[step.file] ?? '', text(line));
          readAll();
        } else if (step.do === 'prune') {
          await prune(house, { keepMs: step.keepMs }, home);
        } else {
          for (const path of paths.filter((one) => existsSync(one))) {
            const known = house.ingest.register(path, 'plain');
            if (typeof known === 'number') house.ingest.reviveKept(known, step.keepMs);
          }
          readAll();
        }
        expect((await verifyTranscripts(house.db, formats)).differences).toEqual([]);
      }
      using fresh = openIngest(join(home, 'fresh'), formats);
      fresh.readAll(
        paths.filter((path) => existsSync(path)),
        'plain',
      );
      const { messages, tools, ...usage } = sumsOf(house);
      const wanted = sumsOf(fresh);
      expect({ messages, tools }).toEqual({ messages: wanted.messages, tools: wanted.tools });
      expect(usage).toMatchObject({ responses: wanted.responses, turns: wanted.turns });
    }),
    { numRuns: 40 },
  );
});
