import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../log/log.ts';
import type { TranscriptQueries } from '../../query-worker.ts';
import { QueryThread } from './query-thread.ts';

let temp: TempDir;
let started: number;
let last: Worker | null;
const count = (message: unknown): void => {
  started += 1;
  last = (message as { worker: Worker }).worker;
};

beforeEach(async () => {
  temp = await makeTempDir();
  started = 0;
  last = null;
  subscribe('worker_threads', count);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(async () => {
  vi.useRealTimers();
  unsubscribe('worker_threads', count);
  await temp[Symbol.asyncDispose]();
});

const open = () =>
  new QueryThread<TranscriptQueries>({
    data: {
      transcripts: join(temp.path, 'transcripts.db'),
      main: ':memory:',
      prices: join(temp.path, 'prices.yaml'),
      auditKey: join(temp.path, 'audit.key'),
    },
    log: silentLog,
  });

describe('the thread that reads', () => {
  it('ends when nobody asks for a while, and is started again by the next question', async () => {
    await using thread = open();
    expect(await thread.ask('newestEntry', {})).toBe(0);
    vi.advanceTimersByTime(29_000);
    expect(await thread.ask('newestEntry', {})).toBe(0);
    expect(started).toBe(1);
    vi.advanceTimersByTime(30_000);
    expect(await thread.ask('newestEntry', {})).toBe(0);
    expect(started).toBe(2);
  });

  it('stays while somebody holds it', async () => {
    await using thread = open();
    const [letGo, other] = [thread.hold(), thread.hold()];
    await thread.ask('newestEntry', {});
    vi.advanceTimersByTime(60_000);
    letGo();
    letGo();
    vi.advanceTimersByTime(60_000);
    await thread.ask('newestEntry', {});
    expect(started).toBe(1);
    other();
    vi.advanceTimersByTime(30_000);
    await thread.ask('newestEntry', {});
    expect(started).toBe(2);
  });

  it('says so to everybody who waits when it ends by itself, and is there for the next question', async () => {
    await using thread = open();
    await thread.ask('newestEntry', {});
    // Asked while it ends, of which nobody has heard yet: a thread that lives might answer before it is ended.
    const ended = last?.terminate();
    const waiting = [thread.ask('newestEntry', {}), thread.ask('conversation', { ref: 'x' })];
    for (const { reason } of (await Promise.allSettled(waiting)) as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: 'internal', message: expect.stringContaining('Ask again') });
    }
    await ended;
    expect(await thread.ask('newestEntry', {})).toBe(0);
    expect(started).toBe(2);
  });

  it('answers what it refuses with the same error', async () => {
    await using thread = open();
    await expect(thread.ask('conversation', { ref: 'x' })).rejects.toMatchObject({
      code: 'conversation_not_found',
    });
  });
});
