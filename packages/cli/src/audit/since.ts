import { UsageError } from '../usage-error.ts';

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const isoTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * The time a person means: an age like `1h` or `2d`, or a time in ISO 8601 (without a zone: the local one).
 * @throws UsageError
 */
export function readSince(text: string, now: number): string {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const age = unitMs[unit];
  const at =
    age === undefined ? (isoTime.test(text) ? Date.parse(text) : Number.NaN) : now - Number(count) * age;
  if (Number.isNaN(at) || at < 0) {
    throw new UsageError(
      `--since is "${text}"; it must be an age like 30m, 1h or 2d, or a time like 2026-11-21T10:00Z.`,
    );
  }
  return new Date(at).toISOString();
}
