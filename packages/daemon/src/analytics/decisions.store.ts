import type { DecisionDays } from '@codepiper/core/analytics/analytics.ts';
import { dayText, type Period } from '@codepiper/core/analytics/periods.ts';
import type { Reader } from '../db/transcripts/reader.ts';
import { dayOf, during, spansOf, where } from './scope.store.ts';
import { shown } from './times.ts';

/**
 * Decisions of each day, oldest first.
 *
 * @param db a connection to codepiper's own database, which has the audit trail
 */
export function decisionsByDay(
  db: Reader,
  { period, session }: { period: Period; session?: string | undefined },
): DecisionDays {
  const ofSession = session === undefined ? [] : [{ text: 'session_id = ?', values: [session] }];
  const calls = { text: `decision <> 'change'`, values: [] };
  const filter = where([calls, ...during('at', period), ...ofSession]);
  const rows = db.all<{ day: number; decision: string; count: number }>(
    `SELECT ${dayOf('at', spansOf(db, 'decisions', 'at', period))} AS day, decision, count(*) AS count
     FROM decisions ${filter.text} GROUP BY 1, 2 ORDER BY 1, 2`,
    ...filter.values,
  );
  return {
    period: shown(period),
    days: rows.map(({ day, decision, count }) => ({ date: dayText(day), decision, count })),
  };
}
