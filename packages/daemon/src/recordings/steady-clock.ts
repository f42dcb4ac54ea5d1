import type { Clock } from '@codepiper/core/clock.ts';

/** A clock that is never put back: when the machine's is, it goes on from where it was. */
export function steadyClock(clock: Clock): Clock {
  let last = 0;
  let ahead = 0;
  return {
    now() {
      const now = clock.now();
      if (now + ahead < last) ahead = last - now;
      last = now + ahead;
      return last;
    },
  };
}
