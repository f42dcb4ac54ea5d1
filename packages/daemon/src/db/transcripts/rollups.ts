import { promptSteps } from '@codepiper/core/analytics/pricing.ts';

/** Tools whose calls read a file and nothing else. */
const readTools = ['Read', 'NotebookRead', 'read_file', 'view_image'];

const sums = [
  'responses',
  'input',
  'output',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'reasoning',
] as const;
const sumColumns = sums.map((name) => `${name} INTEGER NOT NULL`).join(', ');

/** How many of the lengths a response's prompt exceeds. */
export const stepSql = (row: string): string => {
  const prompt = `(${row}input + ${row}cache_read + ${row}cache_write_5m + ${row}cache_write_1h)`;
  return promptSteps.map((step) => `(${prompt} > ${step})`).join(' + ');
};

const quarterSql = (at: string): string => `coalesce(${at}, 0) / 900000 * 900000`;

/** Statements that add a response to the sums, or take it away. */
function countResponse(row: 'new' | 'old', sign: '+' | '-'): string {
  const values = sums.map((name) => (name === 'responses' ? '1' : `${row}.${name}`));
  const key = [
    `${row}.conversation`,
    `coalesce(${row}.model, '')`,
    stepSql(`${row}.`),
    `${row}.agent_id IS NOT NULL`,
    quarterSql(`${row}.at`),
  ] as const;
  if (sign === '+') {
    const add = sums.map((name) => `${name} = ${name} + excluded.${name}`).join(', ');
    return `
    INSERT INTO usage_quarters VALUES (${[...key, ...values].join(', ')})
      ON CONFLICT DO UPDATE SET ${add};
    INSERT INTO turn_usage SELECT ${row}.conversation, ${row}.turn_id, coalesce(${row}.model, ''), ${stepSql(`${row}.`)},
      coalesce(${row}.at, 0), ${values.join(', ')} WHERE ${row}.turn_id IS NOT NULL
      ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), ${add};`;
  }
  const subtract = sums.map((name, i) => `${name} = ${name} - ${values[i]}`).join(', ');
  const ofQuarter = `conversation = ${key[0]} AND model = ${key[1]} AND step = ${key[2]}
      AND subagent = (${key[3]}) AND bucket = ${key[4]}`;
  const ofTurn = `conversation = ${key[0]} AND turn_id = ${row}.turn_id AND model = ${key[1]} AND step = ${key[2]}`;
  return `
    UPDATE usage_quarters SET ${subtract} WHERE ${ofQuarter};
    DELETE FROM usage_quarters WHERE ${ofQuarter} AND responses = 0;
    UPDATE turn_usage SET ${subtract} WHERE ${ofTurn};
    DELETE FROM turn_usage WHERE ${ofTurn} AND responses = 0;`;
}

/** What `tool_runs.duration_ms` says of a call that has no duration. */
export const untimed = { unfinished: -1, denied: -2, unknown: -3 } as const;

const durationOf = (row: string) => `CASE WHEN ${row}.denied THEN ${untimed.denied}
      WHEN ${row}.is_error IS NULL AND ${row}.ended_at IS NULL THEN ${untimed.unfinished}
      ELSE coalesce(${row}.duration_ms, max(0, ${row}.ended_at - ${row}.called_at), ${untimed.unknown}) END`;
const failed = (row: string) => `coalesce(${row}.is_error, 0) AND NOT ${row}.denied`;
const providerOf = (row: string) =>
  `coalesce((SELECT provider FROM conversations WHERE id = ${row}.conversation), '')`;

/**
 * Finds the run of a row of `tool_calls`, and with it those of calls that were made at once.
 *
 * @param run alias of `tool_runs` with its dot
 */
export const runOf = (row: string, run = '') =>
  `${run}provider = ${providerOf(row)} AND ${run}tool = ${row}.tool AND ${run}duration_ms = ${durationOf(row)}
      AND ${run}called_at = coalesce(${row}.called_at, ${row}.ended_at, 0) AND ${run}is_error = (${failed(row)})`;

/**
 * A copy of a call (a forked conversation begins with copies) has the same tool, times and result; it meets the row of
 * the first and is left out. What is the same within one conversation are calls made at once: they are numbered. `INSERT OR
 * IGNORE` would not do: in a trigger the conflict clause of the statement that fires it counts.
 */
const addRun = `
    INSERT INTO tool_runs SELECT ${providerOf('new')}, new.tool, ${durationOf('new')}, coalesce(new.called_at, new.ended_at, 0),
      ${failed('new')},
      (SELECT count(*) FROM tool_runs WHERE ${runOf('new')} AND conversation = new.conversation), new.conversation
      WHERE new.tool IS NOT NULL ON CONFLICT DO NOTHING;
    INSERT INTO file_reads SELECT new.conversation, new.path, new.called_at
      WHERE changes() > 0 AND new.path IS NOT NULL AND new.called_at IS NOT NULL
        AND new.tool IN (${readTools.map((tool) => `'${tool}'`).join(', ')})
      ON CONFLICT DO NOTHING;`;
