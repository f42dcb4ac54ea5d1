import { isChanged, quarterSql } from './trigger-sql.ts';

const ofMessage = (row: string) => `entry_key = ${row}.entry_key AND conversation = ${row}.conversation`;
const isMessage = (kind: string) => `${kind} IN ('prompt', 'answer')`;
const addMessage = `
    INSERT INTO message_quarters VALUES
      (${quarterSql('new.at')}, new.conversation, new.is_prompt, NOT new.is_prompt)
      ON CONFLICT DO UPDATE SET prompts = prompts + excluded.prompts, answers = answers + excluded.answers;`;
const quarterOf = `bucket = ${quarterSql('old.at')} AND conversation = old.conversation`;
const removeMessage = `
    UPDATE message_quarters SET prompts = prompts - old.is_prompt, answers = answers - NOT old.is_prompt
      WHERE ${quarterOf};
    DELETE FROM message_quarters WHERE ${quarterOf} AND prompts = 0 AND answers = 0;`;

/** Every message once, and their number by quarters of an hour: a part of `rollups`. */
export const messageRollups = `
  -- Every prompt and every answer once, however many conversations have copies of it: for the one that had it first, and
  -- when that has it no more, for the next.
  CREATE TABLE messages (
    entry_key BLOB NOT NULL PRIMARY KEY,
    conversation INTEGER NOT NULL,
    at INTEGER,
    is_prompt INTEGER NOT NULL,
    kept INTEGER NOT NULL             -- 1: what was said was removed because it is old; that it was said stays counted
  ) WITHOUT ROWID;
  CREATE INDEX messages_by_time ON messages (at);

  CREATE TRIGGER entries_said AFTER INSERT ON entries WHEN ${isMessage('new.kind')} BEGIN
    INSERT INTO messages VALUES (new.entry_key, new.conversation, new.at, new.kind = 'prompt', 0)
      ON CONFLICT DO UPDATE SET at = excluded.at, is_prompt = excluded.is_prompt, kept = 0
        WHERE conversation = excluded.conversation;
  END;
  CREATE TRIGGER entries_unsaid AFTER DELETE ON entries WHEN ${isMessage('old.kind')} BEGIN
    UPDATE messages SET kept = 1 WHERE ${ofMessage('old')}
      AND (SELECT pruned_at FROM files WHERE id = old.file_id) IS NOT NULL;
    DELETE FROM messages WHERE ${ofMessage('old')} AND NOT kept;
    INSERT INTO messages SELECT entry_key, conversation, at, kind = 'prompt', 0 FROM entries
      WHERE entry_key = old.entry_key AND ${isMessage('kind')} ORDER BY id LIMIT 1 ON CONFLICT DO NOTHING;
  END;

  CREATE TABLE message_quarters (
    bucket INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    prompts INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    PRIMARY KEY (bucket, conversation)
  ) WITHOUT ROWID;
  CREATE TRIGGER messages_counted AFTER INSERT ON messages BEGIN ${addMessage} END;
  CREATE TRIGGER messages_recounted AFTER UPDATE OF at, is_prompt ON messages WHEN ${isChanged('at', 'is_prompt')}
  BEGIN ${removeMessage} ${addMessage} END;
  CREATE TRIGGER messages_uncounted AFTER DELETE ON messages BEGIN ${removeMessage} END;
`;
