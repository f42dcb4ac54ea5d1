import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedPrices } from '@codepiper/core/analytics/prices.data.ts';
import { PriceBook } from '@codepiper/core/analytics/pricing.ts';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type IngestHouse, openIngest } from '../../test/transcripts/ingest-house.ts';
import { usageOfSession } from '../analytics/usage.store.ts';
import { type OpenReader, openTranscriptsReader, readerOf } from '../db/transcripts/open.ts';
import { fleetQueries, type Said } from './said.ts';

const session = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const id = '11111111-1111-4111-8111-111111111111';

let temp: TempDir;
let ingest: IngestHouse;
let db: OpenReader;
let path: string;
let lines = 0;

beforeEach(async () => {
  temp = await makeTempDir();
  ingest = openIngest(temp.path, transcriptFormats);
  db = readerOf(openTranscriptsReader(join(temp.path, 'transcripts.db')));
  path = join(temp.path, `${id}.jsonl`);
  lines = 0;
});
afterEach(async () => {
  db[Symbol.dispose]();
  ingest[Symbol.dispose]();
  await temp[Symbol.asyncDispose]();
});

const at = (line: number): number => 1_800_000_000_000 + line * 1000;
const iso = (line: number): string => new Date(at(line)).toISOString();

/** What Claude Code would write. */
function write(line: Record<string, unknown>): void {
  lines += 1;
  const base = { uuid: `u${lines}`, sessionId: id, cwd: '/work', version: '2.1.329', timestamp: iso(lines) };
  appendFileSync(path, `${JSON.stringify({ ...base, ...line })}\n`);
}
const prompt = (content: string) =>
  write({ type: 'user', promptSource: 'typed', message: { role: 'user', content } });
function answer(content: object[], usage: Record<string, number> | null, model = 'claude-opus-4-5-20251101') {
  const message = { id: `m${lines}`, role: 'assistant', type: 'message', model, content };
  write({
    type: 'assistant',
    requestId: `r${lines}`,
    message: { ...message, ...(usage && { usage, stop_reason: 'end_turn' }) },
  });
}
const call = (name: string, callId: string, input: object) => ({ type: 'tool_use', id: callId, name, input });
const result = (callId: string, content: string) =>
  write({
    type: 'user',
    message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: callId, content }] },
  });

function said(): Said | null {
  ingest.readAll([path], 'claude-code');
  ingest.db
    .prepare(
      'INSERT OR IGNORE INTO session_conversations SELECT ?, id FROM conversations WHERE conversation_id = ?',
    )
    .run(session, id);
  const queries = fleetQueries((context) => (one) => usageOfSession(context.db, one, context.prices()));
  const unused = (): never => {
    throw new Error('not expected');
  };
  const prices = () => new PriceBook(shippedPrices);
  const files = { main: ':memory:', auditKey: '' };
  const context = { db, formats: transcriptFormats, files, prices, main: unused, redact: unused };
  return queries.said(context, { sessions: [session] })[0] ?? null;
}

it('knows nothing of a session without a transcript', () => {
  prompt('hello');
  ingest.readAll([path], 'claude-code');
  expect(ingest.rows('SELECT 1 FROM conversations')).toHaveLength(1);
  const queries = fleetQueries(() => () => {
    throw new Error('nobody is asked');
  });
  expect(queries.said({ db } as never, { sessions: ['another'] })).toEqual([null]);
});

it('tells what goes on, from the prompt over a tool to the last words', () => {
  prompt('Make the   tests\npass');
  expect(said()).toMatchObject({
    doing: { kind: 'prompt', text: 'Make the tests pass', at: at(1) },
    lastLine: null,
    turnStartedAt: at(1),
    cost: null,
    context: null,
  });

  const usage = {
    input_tokens: 10,
    output_tokens: 20,
    cache_read_input_tokens: 30_000,
    cache_creation_input_tokens: 500,
  };
  answer(
    [call('Bash', 't1', { command: 'npm test' }), call('Read', 't2', { file_path: '/work/a.ts' })],
    usage,
  );
  result('t2', 'text of the file');
  expect(said()).toMatchObject({
    // The one that still runs, though another was called after it.
    doing: { kind: 'tool', text: 'Bash: npm test', at: at(2) },
    context: { used: 30_510, size: 200_000 },
    tokens: 30_530,
    cost: { isComplete: true, unknownTokens: 0 },
  });

  result('t1', 'passed');
  answer([{ type: 'text', text: 'All **green**.\n\n- one\n- \u001b[31mtwo\u001b[0m  \n\n' }], {
    ...usage,
    input_tokens: 11,
    cache_read_input_tokens: 40_000,
  });
  write({ type: 'system', subtype: 'turn_duration', durationMs: 5000 });
  const last = said();
  expect(last).toMatchObject({
    doing: { kind: 'text', text: 'All **green**. - one - two' },
    lastLine: '- two',
    turnStartedAt: null,
    context: { used: 40_511 },
  });
  // 20 + 20 written, 10 + 11 read, 30 000 + 40 000 from the cache, twice 500 into it; by the million.
  expect(last?.cost?.usd).toBeCloseTo((40 * 25 + 21 * 5 + 70_000 * 0.5 + 1000 * 6.25) / 1e6, 10);
});

it('leaves sub-agents out of what the session does, and counts what they cost', () => {
  prompt('look into it');
  answer([call('Task', 't1', { description: 'search' })], { input_tokens: 100, output_tokens: 1 });
  write({
    type: 'assistant',
    isSidechain: true,
    agentId: 'sub1',
    requestId: 'rs',
    message: {
      id: 'ms',
      role: 'assistant',
      model: 'claude-haiku-4-5',
      content: [{ type: 'text', text: 'I am the sub-agent' }],
      usage: { input_tokens: 7000, output_tokens: 3 },
    },
  });
  expect(said()).toMatchObject({
    doing: { kind: 'tool', text: 'Task: description: search' },
    lastLine: null,
    context: { used: 100 },
    tokens: 7104,
  });
});

it('is honest about models it knows nothing of', () => {
  prompt('hello');
  answer([{ type: 'text', text: 'hi' }], { input_tokens: 5, output_tokens: 5 }, 'my-own-model');
  expect(said()).toMatchObject({
    cost: { usd: 0, isComplete: false, unknownTokens: 10 },
    context: { used: 5, size: null },
  });
  // More than the model is known to read: it is another one by that name.
  answer([{ type: 'text', text: 'hi' }], { input_tokens: 300_000, output_tokens: 5 });
  expect(said()?.context).toEqual({ used: 300_000, size: null });
});
