import { isChanged } from './trigger-sql.ts';

/** Tools whose calls read a file and nothing else. */
export const readTools: readonly string[] = ['Read', 'NotebookRead', 'read_file', 'view_image'];

/** What `tool_runs.duration_ms` says of a call that has no duration. */
export const untimed = { unfinished: -1, denied: -2, unknown: -3 } as const;

/** What an agent says it measured is held within these bounds, and has no fractions: in milliseconds. */
const longest = 1e15;
const durationOf = (row: string) => `CASE WHEN ${row}.denied THEN ${untimed.denied}
      WHEN ${row}.is_error IS NULL AND ${row}.ended_at IS NULL THEN ${untimed.unfinished}
      ELSE coalesce(CAST(round(min(max(0, ${row}.duration_ms), ${longest})) AS INTEGER),
        max(0, ${row}.ended_at - ${row}.called_at), ${untimed.unknown}) END`;
const failed = (row: string) => `coalesce(${row}.is_error, 0) AND NOT ${row}.denied`;
const providerOf = (row: string) =>
  `coalesce((SELECT provider FROM conversations WHERE id = ${row}.conversation), '')`;

/** Finds the runs of calls that look like a row of `tool_calls`. */
const runOf = (row: string) =>
  `provider = ${providerOf(row)} AND tool = ${row}.tool AND duration_ms = ${durationOf(row)}
      AND called_at = coalesce(${row}.called_at, ${row}.ended_at, 0) AND is_error = (${failed(row)})`;

/** What a run is: calls for which all of it is the same are told apart by `twin` and `conversation`. */
export const runColumns = 'provider, tool, duration_ms, called_at, is_error';
/** The same, of a row of `tool_calls`. */
export const runValues = (row: string): string =>
  `${providerOf(row)} AS provider, ${row}.tool AS tool, ${durationOf(row)} AS duration_ms,
      coalesce(${row}.called_at, ${row}.ended_at, 0) AS called_at, ${failed(row)} AS is_error`;
const ofConversation = (row: string) => `${runOf(row)} AND conversation = ${row}.conversation`;

/**
 * A copy of a call (a forked conversation begins with copies) has the same tool, times and result. Calls that look the
 * same within one conversation were made at once: they are numbered. The first of each number counts, its copies wait
 * in a table of their own to take its place. `INSERT OR IGNORE` would not do: in a trigger the conflict clause of the
 * statement that fires it counts.
 */
const run = `SELECT ${runValues('new')},
      (SELECT count(*) FROM tool_runs WHERE ${ofConversation('new')})
        + (SELECT count(*) FROM tool_run_copies WHERE ${ofConversation('new')}), new.conversation
      WHERE new.tool IS NOT NULL`;
const addRun = `
    INSERT INTO tool_runs ${run} ON CONFLICT DO NOTHING;
    INSERT INTO tool_run_copies ${run} AND changes() = 0;`;
const removeRun = `
    DELETE FROM tool_run_copies WHERE ${ofConversation('old')} AND twin =
      (SELECT count(*) FROM tool_runs WHERE ${ofConversation('old')})
        + (SELECT count(*) FROM tool_run_copies WHERE ${ofConversation('old')}) - 1;
    DELETE FROM tool_runs WHERE changes() = 0 AND ${ofConversation('old')} AND twin =
      (SELECT max(twin) FROM tool_runs WHERE ${ofConversation('old')});
    INSERT INTO tool_runs SELECT * FROM tool_run_copies AS copy WHERE ${runOf('old')} AND NOT EXISTS
      (SELECT 1 FROM tool_runs WHERE ${runOf('old')} AND twin = copy.twin) ORDER BY conversation LIMIT 1;
    DELETE FROM tool_run_copies WHERE ${runOf('old')} AND EXISTS
      (SELECT 1 FROM tool_runs AS run WHERE ${runOf('old')} AND twin = tool_run_copies.twin
         AND conversation = tool_run_copies.conversation);`;

/** Whether a row of `tool_calls` is of a call that read a file, as far as that is known. */
export const isRead = (row: string): string =>
  `${row}.path IS NOT NULL AND ${row}.called_at IS NOT NULL
      AND ${row}.tool IN (${readTools.map((tool) => `'${tool}'`).join(', ')})`;
const addRead = `
    INSERT INTO file_reads SELECT new.conversation, new.path, new.called_at, 1 WHERE ${isRead('new')}
      ON CONFLICT DO UPDATE SET calls = calls + 1;`;
const readOf = 'conversation = old.conversation AND path = old.path AND called_at = old.called_at';
const removeRead = `
    UPDATE file_reads SET calls = calls - 1 WHERE ${readOf} AND ${isRead('old')};
    DELETE FROM file_reads WHERE ${readOf} AND calls = 0;`;
