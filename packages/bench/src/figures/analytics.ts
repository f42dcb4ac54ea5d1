import { DatabaseSync } from 'node:sqlite';
import type { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { buildHouse } from '../bench-house.ts';
import type { Figure, Row } from '../figure.ts';
import { tailOf, takePairs } from '../pairs.ts';
import { fillUsageDatabase } from '../usage-database.ts';

const responses = 1_000_000;
const dayMs = 86_400_000;
/** What is asked of each path, beside periods. */
const narrowed = ['', 'workspace=/home/ada/projects/app-7', 'session=00000190', 'provider=codex'];
const byModel = [...narrowed, 'model=anthropic/claude-opus-5.5'];

interface Asked {
  path: string;
  of: readonly string[];
  /** Rows of the same period are counted here for the floor. */
  table: string;
  time: string;
}
const usage = (path: string): Asked => ({ path, of: byModel, table: 'responses', time: 'at' });
const asked: readonly Asked[] = [
  ...['overview', 'token-usage', 'tokens-by-model', 'sessions-by-provider'].map(usage),
  ...['sessions', 'turns', 'cost-drivers'].map(usage),
  { path: 'waste', of: byModel, table: 'turns', time: 'started_at' },
  { path: 'activity-timeline', of: narrowed, table: 'entries', time: 'at' },
  { path: 'tool-usage', of: [...narrowed, 'order=slow'], table: 'tool_calls', time: 'called_at' },
  { path: 'file-reads', of: narrowed, table: 'tool_calls', time: 'called_at' },
];

/** Every question of analytics, through the daemon, on a year of a million responses. */
export const analytics: Figure = {
  name: 'analytics',
  async measure({ runs }) {
    await using house = await buildHouse();
    await makeTranscriptsDb(house);
    const { path: file, end } = fillUsageDatabase(house, responses);
    await house.start();
    using database = new DatabaseSync(file, { readOnly: true });
    const periods = periodsBefore(end);
    const rows: Row[] = [];
    for (const { path, of, table, time } of asked) {
      const all = of.flatMap((narrow) => periods.map((period) => ({ ...period, narrow })));
      let next = 0;
      let counted = 0;
      const pairs = await takePairs(
        runs * all.length,
        async () => {
          const { query, narrow } = all[next++ % all.length] ?? { query: '', narrow: '' };
          return timeQuery(house, `/analytics/${path}?${query}&timezone=Europe/Berlin&${narrow}`);
        },
        () => {
          const { since, until } = all[counted++ % all.length] ?? { since: 0, until: end };
          const started = performance.now();
          database
            .prepare(`SELECT count(*) FROM ${table} WHERE ${time} >= ? AND ${time} < ?`)
            .get(since, until);
          return performance.now() - started;
        },
        all.length,
      );
      rows.push({
        figure: `analytics ${path}, p95`,
        ...tailOf(pairs, 0.95),
        floorOf: 'rows of the period counted in SQLite',
        unit: 'ms',
        target: { of: 'ours', max: 100 },
      });
    }
    return rows;
  },
};

/** Named ranges, and one that begins and ends in the middle of an hour, a day and a week. */
function periodsBefore(end: number): { query: string; since: number; until: number }[] {
  const iso = (at: number) => new Date(at).toISOString();
  const odd = { since: end - 287.4 * dayMs, until: end - 45.6 * dayMs };
  return [
    { query: 'range=today', since: end - dayMs, until: end },
    { query: 'range=7d', since: end - 7 * dayMs, until: end },
    { query: 'range=30d', since: end - 30 * dayMs, until: end },
    { query: 'range=all', since: 0, until: end + 1 },
    { query: `since=${iso(odd.since)}&until=${iso(odd.until)}`, ...odd },
  ];
}

async function timeQuery(house: House, path: string): Promise<number> {
  const started = performance.now();
  const { status, text } = await house.http('GET', path);
  const spent = performance.now() - started;
  if (status !== 200) throw new Error(`${path}: ${text}`);
  return spent;
}

/** Has a daemon make the database: bringing in an empty directory is enough. */
async function makeTranscriptsDb(house: House): Promise<void> {
  await house.start();
  const directory = await house.workDirectory();
  const begun = await house.http('POST', '/transcripts/imports', { directories: [directory] });
  if (begun.status !== 202) throw new Error(`the import was refused: ${begun.text}`);
  const { id } = (begun.body as { import: { id: number } }).import;
  await waitFor('the import to end', async () => {
    const { body } = await house.http('GET', `/transcripts/imports/${id}`);
    return (body as { import: { state: string } }).import.state === 'done';
  });
  await house.halt('SIGTERM');
}
