import Sqlite from 'better-sqlite3';
import { readerOf } from '../src/db/transcripts/open.ts';
import type { Reader } from '../src/db/transcripts/reader.ts';
import { transcriptsSchema } from '../src/db/transcripts/schema.ts';

export interface ResponseRow {
  key?: string;
  conversation?: number;
  agent?: string | null;
  model?: string | null;
  /** ISO 8601. */
  at?: string | null;
  input?: number;
  output?: number;
  cacheRead?: number;
  cacheWrite5m?: number;
  cacheWrite1h?: number;
  reasoning?: number;
  turn?: string | null;
}

export interface CallRow {
  id: string;
  conversation?: number;
  tool: string;
  path?: string;
  at: string;
  /** Milliseconds; the call has not ended without it. */
  took?: number;
  failed?: boolean;
  denied?: boolean;
}

const time = (text: string | null): number | null => (text === null ? null : Date.parse(text));

/** A transcripts.db, filled by hand. */
export class AnalyticsHouse implements Disposable {
  readonly sqlite: Sqlite.Database;
  readonly reader: Reader;
  #count = 0;

  constructor(path = ':memory:') {
    const sqlite = new Sqlite(path);
    this.sqlite = sqlite;
    for (const text of transcriptsSchema) sqlite.exec(text);
    this.reader = readerOf(sqlite);
  }

  conversation(
    id: number,
    over: { provider?: string; cwd?: string; parent?: string; session?: string; title?: string } = {},
  ): void {
    const { provider = 'claude-code', cwd = '/home/ada/app', parent = null, title = null, session } = over;
    this.sqlite
      .prepare(
        'INSERT INTO conversations (id, provider, conversation_id, cwd, parent, title) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(id, provider, `conversation-${id}`, cwd, parent, title);
    if (session) this.sqlite.prepare('INSERT INTO session_conversations VALUES (?, ?)').run(session, id);
  }

  response(row: ResponseRow): void {
    this.#count += 1;
    this.sqlite
      .prepare(
        `INSERT INTO responses (key, conversation, agent_id, model, at, input, output, cache_read, cache_write_5m,
           cache_write_1h, reasoning, turn_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[row.key ?? `key-${this.#count}`, row.conversation ?? 1, row.agent ?? null],
        ...[
          row.model === undefined ? 'claude-haiku-4-5' : row.model,
          time(row.at === undefined ? '2026-11-20T12:00Z' : row.at),
        ],
        ...[
          row.input ?? 0,
          row.output ?? 0,
          row.cacheRead ?? 0,
          row.cacheWrite5m ?? 0,
          row.cacheWrite1h ?? 0,
        ],
        ...[row.reasoning ?? 0, row.turn ?? null],
      );
  }

  /** As ingestion does it: the call, then its result. */
  call({ id, conversation = 1, tool, path, at, took, failed = false, denied = false }: CallRow): void {
    this.sqlite
      .prepare(
        `INSERT INTO tool_calls (conversation, call_id, file_id, tool, path, called_at, denied) VALUES (?, ?, 1, ?, ?, ?, 0)`,
      )
      .run(conversation, id, tool, path ?? null, time(at));
    if (took === undefined) return;
    this.sqlite
      .prepare(
        'UPDATE tool_calls SET ended_at = called_at + ?, is_error = ?, denied = ? WHERE conversation = ? AND call_id = ?',
      )
      .run(took, Number(failed || denied), Number(denied), conversation, id);
  }

  entry(kind: string, at: string, key: string, conversation = 1): void {
    this.sqlite
      .prepare(
        `INSERT INTO entries (conversation, file_id, line_offset, line_length, part, entry_key, kind, at, preview)
         VALUES (?, 1, 0, 1, 0, ?, ?, ?, '')`,
      )
      .run(conversation, Buffer.from(key), kind, time(at));
  }

  turn(number: number, id: string | null, phase: string, at: string, conversation = 1): void {
    this.sqlite
      .prepare(
        'INSERT INTO turns (file_id, number, conversation, turn_id, started_at, phase) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(conversation, number, conversation, id, time(at), phase);
  }

  [Symbol.dispose](): void {
    this.sqlite.close();
  }
}
