import type { Overview } from '@codepiper/core/analytics/analytics.ts';
import type { Period } from '@codepiper/core/analytics/periods.ts';

export const isoTime = (at: number | null): string | null =>
  at === null ? null : new Date(at).toISOString();

/** The period as answers show it. */
export function shown({ since, until, timezone }: Period): Overview['period'] {
  return { since: isoTime(since), until: isoTime(until), timezone };
}
