import { setTimeout as sleep } from 'node:timers/promises';
import { TransportError } from '@codepiper/client/transport.ts';

/** How long a daemon that went away may take to come back, in milliseconds. */
const patienceMs = 15_000;

/**
 * What comes behind `from` in a sequence, without end: a daemon that restarts is asked again from the last one on.
 *
 * @throws TransportError when the daemon stays away
 */
export async function* follow<T extends { id: number }>(
  open: (since: number) => AsyncIterable<T>,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<T> {
  let since = from;
  let giveUpAt = Number.POSITIVE_INFINITY;
  for (;;) {
    try {
      for await (const one of open(since)) {
        since = one.id;
        giveUpAt = Number.POSITIVE_INFINITY;
        yield one;
      }
    } catch (error) {
      if (!(error instanceof TransportError) || signal.aborted || performance.now() > giveUpAt) throw error;
    }
    giveUpAt = Math.min(giveUpAt, performance.now() + patienceMs);
    await sleep(300, undefined, { signal });
  }
}
