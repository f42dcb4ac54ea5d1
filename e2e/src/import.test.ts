import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { House } from '@codepiper/testkit/house.ts';
import { generateTranscripts } from '@codepiper/testkit/transcripts/generate.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const { files, truth } = generateTranscripts(41, { conversations: 5, turns: 5, hugeLength: 5000 });
const roots = { 'claude-code': '.claude/projects', codex: '.codex/sessions' } as const;
const pathOf = (house: House, file: (typeof files)[number]) =>
  join(house.env.HOME ?? '', roots[file.agent], file.path);

let house: House;
beforeAll(async () => {
  house = await House.open();
  for (const file of files) {
    await mkdir(dirname(pathOf(house, file)), { recursive: true });
    await writeFile(pathOf(house, file), file.content);
  }
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

const json = async <T>(...args: string[]): Promise<T> => JSON.parse(await house.run(...args, '--json')) as T;

interface Totals {
  responses: number;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  reasoning: number;
}

const counters = ['input', 'output', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'reasoning'] as const;

async function totals(): Promise<Totals> {
  const { total } = await json<{ total: Totals }>('analytics', 'models', '--range', 'all');
  return Object.fromEntries(['responses' as const, ...counters].map((name) => [name, total[name]])) as never;
}

function trueTotals(): Totals {
  const sums: Totals = { responses: truth.responses.size } as Totals;
  for (const name of counters) {
    sums[name] = [...truth.responses.values()].reduce((sum, { tokens }) => sum + tokens[name], 0);
  }
  return sums;
}

interface Status {
  entries: number;
  lines: number;
  invalidLines: number;
  conversations: number;
  retention: { removed: number };
}
const status = async () => (await house.http('GET', '/transcripts/status')).body as Status;

/** Changes the database behind the daemon's back. */
function change(sql: string): void {
  const database = new DatabaseSync(join(house.home, 'transcripts.db'));
  database.exec(sql);
  database.close();
}

describe('transcripts that codepiper did not start', () => {
  it('are imported to the token, once however often', async () => {
    expect(await house.run('import')).toMatch(
      new RegExp(`^New: ${truth.entries.size} conversations and [\\d,]+ tokens \\(${files.length} files`),
    );
    expect(await totals()).toEqual(trueTotals());
    const before = await status();
    expect(before).toMatchObject({ conversations: truth.entries.size });
    expect(await house.run('import')).toMatch(/^Nothing new/);
    expect(await house.run('import', '.', '--provider', 'codex')).toMatch(/^No transcripts in /);
    expect(await status()).toEqual(before);
  });

  it('agree with their files, and the difference is named when they do not', async () => {
    expect(await house.run('verify')).toContain('All agrees with the files.');
    const database = new DatabaseSync(join(house.home, 'transcripts.db'));
    const { key } = database.prepare('SELECT key FROM responses ORDER BY key LIMIT 1').get() as {
      key: string;
    };
    database.close();
    change(`UPDATE responses SET input = input + 1 WHERE key = '${key}'`);
    const damaged = await house.cli(['verify']);
    expect(damaged.code).toBe(1);
    expect(damaged.stdout).toContain('1 difference between database and files:');
    expect(damaged.stdout).toContain(`response ${key}: the database has`);
    change(`UPDATE responses SET input = input - 1 WHERE key = '${key}'`);
    const oneEntry = 'WHERE id = (SELECT min(id) FROM entries)';
    change(`UPDATE entries SET line_offset = line_offset + 1 ${oneEntry}`);
    const again = await house.cli(['verify', '--json']);
    const { result } = JSON.parse(again.stdout) as { result: { differences: { message: string }[] } };
    expect(result.differences).toEqual([
      {
        about: expect.any(String),
        message: expect.stringMatching(/no line tells of: .* at byte \d+ of file/),
      },
    ]);
    change(`UPDATE entries SET line_offset = line_offset - 1 ${oneEntry}`);
  });

  it('show what is not understood to the doctor', async () => {
    const [file] = files;
    if (!file) throw new Error('nothing was generated');
    const junk = [...truth.junk.values()].reduce((sum, { invalid }) => sum + invalid, 0);
    const { invalidLines } = await status();
    expect(invalidLines).toBe(junk);
    await appendFile(pathOf(house, file), '\n{"broken": \n');
    await house.run('import');
    const { checks } = await json<{ checks: { name: string; message: string; status: string }[] }>('doctor');
    const line = checks.find(({ name }) => name === 'transcript lines');
    expect(line?.status).toBe('warn');
    expect(line?.message).toMatch(/not understood: \d+ lines? that (is|are) no valid JSON/);
    expect((await status()).invalidLines).toBeGreaterThan(invalidLines);
    expect((await house.cli(['verify'])).code).toBe(0);
  });

  it('lose what was said when they are old and the user wants it so, and no number', async () => {
    const [before, counted] = [await totals(), await status()];
    await house.halt('SIGTERM');
    house.env.CODEPIPER_TRANSCRIPTS_KEEP_DAYS = '1';
    // No clock that runs these tests is earlier.
    change(`UPDATE conversations SET last_at = min(last_at, ${Date.UTC(2026, 0, 1)})`);
    await house.start();
    await waitFor('the old conversations to be removed', async () =>
      expect(await status()).toMatchObject({ entries: 0, retention: { removed: counted.conversations } }),
    );
    expect(await totals()).toEqual(before);
    expect(await house.run('import')).toMatch(/^Nothing new/);
    expect(await status()).toMatchObject({ entries: 0, conversations: counted.conversations });
    expect(await house.run('verify')).toContain(
      'Explained, no fault (1):\n  transcripts.keepDays: not compared',
    );
    expect(await house.log()).toContain('old conversations were removed');
    const [file] = files.slice(1);
    if (file) expect(await readFile(pathOf(house, file), 'utf8')).toBe(file.content);

    await house.halt('SIGTERM');
    house.env.CODEPIPER_TRANSCRIPTS_KEEP_DAYS = '';
    await house.start();
    await house.run('import');
    expect(await status()).toMatchObject({ entries: counted.entries, retention: { removed: 0 } });
    expect(await totals()).toEqual(before);
    expect(await house.run('verify')).toContain('All agrees with the files.');
  });
});
