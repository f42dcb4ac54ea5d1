import type { Activity } from '@codepiper/core/analytics/analytics.ts';
import { dayText } from '@codepiper/core/analytics/periods.ts';
import type { Reader } from '../db/transcripts/reader.ts';
import { joined, type Sql } from '../db/transcripts/scope.ts';
import { dayOf, during, ofScope, quartersOf, type Scope, spansOf, where } from './scope.store.ts';
import { shown } from './times.ts';

/** Rows of `message_quarters` in the period, and single messages where it begins or ends within a quarter. */
function messageRows(scope: Scope): Sql {
  const { whole, edges } = quartersOf(scope.period);
  const conditions = ofScope(scope);
  const parts: Sql[] = [];
  if (whole !== null) {
    const filter = where([...during('bucket', whole), ...conditions]);
    parts.push({
      text: `SELECT bucket, prompts, answers FROM message_quarters ${filter.text}`,
      values: filter.values,
    });
  }
  for (const edge of edges) {
    const filter = where([...during('at', edge), ...conditions]);
    parts.push({
      text: `SELECT at AS bucket, is_prompt AS prompts, NOT is_prompt AS answers FROM messages ${filter.text}`,
      values: filter.values,
    });
  }
  return joined(parts, ' UNION ALL ');
}

/** Prompts and answers. */
export function countMessages(db: Reader, scope: Scope): number {
  const rows = messageRows(scope);
  const [sum] = db.all<{ count: number | null }>(
    `SELECT sum(prompts + answers) AS count FROM (${rows.text})`,
    ...rows.values,
  );
  return sum?.count ?? 0;
}

/** Days with messages, oldest first. */
export function activity(db: Reader, scope: Scope): Activity {
  const rows = messageRows(scope);
  const day = dayOf('bucket', spansOf(db, 'message_quarters', 'bucket', scope.period));
  const days = db.all<{ day: number; prompts: number; answers: number }>(
    `SELECT ${day} AS day, sum(prompts) AS prompts, sum(answers) AS answers FROM (${rows.text})
     WHERE bucket > 0 GROUP BY 1 HAVING sum(prompts + answers) > 0 ORDER BY 1`,
    ...rows.values,
  );
  return {
    period: shown(scope.period),
    days: days.map((row) => ({
      date: dayText(row.day),
      userMessages: row.prompts,
      assistantMessages: row.answers,
      total: row.prompts + row.answers,
    })),
  };
}