const removeRun = `
    DELETE FROM tool_runs WHERE ${runOf('old')} AND conversation = old.conversation AND twin =
      (SELECT max(twin) FROM tool_runs WHERE ${runOf('old')} AND conversation = old.conversation);
    DELETE FROM file_reads WHERE conversation = old.conversation AND path = old.path AND called_at = old.called_at;`;

/**
 * What analytics add to the schema of transcripts.db: sums that triggers keep true in the very transaction of each row.
 * Quarters of an hour, because the local days of every time zone consist of whole ones.
 */
export const rollups = `
  CREATE TABLE usage_quarters (
    conversation INTEGER NOT NULL,
    model TEXT NOT NULL,              -- '': none was named
    step INTEGER NOT NULL,            -- how many of the lengths that matter to prices the prompt exceeded
    subagent INTEGER NOT NULL,
    bucket INTEGER NOT NULL,          -- 0: responses without a time
    ${sumColumns},
    PRIMARY KEY (conversation, model, step, subagent, bucket)
  ) WITHOUT ROWID;

  CREATE TABLE turn_usage (
    conversation INTEGER NOT NULL,
    turn_id TEXT NOT NULL,
    model TEXT NOT NULL,
    step INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    ${sumColumns},
    PRIMARY KEY (conversation, turn_id, model, step)
  ) WITHOUT ROWID;

  CREATE TRIGGER responses_counted AFTER INSERT ON responses BEGIN ${countResponse('new', '+')} END;
  CREATE TRIGGER responses_recounted AFTER UPDATE OF conversation, agent_id, model, at, input, output, cache_read,
    cache_write_5m, cache_write_1h, reasoning, turn_id ON responses
  BEGIN ${countResponse('old', '-')} ${countResponse('new', '+')} END;
  CREATE TRIGGER responses_uncounted AFTER DELETE ON responses BEGIN ${countResponse('old', '-')} END;

  CREATE TABLE tool_runs (
    provider TEXT NOT NULL,
    tool TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,     -- below 0: see untimed
    called_at INTEGER NOT NULL,
    is_error INTEGER NOT NULL,
    twin INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    PRIMARY KEY (provider, tool, duration_ms, called_at, is_error, twin)
  ) WITHOUT ROWID;

  CREATE TABLE file_reads (
    conversation INTEGER NOT NULL,
    path TEXT NOT NULL,
    called_at INTEGER NOT NULL,
    PRIMARY KEY (conversation, path, called_at)
  ) WITHOUT ROWID;

  CREATE TRIGGER calls_counted AFTER INSERT ON tool_calls BEGIN ${addRun} END;
  CREATE TRIGGER calls_recounted AFTER UPDATE OF tool, path, called_at, ended_at, is_error, denied, duration_ms
    ON tool_calls
  BEGIN ${removeRun} ${addRun} END;
  CREATE TRIGGER calls_uncounted AFTER DELETE ON tool_calls BEGIN ${removeRun} END;

  CREATE TABLE message_quarters (
    bucket INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    prompts INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    PRIMARY KEY (bucket, conversation)
  ) WITHOUT ROWID;

  -- A copy in another conversation is no message of its own.
  CREATE TRIGGER messages_counted AFTER INSERT ON entries
    WHEN new.kind IN ('prompt', 'answer') AND NOT EXISTS
      (SELECT 1 FROM entries WHERE entry_key = new.entry_key AND conversation <> new.conversation)
  BEGIN
    INSERT INTO message_quarters VALUES
      (${quarterSql('new.at')}, new.conversation, new.kind = 'prompt', new.kind = 'answer')
      ON CONFLICT DO UPDATE SET prompts = prompts + excluded.prompts, answers = answers + excluded.answers;
  END;
  -- Where a copy is left the message stays counted: when the conversation is read again it is not new.
  CREATE TRIGGER messages_uncounted AFTER DELETE ON entries
    WHEN old.kind IN ('prompt', 'answer') AND NOT EXISTS
      (SELECT 1 FROM entries WHERE entry_key = old.entry_key AND conversation <> old.conversation)
  BEGIN
    UPDATE message_quarters SET prompts = prompts - (old.kind = 'prompt'), answers = answers - (old.kind = 'answer')
      WHERE bucket = ${quarterSql('old.at')} AND conversation = old.conversation;
  END;

  CREATE INDEX messages_by_time ON entries (at) WHERE kind IN ('prompt', 'answer');

  CREATE INDEX turns_wasted ON turns (started_at, conversation, turn_id, phase)
    WHERE phase IN ('failed', 'interrupted');
`;
