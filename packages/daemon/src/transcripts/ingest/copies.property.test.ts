import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type IngestHouse, openIngest } from '../../../test/transcripts/ingest-house.ts';
import { type PlainLine, plainFormat } from '../../../test/transcripts/plain-format.ts';
import { verifyTranscripts } from '../verify.ts';
import { Archive } from './archive.ts';
import { Pruning } from './prune.ts';

const formats = { plain: plainFormat };

/** What is the same in all conversations follows from the number: these are copies of each other. */
function lineOf(number: number, what: 'message' | 'call' | 'result'): string {
  const at = 100_000 * (1 + (number % 9));
  const line: PlainLine =
    what === 'message'
      ? { entries: [`m${number}`], at }
      : {
          // Two ids that look alike: calls made at once.
          entries: [`${what}${number}`],
          call: { id: `c${number}`, result: what === 'result', path: `/f${number % 2}` },
          at: 1000 * (number >> 1) + (what === 'result' ? 7 : 0),
        };
  return `${JSON.stringify(line)}\n`;
}

const lines = fc
  .array(fc.tuple(fc.nat(5), fc.constantFrom('message' as const, 'call' as const, 'result' as const)), {
    minLength: 1,
    maxLength: 5,
  })
  .map((some) => some.map((one) => lineOf(...one)).join(''));
const growth = fc.record({ do: fc.constant('append' as const), file: fc.nat(2), lines });
const rewriting = fc.record({ do: fc.constant('rewrite' as const), file: fc.nat(2), lines });
const pruning = fc.record({
  do: fc.constant('prune' as const),
  keepMs: fc.constantFrom(1, 300_000, 700_000),
});
const importing = fc.record({ do: fc.constant('import' as const) });
type Action = typeof growth extends fc.Arbitrary<infer A> ? A : never;

const totals = (house: IngestHouse) => ({
  messages: house.rows(
    'SELECT bucket, sum(prompts) AS prompts, sum(answers) AS answers FROM message_quarters GROUP BY 1 ORDER BY 1',
  ),
  runs: house.rows(
    'SELECT tool, duration_ms, called_at, is_error, twin FROM tool_runs ORDER BY 1, 2, 3, 4, 5',
  ),
  weeks: house.rows('SELECT tool, slot, week, runs, failures FROM tool_weeks ORDER BY 1, 2, 3'),
});

/** Does it, and looks whether all that is summed up is what a recomputation says. */
async function play(
  home: string,
  actions: readonly (
    | Action
    | (typeof rewriting extends fc.Arbitrary<infer A> ? A : never)
    | (typeof pruning extends fc.Arbitrary<infer A> ? A : never)
    | (typeof importing extends fc.Arbitrary<infer A> ? A : never)
  )[],
  then: (house: IngestHouse, paths: string[]) => void,
): Promise<void> {
  mkdirSync(join(home, 'agent'), { recursive: true });
  const all = ['a', 'b', 'c'].map((name) => join(home, 'agent', `${name}.jsonl`));
  const paths = () => all.filter((path) => existsSync(path));
  using house = openIngest(home, formats);
  for (const step of actions) {
    if (step.do === 'append') appendFileSync(all[step.file] ?? '', step.lines);
    else if (step.do === 'rewrite') writeFileSync(all[step.file] ?? '', step.lines);
    else if (step.do === 'import') {
      for (const path of paths()) {
        const known = house.ingest.register(path, 'plain');
        if (typeof known === 'number') house.ingest.reviveKept(known, null);
      }
    } else {
      const archive = new Archive(join(home, 'transcripts'));
      const rule = { now: 1_000_000, keepMs: step.keepMs, live: [] };
      await new Pruning({ db: house.db, archive, follows: () => false }).run(
        rule,
        new AbortController().signal,
      );
    }
    house.readAll(paths());
    expect((await verifyTranscripts(house.db, formats)).differences).toEqual([]);
  }
  then(house, paths());
}

it('what several conversations have is counted once, whichever of them loses it', {
  timeout: 60_000,
}, async () => {
  await using temp = await makeTempDir();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 3, arbitrary: growth }, rewriting), { minLength: 2, maxLength: 10 }),
      async (actions) => {
        runs += 1;
        const home = join(temp.path, `run-${runs}`);
        await play(home, actions, (house, paths) => {
          mkdirSync(join(home, 'fresh'));
          using fresh = openIngest(join(home, 'fresh'), formats);
          for (const path of paths.reverse()) fresh.readAll([path]);
          expect(totals(house)).toEqual(totals(fresh));
        });
      },
    ),
    { numRuns: 25 },
  );
});

it('what was said in old conversations stays counted once, whichever come back', {
  timeout: 60_000,
}, async () => {
  await using temp = await makeTempDir();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 3, arbitrary: growth }, pruning, importing), {
        minLength: 2,
        maxLength: 10,
      }),
      async (actions) => {
        runs += 1;
        const home = join(temp.path, `run-${runs}`);
        await play(home, actions, (house, paths) => {
          mkdirSync(join(home, 'fresh'));
          using fresh = openIngest(join(home, 'fresh'), formats);
          fresh.readAll(paths);
          expect(totals(house)).toEqual(totals(fresh));
        });
      },
    ),
    { numRuns: 25 },
  );
});
