import { hash } from 'node:crypto';
import type { DecisionTable } from './audit.table.ts';

/** Everything of an entry that its hash covers. */
export type HashedEntry = Omit<DecisionTable, 'hash'>;

/** What stands for the hash before the first entry. */
export const noHash = '0'.repeat(64);

/** In the order of the names: their JSON is canonical. */
export const hashedColumns = [
  'approval_id',
  'at',
  'by',
  'call_id',
  'cwd',
  'decision',
  'input',
  'input_hash',
  'latency_us',
  'parts',
  'provider',
  'reason',
  'rule',
  'seq',
  'session_id',
  'session_name',
  'tool',
  'tool_kind',
  'who',
] as const satisfies readonly (keyof HashedEntry)[];

/** SHA-256 of a text in UTF-8, as hexadecimal digits. */
export function sha256(text: string): string {
  return hash('sha256', text);
}

/** Hash of an entry: of the hash before it and the canonical JSON of its columns. */
export function entryHash(before: string, entry: HashedEntry): string {
  return hashOfValues(
    before,
    hashedColumns.map((column) => entry[column]),
  );
}

const names = hashedColumns.map((column, i) => `${i === 0 ? '{' : ','}"${column}":`);

/** The same from the values in the order of `hashedColumns`. */
export function hashOfValues(before: string, values: readonly unknown[]): string {
  let text = before;
  for (const [i, name] of names.entries()) text += name + JSON.stringify(values[i] ?? null);
  return sha256(`${text}}`);
}
