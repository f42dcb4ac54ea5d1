import type { Clock } from '@codepiper/core/clock.ts';

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };
