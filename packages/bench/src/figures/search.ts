import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { toMatch } from '@codepiper/core/search/match.ts';
import { parseSearch } from '@codepiper/core/search/query.ts';
import type { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { buildHouse } from '../bench-house.ts';
import type { Figure, Row } from '../figure.ts';
import { type Pair, tailOf, takePairs } from '../pairs.ts';
import { writeCorpus } from '../transcripts-corpus.ts';

const size = { bytes: 1_000_000_000, files: 400 };

/** What people search for, by what makes it quick or slow. The corpus is made of this repository's own words. */
const asked: Readonly<Record<string, readonly [q: string, filter?: string][]>> = {
  'rare words': [['zeitgeist'], ['openTranscriptsDb'], ['judge_call'], ['deadline backoff'], ['EADDRINUSE']],
  'common words': [['session'], ['the'], ['error'], ['the session'], ['return false'], ['test OR expect']],
  phrases: [['"query worker"'], ['"of the"'], ['"the session is"'], ['packages/core/src'], ['timeout -test']],
  beginnings: [['sess*'], ['con*'], ['transcri*'], ['pars* error']],
  filtered: [
    ['session', 'kind=prompt'],
    ['error', 'tool=Bash'],
    ['the', 'provider=codex'],
    ['policy', 'workspace=/home/dev'],
    ['the', 'since=2026-11-01'],
  ],
};

/** The first page of what is searched for, through the daemon, in a gigabyte of transcripts. */
export const search: Figure = {
  name: 'search',
  async measure({ runs }) {
    await using house = await buildHouse();
    await house.start();
    const started = performance.now();
    const directory = await house.workDirectory();
    try {
      const { bytes } = writeCorpus(directory, size);
      await importAll(house, directory);
      const built = (performance.now() - started) / 1000;
      using database = new DatabaseSync(join(house.home, 'transcripts.db'), { readOnly: true });
      const note = `${Math.round(bytes / 1e6)} MB in ${size.files} files, made and read in ${Math.round(built)} s`;
      return await measureKinds(house, database, runs, note);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measureKinds(
  house: House,
  database: DatabaseSync,
  runs: number,
  note: string,
): Promise<Row[]> {
  const rows: Row[] = [];
  const all: Pair[] = [];
  const row = (figure: string, pairs: readonly Pair[]): Row => ({
    ...{ figure, ...tailOf(pairs, 0.95), floorOf: 'ids of the same match in SQLite', unit: 'ms' },
    target: { of: 'ours', max: 50 },
  });
  for (const [kind, questions] of Object.entries(asked)) {
    let [next, counted] = [0, 0];
    const pairs = await takePairs(
      runs * questions.length,
      () => timeSearch(house, ...(questions[next++ % questions.length] ?? [''])),
      () => timeMatch(database, questions[counted++ % questions.length]?.[0] ?? ''),
      questions.length,
    );
    all.push(...pairs);
    rows.push(row(`search ${kind}, p95`, pairs));
  }
  return [{ ...row('search, first page, p95', all), note }, ...rows];
}

async function timeSearch(house: House, q: string, filter = ''): Promise<number> {
  const started = performance.now();
  const { status, text } = await house.http('GET', `/search?q=${encodeURIComponent(q)}&${filter}`);
  const spent = performance.now() - started;
  if (status !== 200) throw new Error(`${q}: ${text}`);
  return spent;
}

/** As many as ours compares with each other. */
function timeMatch(database: DatabaseSync, q: string): number {
  const { text } = toMatch(parseSearch(q).root, [], () => null);
  const started = performance.now();
  database
    .prepare('SELECT rowid FROM entries_fts WHERE entries_fts MATCH ? ORDER BY rowid DESC LIMIT 2000')
    .all(text);
  return performance.now() - started;
}

async function importAll(house: House, directory: string): Promise<void> {
  const begun = await house.http('POST', '/transcripts/imports', { directories: [directory] });
  if (begun.status !== 202) throw new Error(`the import was refused: ${begun.text}`);
  const { id } = (begun.body as { import: { id: number } }).import;
  await waitFor(
    'the import to end',
    async () => {
      const { body } = await house.http('GET', `/transcripts/imports/${id}`);
      return (body as { import: { state: string } }).import.state === 'done';
    },
    { timeout: 600_000, interval: 500 },
  );
}
