import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  TranscriptImport,
  TranscriptVerification,
} from '@codepiper/core/transcripts/transcript.endpoints.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bytesText } from '../src/transcripts/follow.ts';
import { type FakeDaemon, startFakeDaemon } from './fake-daemon.ts';
import { cli } from './harness.ts';

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await startFakeDaemon();
});
afterEach(() => daemon[Symbol.asyncDispose]());

const running: TranscriptImport = {
  ...{ id: 3, state: 'running', directories: ['/home/ada/.claude/projects'], files: 200 },
  ...{ allBytes: 500_000_000, usageBytes: 500_000_000, contentBytes: 125_000_000, added: null, error: null },
};
const done: TranscriptImport = {
  ...{ ...running, state: 'done', contentBytes: 500_000_000 },
  added: { conversations: 12, responses: 345, tokens: 1_234_567 },
};

const status = {
  ...{ files: 3, conversations: 2, entries: 40, responses: 5, lines: 50, unknownLines: 0, invalidLines: 0 },
  pending: { usageBytes: 0, contentBytes: 0 },
  bytes: { transcripts: 5_000_000, database: 1_200_000, search: 400_000, archive: 5_000_000, archiveOnly: 0 },
  retention: { keepDays: null, due: 0, removed: 0 },
  problems: [],
};

/** The daemon says so often that it runs before it has an end. */
function onImport(rounds: number, end: TranscriptImport): void {
  let asked = 0;
  daemon
    .on('POST /transcripts/imports', () => [202, { import: { ...running, files: 0 } }])
    .on('GET /transcripts/imports/3', () => {
      asked += 1;
      return { import: asked <= rounds ? running : end };
    })
    .on('GET /transcripts/status', () => status);
}

