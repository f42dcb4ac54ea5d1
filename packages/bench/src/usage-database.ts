import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { House } from '@codepiper/testkit/house.ts';

const conversations = 2000;
const projects = 20;
const days = 365;
const dayMs = 86_400_000;
const each = (days * dayMs) / conversations;
/** Five hundred responses, one every half a minute. */
const length = dayMs / 6;

export interface UsageDatabase {
  path: string;
  /** Of the last response, in milliseconds since the epoch. */
  end: number;
}

/**
 * Fills the transcripts.db of a house, whose daemon has made it and is gone: a year of so many responses and as many calls
 * of tools, in two thousand conversations of both agents. The database's own triggers keep its sums.
 */
export function fillUsageDatabase(house: House, count: number, end = Date.now()): UsageDatabase {
  const path = join(house.home, 'transcripts.db');
  using database = new DatabaseSync(path);
  const begin = end - days * dayMs;
  const own = count / conversations;
  // A number of the row's own, or of another one's, the same in every run.
  const mix = (salt: number, row = 'i') => `(((${row} + ${salt}) * 2654435761) % 4294967296 / 65536)`;
  const rows = (most: number) =>
    `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${most - 1})`;
  const conversation = `i / ${own} + 1`;
  const at = `CAST(${begin} + (i / ${own}) * ${each} + (i % ${own}) * ${length / own} AS INTEGER)`;
  const pick = (names: readonly string[], salt: number, row = 'i') =>
    `json_extract('${JSON.stringify(names)}', '$[' || (${mix(salt, row)} % ${names.length}) || ']')`;
  const isSubagent = `${mix(1)} % 5 = 0`;
  database.exec(`
    PRAGMA synchronous = OFF;
    BEGIN;
    ${rows(conversations)} INSERT INTO conversations
      (id, provider, conversation_id, cwd, title, started_at, last_at)
      SELECT i + 1, iif(i % 3 = 0, 'codex', 'claude-code'), printf('%08x-0000-4000-8000-%012x', i, i),
        '/home/ada/projects/app-' || (i % ${projects}), 'Conversation ' || i,
        ${begin} + i * ${each}, ${begin} + i * ${each} + ${length} FROM n;
    ${rows(conversations)} INSERT INTO files
      (id, path, provider, dev, ino, born, size, head_length, head_hash, conversation, first_seen, last_read)
      SELECT i + 1, '/transcripts/' || i, 'claude-code', 1, i, 0, 0, 0, x'', i + 1, 0, 0 FROM n;
    ${rows(count)} INSERT INTO responses
      (key, conversation, agent_id, model, at, input, output, cache_read, cache_write_5m, cache_write_1h, reasoning, turn_id)
      SELECT 'req_' || i, ${conversation}, iif(${isSubagent}, 'agent-' || (${mix(2)} % 3), NULL),
        CASE WHEN ${isSubagent} THEN 'claude-haiku-4-5-20251001'
          WHEN ${conversation} % 3 = 1 THEN ${pick(codexModels, 3, `(i / ${own})`)}
          ELSE ${pick(claudeModels, 3, `(i / ${own})`)} END,
        ${at}, ${mix(4)} % 2000, ${mix(5)} % 3000, (i % ${own}) * 300 + ${mix(6)} % 2000, ${mix(7)} % 8000, 0, ${mix(9)} % 200,
        'turn-' || (i / 10) FROM n;
    ${rows(count / 10)} INSERT INTO turns (file_id, number, conversation, turn_id, started_at, phase)
      SELECT i / ${own / 10} + 1, i % ${own / 10} + 1, i / ${own / 10} + 1, 'turn-' || i,
        CAST(${begin} + (i / ${own / 10}) * ${each} + (i % ${own / 10}) * ${(length * 10) / own} AS INTEGER),
        CASE WHEN ${mix(1)} % 50 = 0 THEN 'failed' WHEN ${mix(2)} % 20 = 0 THEN 'interrupted' ELSE 'done' END FROM n;
    ${rows(count)} INSERT INTO tool_calls
      (conversation, call_id, file_id, tool, path, called_at, ended_at, is_error, denied)
      SELECT ${conversation}, printf('toolu_%024d', i), ${conversation}, ${pick(tools, 1)},
        '/home/ada/projects/app/src/file-' || (${mix(2)} % 60) || '.ts', ${at},
        ${at} + (${mix(3)} % 60) * (${mix(4)} % 60) * (1 + ${mix(5)} % 40), ${mix(6)} % 30 = 0, ${mix(7)} % 200 = 0 FROM n;
    ${rows((count * 3) / 10)} INSERT INTO entries
      (conversation, file_id, line_offset, line_length, part, entry_key, kind, at, preview)
      SELECT i / ${(own * 3) / 10} + 1, i / ${(own * 3) / 10} + 1, i, 1, 0, CAST(i AS BLOB), iif(i % 3 = 0, 'prompt', 'answer'),
        CAST(${begin} + (i / ${(own * 3) / 10}) * ${each} + (i % ${(own * 3) / 10}) * ${(length * 10) / own / 3} AS INTEGER), '' FROM n;
    COMMIT;
    PRAGMA wal_checkpoint(TRUNCATE);
  `);
  const summed = database.prepare('SELECT sum(responses) AS count FROM usage_quarters').get();
  if (summed?.count !== count) throw new Error('transcripts.db no longer keeps its sums by itself');
  return { path, end };
}

/** Often used ones several times. */
const tools = [
  ...Array<string>(8).fill('Bash'),
  ...Array<string>(6).fill('Read'),
  ...Array<string>(4).fill('Edit'),
  ...['Grep', 'Grep', 'Glob', 'Write', 'TodoWrite', 'Task', 'WebFetch', 'WebSearch', 'NotebookEdit'],
  ...['mcp__github__search_issues', 'mcp__github__get_issue', 'exec_command', 'apply_patch', 'update_plan'],
];
const claudeModels = [
  ...['claude-opus-5-5', 'claude-opus-5-5', 'claude-sonnet-5-5', 'claude-sonnet-5-5-20261007'],
  ...['claude-opus-4-6', 'my-model'],
];
const codexModels = ['gpt-6.1-sol', 'gpt-6.1-sol', 'gpt-5.5', 'gpt-5.6-sol', 'gpt-5-codex'];
