import { rollups } from './rollups.ts';

/**
 * The schema of transcripts.db. The n-th text leads from version n - 1 to n (`user_version`); a released text is never
 * changed. Times are milliseconds since the epoch, offsets and lengths bytes.
 */
export const transcriptsSchema: readonly string[] = [
  `
  -- A file as it was first seen: the same inode with the same beginning. A file that takes its place is another row.
  CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,        -- of a file that was replaced: its archived copy
    provider TEXT NOT NULL,
    dev INTEGER NOT NULL,
    ino INTEGER NOT NULL,
    born REAL NOT NULL,
    size INTEGER NOT NULL,            -- when it was last read
    head_length INTEGER NOT NULL,
    head_hash BLOB NOT NULL,
    tail_end INTEGER NOT NULL DEFAULT 0,   -- the bytes before this offset have tail_hash
    tail_hash BLOB,
    usage_offset INTEGER NOT NULL DEFAULT 0,
    usage_state TEXT,
    content_offset INTEGER NOT NULL DEFAULT 0,
    content_state TEXT,
    conversation INTEGER NOT NULL REFERENCES conversations(id),
    agent_id TEXT,
    lines INTEGER NOT NULL DEFAULT 0,
    unknown_lines INTEGER NOT NULL DEFAULT 0,
    invalid_lines INTEGER NOT NULL DEFAULT 0,
    first_seen INTEGER NOT NULL,
    last_read INTEGER NOT NULL,
    archive_path TEXT,
    archive_copied INTEGER NOT NULL DEFAULT 0,  -- 1: a copy that grows with it; 0: a hard link
    gone INTEGER NOT NULL DEFAULT 0,            -- 1: nothing lies at its path any more, or something else
    pruned_at INTEGER                           -- when what was said in it was removed, because it is old
  );
  CREATE INDEX files_by_inode ON files (ino, dev);
  CREATE INDEX files_by_conversation ON files (conversation);

  CREATE TABLE conversations (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    cwd TEXT,
    title TEXT,
    branch TEXT,
    version TEXT,
    forked_from TEXT,
    parent TEXT,
    started_at INTEGER,
    last_at INTEGER,
    UNIQUE (provider, conversation_id)
  );
  CREATE INDEX conversations_by_parent ON conversations (parent) WHERE parent IS NOT NULL;

  CREATE TABLE session_conversations (
    session_id TEXT NOT NULL,
    conversation INTEGER NOT NULL REFERENCES conversations(id),
    PRIMARY KEY (session_id, conversation)
  ) WITHOUT ROWID;
  CREATE INDEX session_conversations_back ON session_conversations (conversation);

  -- One row for each response of a model, however many lines and files tell of it.
  CREATE TABLE responses (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    conversation INTEGER NOT NULL,
    agent_id TEXT,
    model TEXT,
    at INTEGER,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    turn_id TEXT,
    file_id INTEGER,                  -- null: the line it was read from is no more
    line_offset INTEGER
  );
  CREATE INDEX responses_by_time ON responses (at);

  -- Where the things in a conversation lie; their text stays in the file.
  CREATE TABLE entries (
    -- Never given twice: who follows goes on behind the last one he knows, whatever was removed meanwhile.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL,
    file_id INTEGER NOT NULL,
    line_offset INTEGER NOT NULL,
    line_length INTEGER NOT NULL,     -- without its line end
    part INTEGER NOT NULL,            -- which of the line's entries, from 0
    entry_key BLOB NOT NULL,          -- the same in copies of it in other conversations
    kind TEXT NOT NULL,
    at INTEGER,
    agent_id TEXT,
    turn INTEGER,                     -- turns.number of its file
    call_id TEXT,
    tool TEXT,
    is_error INTEGER NOT NULL DEFAULT 0,
    path TEXT,
    preview TEXT NOT NULL
  );
  CREATE UNIQUE INDEX entries_once ON entries (entry_key, conversation);
  CREATE INDEX entries_by_conversation ON entries (conversation, id);

  CREATE TABLE tool_calls (
    conversation INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    file_id INTEGER NOT NULL,
    agent_id TEXT,
    tool TEXT,
    path TEXT,
    called_at INTEGER,
    ended_at INTEGER,
    is_error INTEGER,                 -- null: no result yet
    denied INTEGER NOT NULL,          -- 1: refused or broken off
    duration_ms INTEGER,              -- as the agent measured it
    PRIMARY KEY (conversation, call_id)
  ) WITHOUT ROWID;

  CREATE TABLE turns (
    file_id INTEGER NOT NULL,
    number INTEGER NOT NULL,          -- from 1 in each file
    conversation INTEGER NOT NULL,
    turn_id TEXT,
    started_at INTEGER,
    ended_at INTEGER,
    phase TEXT NOT NULL,              -- started, done, failed, interrupted
    duration_ms INTEGER,
    PRIMARY KEY (file_id, number)
  ) WITHOUT ROWID;
  CREATE INDEX turns_by_conversation ON turns (conversation);

  -- The first lines of each file that were not understood; files counts them all.
  CREATE TABLE problems (
    file_id INTEGER NOT NULL,
    line_offset INTEGER NOT NULL,
    kind TEXT NOT NULL,               -- invalid, unknown
    sample TEXT NOT NULL,
    PRIMARY KEY (file_id, line_offset)
  ) WITHOUT ROWID;

  -- What search finds an entry by: rowid is entries.id. The text stays in the file; see core's search/terms.ts for what
  -- the columns hold. Their texts are words between blanks already, so the plainest tokenizer is right.
  CREATE VIRTUAL TABLE entries_fts USING fts5 (words, names, marks,
    content = '', contentless_delete = 1, tokenize = 'ascii');
  CREATE TRIGGER entries_unindexed AFTER DELETE ON entries BEGIN DELETE FROM entries_fts WHERE rowid = old.id; END;
  ${rollups}
  `,
];