/** Length of the weeks of `tool_weeks`, in milliseconds. */
export const weekMs = 604_800_000;

/** Up to here a slot has one duration; above, its durations have their first two digits in common. */
const finest = 100;
const coarsest = 10_000_000;

/** The slot of a duration: the shortest duration in it. What has no duration (see `untimed`) has a slot of its own. */
export function slotOf(durationMs: number): number {
  return durationMs - (Math.max(0, durationMs) % slotWidth(durationMs));
}

/** How many milliseconds the slot of a duration covers. */
export function slotWidth(durationMs: number): number {
  let width = 1;
  for (let next = finest; next <= Math.min(durationMs, coarsest); next *= 10) width *= 10;
  return width;
}

/** `slotOf` in SQL. */
export const slotSql = (duration: string): string => {
  const cases = [];
  for (let width = 1; width * finest <= coarsest; width *= 10) {
    cases.push(`WHEN ${duration} < ${width * finest} THEN ${duration} / ${width} * ${width}`);
  }
  const widest = slotWidth(coarsest);
  return `CASE WHEN ${duration} < 0 THEN ${duration} ${cases.join(' ')} ELSE ${duration} / ${widest} * ${widest} END`;
};

const weekOf = (row: string) =>
  `provider = ${row}.provider AND tool = ${row}.tool AND slot = ${slotSql(`${row}.duration_ms`)}
      AND week = ${row}.called_at / ${weekMs}`;

/** Runs of tools, their number by weeks, and the files they read: a part of `rollups`. */
export const toolRollups = `
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

  CREATE INDEX runs_of_conversation ON tool_runs (conversation, called_at);

  -- Calls that are in tool_runs already, for another conversation: when that loses its own, one of these is put there.
  CREATE TABLE tool_run_copies (
    provider TEXT NOT NULL,
    tool TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    called_at INTEGER NOT NULL,
    is_error INTEGER NOT NULL,
    twin INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    PRIMARY KEY (provider, tool, duration_ms, called_at, is_error, twin, conversation)
  ) WITHOUT ROWID;

  -- How many runs took about how long, by weeks since the epoch. Kept by triggers of tool_runs itself: whoever writes
  -- runs, and however, keeps it too.
  CREATE TABLE tool_weeks (
    provider TEXT NOT NULL,
    tool TEXT NOT NULL,
    slot INTEGER NOT NULL,            -- see slotOf
    week INTEGER NOT NULL,
    runs INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (provider, tool, slot, week)
  ) WITHOUT ROWID;
  CREATE TRIGGER runs_counted AFTER INSERT ON tool_runs BEGIN
    INSERT INTO tool_weeks VALUES
      (new.provider, new.tool, ${slotSql('new.duration_ms')}, new.called_at / ${weekMs}, 1, new.is_error)
      ON CONFLICT DO UPDATE SET runs = runs + 1, failures = failures + excluded.failures;
  END;
  CREATE TRIGGER runs_uncounted AFTER DELETE ON tool_runs BEGIN
    UPDATE tool_weeks SET runs = runs - 1, failures = failures - old.is_error WHERE ${weekOf('old')};
    DELETE FROM tool_weeks WHERE ${weekOf('old')} AND runs = 0;
  END;

  -- Copies in forks included.
  CREATE TABLE file_reads (
    conversation INTEGER NOT NULL,
    path TEXT NOT NULL,
    called_at INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (conversation, path, called_at)
  ) WITHOUT ROWID;

  CREATE TRIGGER calls_counted AFTER INSERT ON tool_calls BEGIN ${addRun} END;
  CREATE TRIGGER calls_recounted AFTER UPDATE OF tool, called_at, ended_at, is_error, denied, duration_ms ON tool_calls
    WHEN ${isChanged('tool', 'called_at', 'ended_at', 'is_error', 'denied', 'duration_ms')}
  BEGIN ${removeRun} ${addRun} END;
  CREATE TRIGGER calls_uncounted AFTER DELETE ON tool_calls BEGIN ${removeRun} END;
  CREATE TRIGGER reads_counted AFTER INSERT ON tool_calls WHEN ${isRead('new')} BEGIN ${addRead} END;
  CREATE TRIGGER reads_recounted AFTER UPDATE OF tool, path, called_at ON tool_calls
    WHEN ${isChanged('tool', 'path', 'called_at')}
  BEGIN ${removeRead} ${addRead} END;
  CREATE TRIGGER reads_uncounted AFTER DELETE ON tool_calls WHEN ${isRead('old')} BEGIN ${removeRead} END;
`;