describe('codepiper import', () => {
  test('is one line in a pipe, with paths made absolute', async () => {
    onImport(1, done);
    const { code, out, err } = await cli(['import', '../old', '/srv/x', '--provider', 'codex'], {
      socket: daemon.socket,
    });
    expect(daemon.asked[0]?.body).toEqual({ provider: 'codex', directories: ['/home/ada/old', '/srv/x'] });
    expect(out).toMatch(/^New: 12 conversations and 1,234,567 tokens \(200 files, 500 MB, .*\)\.\n$/);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  test('shows on a terminal how far it is, and what comes next', async () => {
    onImport(2, done);
    const { out, err } = await cli(['import'], {
      ...{ socket: daemon.socket, columns: 120, isTTY: { stdout: true, stderr: true } },
      env: { NO_COLOR: '1' },
    });
    expect(daemon.asked[0]?.body).toEqual({});
    expect(err).toContain('Looking for transcripts …');
    expect(err).toMatch(/█+░+ +62 % {2}totals 100 %, conversations 25 % {2}200 files, 500 MB/);
    expect(err.endsWith('\r\x1b[2K')).toBe(true);
    expect(out).toContain('Next: codepiper analytics');
  });

  test.each([
    [{ ...done, added: { conversations: 0, responses: 0, tokens: 0 } }, /^Nothing new \(200 files/],
    [{ ...done, files: 0 }, /^No transcripts in ~\/\.claude\/projects\.\n$/],
  ])('says when there is nothing', async (end, says) => {
    onImport(0, end);
    expect((await cli(['import'], { socket: daemon.socket })).out).toMatch(says);
  });

  test('waits for nothing with --detach', async () => {
    onImport(0, done);
    const { out } = await cli(['import', '--detach', 'a b'], { socket: daemon.socket });
    expect(out).toBe('Import 3 runs in the daemon. To see how far it is: codepiper import "a b"\n');
    expect(daemon.asked).toHaveLength(1);
  });

  test('prints the import as JSON when it is done', async () => {
    onImport(1, done);
    expect(JSON.parse((await cli(['import', '--json'], { socket: daemon.socket })).out)).toEqual(done);
  });

  test('tells of what cannot be read, and fails when it failed', async () => {
    onImport(0, done);
    const one = {
      ...{ file: '/x', provider: null, version: null, sample: null },
      error: 'permission denied',
    };
    daemon.on('GET /transcripts/status', () => ({ ...status, problems: [one, one] }));
    expect((await cli(['import'], { socket: daemon.socket })).err).toBe(
      '2 paths cannot be read: codepiper doctor\n',
    );
    onImport(0, {
      ...done,
      state: 'failed',
      error: 'The disk is full. Start it again: it goes on where it was.',
    });
    const failed = await cli(['import'], { socket: daemon.socket });
    expect(failed).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('failed: The disk is full.'),
    });
  });

  test('goes on in the daemon after Ctrl+C', async () => {
    onImport(Number.POSITIVE_INFINITY, done);
    const ended = cli(['import', '--provider', 'codex'], { socket: daemon.socket });
    await waitFor('the import to be asked for', () => daemon.asked.length > 1);
    process.emit('SIGINT');
    expect(await ended).toMatchObject({
      code: 130,
      out: '',
      err: 'The import goes on in the daemon. To see how far it is: codepiper import --provider codex\n',
    });
    expect(process.listenerCount('SIGINT')).toBe(0);
  });
});

describe('codepiper verify', () => {
  const result = {
    ...{ lines: 1000, entries: 900, responses: 80 },
    tokens: { input: 1, output: 22_333, cacheRead: 3, cacheWrite5m: 4, cacheWrite1h: 5, reasoning: 6 },
    differences: [],
    explained: [],
  };
  const verified = (change: { differences?: object[]; explained?: object[] }) => {
    const base = { id: 1, state: 'running', filesDone: 1, files: 4, error: null, result: null };
    daemon
      .on('POST /transcripts/verifications', () => [202, { verification: base }])
      .on('GET /transcripts/verifications/1', () => ({
        verification: { ...base, state: 'done', filesDone: 4, result: { ...result, ...change } },
      }));
  };

  test('shows what was compared, and ends with 0 when all agrees', async () => {
    const explained = [{ about: '/x/\x1b.jsonl', message: 'not compared: it is gone' }];
    verified({ explained });
    const { code, out, err } = await cli(['verify'], { socket: daemon.socket, isTTY: { stderr: true } });
    expect(out).toMatch(/^files +4$/m);
    expect(out).toMatch(/^output tokens +22,333$/m);
    expect(out).toContain(
      'All agrees with the files.\nExplained, no fault (1):\n  /x/\\x1b.jsonl: not compared',
    );
    expect(err).toContain('1 of 4 files compared');
    expect(code).toBe(0);
  });

  test('names differences and ends with 1', async () => {
    verified({ differences: Array.from({ length: 60 }, (_, i) => ({ about: `r${i}`, message: 'differs' })) });
    const { code, out } = await cli(['verify'], { socket: daemon.socket });
    expect(out).toContain('60 differences between database and files:\n  r0: differs\n');
    expect(out).toContain('and 10 more');
    expect(code).toBe(1);
    const json = await cli(['verify', '--json'], { socket: daemon.socket });
    expect((JSON.parse(json.out) as TranscriptVerification).result?.differences).toHaveLength(60);
    expect(json.code).toBe(1);
  });
});

describe('codepiper doctor', () => {
  beforeEach(() => {
    daemon.on('GET /health', () => ({ version: '0.1.0', pid: 1, liveSessions: 0 }));
  });
  const checks = async (home = '/nonexistent/codepiper', socket = daemon.socket) => {
    const { out } = await cli(['doctor', '--json'], {
      socket,
      env: { CODEPIPER_HOME: home },
    });
    const report = JSON.parse(out) as {
      checks: { name: string; status: string; message: string; hint: string }[];
    };
    return report.checks.filter(({ name }) => /transcript|prices|retention/.test(name));
  };

  test('says how much there is', async () => {
    daemon.on('GET /transcripts/status', () => status);
    expect(await checks()).toEqual([
      {
        ...{ name: 'transcripts', status: 'ok', hint: null },
        message:
          '2 conversations in 3 files of 5.0 MB; database 1.2 MB, of it search 400 kB; archive 5.0 MB, of it 0 bytes the agents have no more',
      },
    ]);
  });

  test('says what is not understood, not readable, not read and not kept', async () => {
    daemon.on('GET /transcripts/status', () => ({
      ...status,
      ...{ unknownLines: 2, invalidLines: 1 },
      pending: { usageBytes: 0, contentBytes: 7_000_000 },
      retention: { keepDays: 90, due: 2, removed: 7 },
      problems: [
        {
          file: '/closed',
          provider: null,
          version: null,
          unknownLines: 0,
          invalidLines: 0,
          sample: null,
          error: 'permission denied',
        },
        {
          file: '/a.jsonl',
          provider: 'codex',
          version: '0.145.0',
          unknownLines: 2,
          invalidLines: 1,
          sample: '{"type":"new"}',
          error: null,
        },
      ],
    }));
    const found = await checks();
    expect(found.map(({ name, status: state }) => [name, state])).toEqual([
      ['transcripts', 'ok'],
      ['transcript lines', 'warn'],
      ['transcript files', 'warn'],
      ['transcripts behind', 'warn'],
      ['retention', 'ok'],
    ]);
    expect(found[1]?.message).toBe(
      'not understood: 1 line that is no valid JSON, 2 lines of an unknown kind; most in /a.jsonl (codex 0.145.0), the first: {"type":"new"}',
    );
    expect(found[2]?.message).toBe('cannot be read: /closed (permission denied)');
    expect(found[3]?.message).toContain('7.0 MB for conversations and search');
    expect(found[4]?.message).toContain('removed 90 days after the last word');
    expect(found[4]?.message).toContain('2 conversations within a day; so far 7 conversations');
  });

  test('looks at the files itself when there is no daemon', async () => {
    await using temp = await makeTempDir();
    const home = temp.path;
    await writeFile(join(home, 'transcripts.db'), 'no database');
    await writeFile(join(home, 'prices.yaml'), 'prices: [{ model: 5 }]\n');
    const found = await checks(home, '/nonexistent/socket');
    expect(found.map(({ name, status: state }) => [name, state])).toEqual([
      ['transcripts database', 'fail'],
      ['prices', 'fail'],
    ]);
    expect(found[0]?.hint).toContain('codepiper daemon restart');
    expect(found[1]?.message).toMatch(/prices\.yaml.*model/);
  });
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [999_949, '1000 kB'],
  [999_950, '1.0 MB'],
  [123_456_789, '123 MB'],
  [2.5e15, '2500 TB'],
])('%d is %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
