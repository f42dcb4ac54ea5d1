import { toCsv } from '../csv.ts';
import type { Decision } from './decision.ts';

/** Columns of the audit trail in a CSV file, in their order. */
const csvColumns = [
  'seq',
  'at',
  'sessionId',
  'sessionName',
  'provider',
  'decision',
  'by',
  'who',
  'tool',
  'toolKind',
  'callId',
  'inputHash',
  'input',
  'cwd',
  'rule',
  'reason',
  'parts',
  'approvalId',
  'latencyMs',
  'hash',
] as const satisfies readonly (keyof Decision)[];

/** Entries as CSV. What is no text or number is JSON. `titles`: with a line of titles. */
export function decisionsCsv(decisions: readonly Decision[], titles = true): string {
  const rows = decisions.map((entry) =>
    csvColumns.map((column) => {
      const value = entry[column];
      if (value === null) return '';
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    }),
  );
  return toCsv(titles ? [csvColumns, ...rows] : rows);
}
