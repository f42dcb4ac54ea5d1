import type { TokenCounts } from '@codepiper/core/transcripts/transcript.ts';

/**
 * Which of two tellings of a response is the fuller one: the one with more output, then with more of the rest. Above 0
 * when it is the first; 0 for the same told twice.
 */
export function compareTokens(one: TokenCounts, other: TokenCounts): number {
  return (
    one.output - other.output ||
    restOf(one) - restOf(other) ||
    one.input - other.input ||
    one.cacheRead - other.cacheRead ||
    one.cacheWrite5m - other.cacheWrite5m ||
    one.cacheWrite1h - other.cacheWrite1h ||
    one.reasoning - other.reasoning
  );
}

function restOf({ input, cacheRead, cacheWrite5m, cacheWrite1h }: TokenCounts): number {
  return input + cacheRead + cacheWrite5m + cacheWrite1h;
}
