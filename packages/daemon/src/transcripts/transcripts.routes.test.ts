import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TranscriptImport } from '@codepiper/core/transcripts/transcript.endpoints.ts';
import { transcriptEndpoints } from '@codepiper/core/transcripts/transcript.endpoints.ts';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { generateTranscripts } from '@codepiper/testkit/transcripts/generate.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTranscriptsDb } from '../db/transcripts/open.ts';
import { QueryThread } from '../db/transcripts/query-thread.ts';
import { mountEndpoints } from '../http/mount.ts';
import { createServer } from '../http/server.ts';
import { silentLog } from '../log/log.ts';
import { Resources } from '../platform/resources.ts';
import type { StatusQueries } from './status.ts';
import { TranscriptJobs } from './transcript-jobs.ts';
import { transcriptHandlers } from './transcripts.routes.ts';
import { TranscriptsService } from './transcripts.service.ts';

const fixture = readFileSync(
  new URL('../../../providers/src/claude-code/fixtures/conversations/crash-resume.jsonl', import.meta.url),
);
const day = 24 * 60 * 60 * 1000;

let temp: TempDir;
let resources: Resources;
beforeEach(async () => {
  temp = await makeTempDir();
  resources = new Resources();
});
afterEach(async () => {
  await resources[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

interface House {
  app: FastifyInstance;
  jobs: TranscriptJobs;
  transcripts: TranscriptsService;
  ask(method: 'GET' | 'POST', url: string, body?: unknown): Promise<{ status: number; body: never }>;
}

async function open({
  keepDays = null,
  now = Date.now,
}: {
  keepDays?: number | null;
  now?: () => number;
} = {}): Promise<House> {
  const env = {
    HOME: temp.path,
    CLAUDE_CONFIG_DIR: join(temp.path, 'claude'),
    CODEX_HOME: join(temp.path, 'codex'),
  };
  const transcripts = resources.use(
    new TranscriptsService({
      ledger: { listen: () => () => undefined },
      sessions: { list: async () => [], get: async () => null },
      ...{ home: temp.path, env, log: silentLog, keepDays, sweepMs: 50 },
    }),
  );
  const data = {
    transcripts: transcripts.databasePath,
    main: ':memory:',
    prices: join(temp.path, 'prices.yaml'),
    auditKey: join(temp.path, 'audit.key'),
  };
  const { ask } = resources.use(new QueryThread<StatusQueries>({ data, log: silentLog }));
  const holdReader = () => () => undefined;
  const jobs = new TranscriptJobs({ transcripts, formats: transcriptFormats, env, holdReader });
  const app = createServer({ log: silentLog, authenticate: async () => null });
  resources.defer(() => app.close());
  mountEndpoints(app, transcriptEndpoints, transcriptHandlers({ transcripts, jobs, ask, clock: { now } }), {
    validateReplies: true,
  });
  return {
    ...{ app, jobs, transcripts },
    async ask(method, url, body) {
      const reply = await app.inject({
        method,
        url,
        ...(body === undefined ? {} : { payload: body as object }),
      });
      return { status: reply.statusCode, body: reply.json() as never };
    },
  };
}

function write(path: string, content: string | Buffer): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const claudeFile = (name = '55555555-5555-4555-8555-555555555555') =>
  join(temp.path, 'claude/projects/-work', `${name}.jsonl`);

async function runImport(house: House, body: unknown = {}): Promise<TranscriptImport> {
  const started = await house.ask('POST', '/transcripts/imports', body);
  expect(started.status).toBe(202);
  const { id } = (started.body as { import: TranscriptImport }).import;
  return waitFor('the import to end', async () => {
    const { body: said } = await house.ask('GET', `/transcripts/imports/${id}`);
    const job = (said as { import: TranscriptImport }).import;
    expect(job.state).not.toBe('running');
    return job;
  });
}

const status = async (house: House) =>
  (await house.ask('GET', '/transcripts/status')).body as Record<string, unknown>;

describe('imports', () => {
  it('say what was new, and nothing the second time', async () => {
    const { files, truth } = generateTranscripts(7, { conversations: 2, turns: 3, hugeLength: 500 });
    for (const { agent, path, content } of files) {
      const root = agent === 'codex' ? 'codex/sessions' : 'claude/projects';
      write(join(temp.path, root, path), content);
    }
    const house = await open();
    const first = await runImport(house);
    let tokens = 0;
    for (const { tokens: t } of truth.responses.values()) {
      tokens += t.input + t.output + t.cacheRead + t.cacheWrite5m + t.cacheWrite1h;
    }
    expect(first).toMatchObject({ state: 'done', files: files.length, error: null });
    expect(first.added).toEqual({
      conversations: truth.entries.size,
      responses: truth.responses.size,
      tokens,
    });
    expect((await runImport(house)).added).toEqual({ conversations: 0, responses: 0, tokens: 0 });
  });

  it('are joined while the same one runs, and remembered up to the last twenty', async () => {
    write(claudeFile(), fixture);
    const house = await open();
    const [one, two, other] = await Promise.all([
      house.jobs.startImport({}),
      house.jobs.startImport({}),
      house.jobs.startImport({ provider: 'codex' }),
    ]);
    expect(two.id).toBe(one.id);
    expect(other.id).not.toBe(one.id);
    for (let i = 0; i < 20; i += 1) await runImport(house, { directories: [temp.path] });
    expect(await house.ask('GET', `/transcripts/imports/${one.id}`)).toMatchObject({
      status: 404,
      body: { code: 'job_not_found', error: expect.stringMatching(/codepiper import.*not read twice/) },
    });
  });

  it.each([
    [{ provider: 'gpt' }, /"gpt" keeps no transcripts; those that do: claude-code, codex/],
    [{ provider: 'constructor' }, /keeps no transcripts/],
    [
      { directories: ['/nonexistent/a', '/etc/hostname/b'] },
      /: \/etc\/hostname\/b does not exist; \/nonexistent\/a does not exist\./,
    ],
  ])('of %j are refused before anything starts', async (body, says) => {
    const house = await open();
    const reply = await house.ask('POST', '/transcripts/imports', body);
    expect(reply).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', error: expect.stringMatching(says) },
    });
    expect((await house.ask('GET', '/transcripts/imports/1')).status).toBe(404);
  });

  it('of a directory that nobody can read are refused, root included', async () => {
    const house = await open();
    const loop = join(temp.path, 'loop');
    symlinkSync(loop, loop);
    const body = { directories: [loop] };
    expect(await house.ask('POST', '/transcripts/imports', body)).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/loop cannot be read: its links lead in a circle/) },
    });
  });
});

describe('verifications', () => {
  it('name the response that was changed, and the sum', async () => {
    write(claudeFile(), fixture);
    const house = await open();
    await runImport(house);
    const verify = async () => {
      const { body } = await house.ask('POST', '/transcripts/verifications');
      const { id } = (body as { verification: { id: number } }).verification;
      return waitFor('the verification to end', async () => {
        const said = await house.ask('GET', `/transcripts/verifications/${id}`);
        const job = (
          said.body as { verification: { state: string; result: { differences: { about: string }[] } } }
        ).verification;
        expect(job.state).toBe('done');
        return job.result.differences.map(({ about }) => about);
      });
    };
    expect(await verify()).toEqual([]);
    const db = openTranscriptsDb(house.transcripts.databasePath);
    const key = db.prepare('SELECT min(key) FROM responses').pluck().get() as string;
    db.prepare('UPDATE responses SET output = output + 1 WHERE key = ?').run(key);
    expect(await verify()).toEqual([`response ${key}`]);
    db.prepare('UPDATE responses SET output = output - 1 WHERE key = ?').run(key);
    db.prepare('UPDATE usage_quarters SET output = output + 1').run();
    db.close();
    expect(await verify()).toEqual([expect.stringMatching(/^sum usage_quarters of conversation 1/)]);
  });
});

describe('the status', () => {
  it('is all zeros before anything was read', async () => {
    const house = await open();
    expect(await status(house)).toEqual({
      ...{ files: 0, conversations: 0, entries: 0, responses: 0, lines: 0, unknownLines: 0, invalidLines: 0 },
      pending: { usageBytes: 0, contentBytes: 0 },
      bytes: { transcripts: 0, database: 0, search: expect.any(Number), archive: 0, archiveOnly: 0 },
      retention: { keepDays: null, due: 0, removed: 0 },
      problems: [],
    });
  });

  it('counts what was not understood, what waits, and what only the archive has', async () => {
    const half = '{"type":"user"';
    const path = write(
      claudeFile(),
      `${fixture}nonsense sk-ant-api03-${'A1b2'.repeat(22)}\n{"type":"from-the-future"}\n${half}`,
    );
    const gone = write(claudeFile('66666666-6666-4666-8666-666666666666'), fixture);
    const house = await open();
    await runImport(house);
    // As a backup has it.
    linkSync(gone, `${gone}.backup`);
    rmSync(gone);
    const before = await status(house);
    expect(before).toMatchObject({
      ...{ files: 2, conversations: 2, unknownLines: 1, invalidLines: 1 },
      pending: { usageBytes: 0, contentBytes: 0 },
      bytes: { archiveOnly: fixture.length },
      problems: [
        {
          ...{ file: path, provider: 'claude-code', version: expect.any(String), error: null },
          ...{ unknownLines: 1, invalidLines: 1, sample: expect.stringMatching(/^nonsense (?!sk-ant)/) },
        },
      ],
    });
    appendFileSync(path, '}\n');
    expect(await status(house)).toMatchObject({
      pending: { usageBytes: half.length + 2, contentBytes: half.length + 2 },
    });
  });

  it('says what the rule removes next, and that it did', async () => {
    const old = fixture.toString().replaceAll('2026-', '2024-');
    write(claudeFile(), old);
    const last = Math.max(
      ...old
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => Date.parse((JSON.parse(line) as { timestamp?: string }).timestamp ?? '0')),
    );
    const kept = await open({ keepDays: 30, now: () => last + 29.5 * day });
    await runImport(kept);
    expect(await status(kept)).toMatchObject({ retention: { keepDays: 30, due: 1, removed: 0 } });
    await resources[Symbol.asyncDispose]();
    resources = new Resources();
    const house = await open({ keepDays: 1 });
    await house.transcripts.start();
    await waitFor('the old conversation to be removed', async () =>
      expect(await status(house)).toMatchObject({ entries: 0, retention: { due: 0, removed: 1 } }),
    );
    expect((await runImport(house)).added).toEqual({ conversations: 0, responses: 0, tokens: 0 });
    expect(await status(house)).toMatchObject({ entries: 0, retention: { removed: 1 } });
  });
});
