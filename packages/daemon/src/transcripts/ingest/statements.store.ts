import type { Statement, TranscriptsDb } from '../../db/transcripts/open.ts';
import { lastWord } from '../due.store.ts';

/** Everything the writer says to the database. */
const sql = {
  fileById: 'SELECT * FROM files WHERE id = ?',
  fileByPath: 'SELECT * FROM files WHERE path = ?',
  filesByInode: 'SELECT * FROM files WHERE ino = ? AND dev = ?',
  filesOf: 'SELECT id FROM files WHERE conversation = ?',
  addConversation:
    'INSERT INTO conversations (provider, conversation_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
  conversation: 'SELECT id FROM conversations WHERE provider = ? AND conversation_id = ?',
  conversationName: 'SELECT conversation_id AS conversationId, provider FROM conversations WHERE id = ?',
  lastOf: `SELECT ${lastWord} FROM conversations AS c WHERE c.id = ?`,
  linkSession: 'INSERT OR IGNORE INTO session_conversations VALUES (?, ?)',
  sessionsOf: 'SELECT session_id FROM session_conversations WHERE conversation = ?',
  addFile: `INSERT INTO files (path, provider, dev, ino, born, size, head_length, head_hash, conversation, agent_id,
       first_seen, last_read)
     VALUES (@path, @provider, @dev, @ino, @born, 0, @headLength, @headHash, @conversation, @agentId, @at, @at)`,
  setPath: 'UPDATE files SET path = ? WHERE id = ?',
  setHead: 'UPDATE files SET head_length = ?, head_hash = ? WHERE id = ?',
  setArchive: 'UPDATE files SET archive_path = ?, archive_copied = ? WHERE id = ?',
  setGone: 'UPDATE files SET gone = ? WHERE id = ?',
  advanceUsage: `UPDATE files SET usage_offset = @offset, usage_state = @state, size = @size, last_read = @at,
       tail_end = @tailEnd, tail_hash = @tailHash WHERE id = @id`,
  advanceContent: `UPDATE files SET content_offset = @offset, content_state = @state, size = @size, last_read = @at,
       tail_end = @tailEnd, tail_hash = @tailHash, lines = lines + @lines,
       unknown_lines = unknown_lines + @unknown, invalid_lines = invalid_lines + @invalid WHERE id = @id`,
  addEntry: `INSERT INTO entries (conversation, file_id, line_offset, line_length, part, entry_key, kind, at, agent_id,
       turn, call_id, tool, is_error, path, preview)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (entry_key, conversation) DO NOTHING`,
  toolOf: 'SELECT tool FROM tool_calls WHERE conversation = ? AND call_id = ?',
  lastEntry: 'SELECT max(id) AS id FROM entries',
  noteCall: `INSERT INTO tool_calls VALUES (@conversation, @callId, @fileId, @agentId, @tool, @path, @calledAt, @endedAt,
       @isError, @denied, @durationMs)
     ON CONFLICT DO UPDATE SET tool = coalesce(excluded.tool, tool), path = coalesce(excluded.path, path),
       called_at = coalesce(called_at, excluded.called_at), ended_at = coalesce(ended_at, excluded.ended_at),
       is_error = coalesce(is_error, excluded.is_error),
       denied = max(denied, excluded.denied), duration_ms = coalesce(duration_ms, excluded.duration_ms)`,
  noteTurn: `INSERT INTO turns VALUES (@fileId, @number, @conversation, @turnId, @startedAt, @endedAt, @phase, @durationMs)
     ON CONFLICT DO UPDATE SET turn_id = coalesce(turn_id, excluded.turn_id),
       started_at = coalesce(started_at, excluded.started_at), ended_at = coalesce(excluded.ended_at, ended_at),
       phase = excluded.phase, duration_ms = coalesce(excluded.duration_ms, duration_ms)`,
  noteConversation: `UPDATE conversations SET cwd = coalesce(cwd, @cwd), title = coalesce(@title, title),
       branch = coalesce(@branch, branch), version = coalesce(@version, version),
       forked_from = coalesce(forked_from, @forkedFrom), parent = coalesce(parent, @parent),
       started_at = min(coalesce(started_at, @startedAt), coalesce(@startedAt, started_at)),
       last_at = max(coalesce(last_at, @lastAt), coalesce(@lastAt, last_at)) WHERE id = @id`,
  problemsOf: 'SELECT count(*) FROM problems WHERE file_id = ?',
  addProblem: 'INSERT OR IGNORE INTO problems VALUES (?, ?, ?, ?)',
  forgetEntries: 'DELETE FROM entries WHERE conversation = ? AND file_id = ?',
  forgetCalls: 'DELETE FROM tool_calls WHERE conversation = ? AND file_id = ?',
  forgetResponses: 'UPDATE responses SET file_id = NULL, line_offset = NULL WHERE file_id = ?',
  cutResponses:
    'UPDATE responses SET file_id = NULL, line_offset = NULL WHERE file_id = ? AND line_offset >= ?',
  cutUsage: 'UPDATE files SET usage_offset = min(usage_offset, ?) WHERE id = ?',
  fileByArchive: 'SELECT * FROM files WHERE archive_path = ?',
  forgetTurns: 'DELETE FROM turns WHERE file_id = ?',
  forgetProblems: 'DELETE FROM problems WHERE file_id = ?',
  rewindContent: `UPDATE files SET content_offset = 0, content_state = NULL, lines = 0, unknown_lines = 0, invalid_lines = 0,
       pruned_at = NULL WHERE id = ?`,
  rewindAll: `UPDATE files SET usage_offset = 0, usage_state = NULL, tail_end = 0, tail_hash = NULL, dev = @dev, ino = @ino,
       head_length = @headLength, head_hash = @headHash WHERE id = @id`,
} as const;

export type Statements = Readonly<Record<keyof typeof sql, Statement>>;

export function prepare(db: TranscriptsDb): Statements {
  const prepared = Object.entries(sql).map(([name, text]) => [name, db.prepare(text)]);
  return Object.fromEntries(prepared) as Statements;
}
