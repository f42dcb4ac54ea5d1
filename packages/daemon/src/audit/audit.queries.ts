import type { TrailState } from '@codepiper/core/audit/audit.endpoints.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Queries, QueryContext } from '../db/transcripts/reader.ts';
import { verifyTrail } from './verify.ts';

/** What the thread that reads runs for the audit trail: all of it is gone through. */
export const auditQueries = {
  trailState({ files }: QueryContext, _: Record<string, never>): Omit<TrailState, 'checkedAt'> {
    if (files.main === ':memory:') {
      throw new CodepiperError(
        'unsupported',
        'The audit trail is kept in memory: there is no file to verify.',
      );
    }
    const { first, last, ...report } = verifyTrail({ database: files.main, key: files.auditKey });
    return {
      intact: report.findingCount === 0,
      ...report,
      first: first && { seq: first.seq, at: isoTime(first.at) },
      last: last && { seq: last.seq, at: isoTime(last.at), hash: last.hash },
    };
  },
} as const satisfies Queries;

/** Null for what no clock has shown: the row was changed. */
function isoTime(at: number): string | null {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
