import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTranscriptsReader } from '../db/transcripts/open.ts';
import type { EventListener } from '../events/ledger.ts';
import { silentLog } from '../log/log.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { Committed } from './ingest/messages.ts';
import { TranscriptsService } from './transcripts.service.ts';

const conversation = '55555555-5555-4555-8555-555555555555';
const fixture = readFileSync(
  new URL('../../../providers/src/claude-code/fixtures/conversations/crash-resume.jsonl', import.meta.url),
);

let temp: TempDir;
let path: string;
let listener: EventListener | null = null;
const records = new Map<string, SessionRecord>();

beforeEach(async () => {
  temp = await makeTempDir();
  records.clear();
  path = join(temp.path, 'claude/projects/-work', `${conversation}.jsonl`);
});
afterEach(async () => temp[Symbol.asyncDispose]());

function makeService(): TranscriptsService {
  return new TranscriptsService({
    ledger: {
      listen: (heard) => {
        listener = heard;
        return () => {
          listener = null;
        };
      },
    },
    sessions: { list: async () => [...records.values()], get: async (id) => records.get(id) ?? null },
    home: temp.path,
    env: {
      HOME: temp.path,
      CLAUDE_CONFIG_DIR: join(temp.path, 'claude'),
      CODEX_HOME: join(temp.path, 'codex'),
    },
    log: silentLog,
    sweepMs: 50,
  });
}

function setSession(change: { path?: string | null; conversation?: string | null; status?: string }): void {
  records.set('s1', {
    id: 's1',
    provider: 'claude-code',
    status: change.status ?? 'running',
    transcriptPath: change.path ?? null,
    conversation: { id: change.conversation ?? null, mode: 'new', source: null, forkedFrom: null },
  } as SessionRecord);
}

const tell = (type: string) =>
  listener?.([
    { id: 1, sessionId: 's1', source: 'session', type, payload: {}, timestamp: '' } as LedgerEvent,
  ]);

function count(service: TranscriptsService, sql: string): number {
  const db = openTranscriptsReader(service.databasePath);
  try {
    return db.prepare(sql).pluck().get() as number;
  } finally {
    db.close();
  }
}

describe('transcripts of sessions', () => {
  it('are read as they grow, from a file that comes late', async () => {
    await using service = makeService();
    setSession({ path: null, conversation });
    await service.start();
    const heard: Committed[] = [];
    service.listen((committed) => heard.push(committed));
    setSession({ path, conversation });
    tell('session.conversation');
    mkdirSync(join(path, '..'), { recursive: true });
    const half = fixture.indexOf(10, fixture.length / 2) + 5;
    writeFileSync(path, fixture.subarray(0, half));
    await waitFor('a notice', () => heard.some((one) => one.entries > 0));
    appendFileSync(path, fixture.subarray(half));
    const lines = fixture.toString().split('\n').length - 1;
    await waitFor('all lines', () => count(service, 'SELECT sum(lines) FROM files') === lines);
    const last = count(service, 'SELECT max(id) FROM entries');
    await waitFor('the notice of the last entry', () => heard.at(-1)?.lastEntry === last);
    expect(heard.at(-1)).toMatchObject({
      conversationId: conversation,
      provider: 'claude-code',
      sessionIds: ['s1'],
    });
    const verified = await service.verify();
    expect(verified).toMatchObject({ files: 1, lines, differences: [], explained: [] });
    expect(verified.responses).toBeGreaterThan(0);
  });

  it('are read to the end when the session has ended, also before this start', async () => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, fixture);
    setSession({ path, conversation, status: 'stopped' });
    await using service = makeService();
    await service.start();
    await waitFor('the file to be read', async () => (await service.verify()).lines > 0);
  });

  it('are found by the conversation when nobody told the path', async () => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, fixture);
    setSession({ path: null, conversation });
    await using service = makeService();
    await service.start();
    await waitFor('the file to be read', async () => (await service.verify()).entries > 0);
    expect(count(service, "SELECT count(*) FROM session_conversations WHERE session_id = 's1'")).toBe(1);
  });

  it('are brought in from elsewhere, once however often', async () => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, fixture);
    await using service = makeService();
    const first = await service.import({ provider: null, directories: null });
    expect(first).toMatchObject({
      files: 1,
      usageBytes: fixture.length,
      contentBytes: fixture.length,
      allBytes: fixture.length,
    });
    const before = await service.verify();
    expect(before.entries).toBeGreaterThan(0);
    await service.import({ provider: 'claude-code', directories: [temp.path] });
    expect(await service.verify()).toEqual(before);
  });

  it('are refused, and not waited for, once the daemon stops', async () => {
    const service = makeService();
    await service[Symbol.asyncDispose]();
    await expect(service.import({ provider: null, directories: null })).rejects.toThrow('The daemon stops.');
    await expect(service.verify()).rejects.toThrow('The daemon stops.');
  });

  it('are read as they grow while a large file is verified', { timeout: 60_000 }, async () => {
    await using service = makeService();
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, fixture);
    setSession({ path, conversation });
    await service.start();
    await waitFor('the session', () => count(service, 'SELECT count(*) FROM files') === 1);
    const large = path.replace(conversation, conversation.replaceAll('5', '6'));
    // Costs nothing to store, and much to read.
    writeFileSync(large, '\n'.repeat(6_000_000));
    await service.import({ provider: null, directories: [join(large, '..')] });
    let told = 0;
    let toldWhenHeard: number | null = null;
    service.listen(() => {
      toldWhenHeard ??= told;
    });
    const lines = fixture
      .toString()
      .split('\n')
      .filter((line) => line.includes('"uuid"'));
    const verified = await service.verify(({ done }) => {
      told = done;
      // The small one is done, the large one has begun.
      if (done === 1) appendFileSync(path, `${lines[0]?.replace(/"uuid":"[^"]*"/, '"uuid":"new"')}\n`);
    });
    expect(verified).toMatchObject({ files: 2, differences: [] });
    await waitFor('the new line', () => toldWhenHeard !== null);
    expect(toldWhenHeard).toBe(1);
  });

  it('are verified no more when the daemon stops', async () => {
    const service = makeService();
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, fixture);
    writeFileSync(path.replace(conversation, conversation.replaceAll('5', '6')), '\n'.repeat(4_000_000));
    await service.import({ provider: null, directories: null });
    // The word to stop waits for the thread, which reads its mail between files: the second one is never begun.
    const verifying = service.verify();
    const stopping = service[Symbol.asyncDispose]();
    await expect(verifying).rejects.toThrow('The daemon stops.');
    await stopping;
  });

  it('cost no thread when there is nothing to read', async () => {
    await using service = makeService();
    await service.start();
    expect(() => openTranscriptsReader(service.databasePath)).toThrow();
  });
});
