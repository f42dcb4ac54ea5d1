import { promptSteps } from '@codepiper/core/analytics/prompt-steps.ts';
import { messageRollups } from './message-rollups.ts';
import { toolRollups } from './tool-rollups.ts';
import { quarterSql } from './trigger-sql.ts';

/** What is summed up, in the order of the columns. */
export const sums = [
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

/** Whoever adds up the sums of responses itself says so at the beginning of its transaction, and at the end. */
export const pauseSums = 'UPDATE sums_paused SET paused = 1';
export const resumeSums = 'UPDATE sums_paused SET paused = 0';
const counting = 'WHEN NOT (SELECT paused FROM sums_paused)';

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

  -- One row. Read by nobody but the triggers, and 1 only within a transaction.
  CREATE TABLE sums_paused (paused INTEGER NOT NULL);
  INSERT INTO sums_paused VALUES (0);

  CREATE TRIGGER responses_counted AFTER INSERT ON responses ${counting} BEGIN ${countResponse('new', '+')} END;
  CREATE TRIGGER responses_recounted AFTER UPDATE OF conversation, agent_id, model, at, input, output, cache_read,
    cache_write_5m, cache_write_1h, reasoning, turn_id ON responses ${counting}
  BEGIN ${countResponse('old', '-')} ${countResponse('new', '+')} END;
  CREATE TRIGGER responses_uncounted AFTER DELETE ON responses ${counting} BEGIN ${countResponse('old', '-')} END;

  ${toolRollups}
  ${messageRollups}
  CREATE INDEX turns_wasted ON turns (started_at, conversation, turn_id, phase)
    WHERE phase IN ('failed', 'interrupted');
`;
