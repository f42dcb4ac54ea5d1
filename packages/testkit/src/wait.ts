import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

/**
 * How long and how often {@link waitFor} looks, in milliseconds. The usual time is far longer than anything takes: it is
 * there so that a test ends, and is not to be met by a slow machine.
 */
export interface WaitOptions {
  timeout?: number;
  interval?: number;
}

/**
 * Polls `probe` until it gives something truthy, and returns that.
 * A probe that throws counts as "not yet"; its error is shown when time runs out.
 *
 * @param label what is awaited, as it should read in a failure: "the echo on the screen"
 * @throws Error naming the label, the time spent and the last value or error seen
 */
export async function waitFor<T>(
  label: string,
  probe: () => T | Promise<T>,
  { timeout = 30_000, interval = 25 }: WaitOptions = {},
): Promise<Exclude<Awaited<T>, false | null | undefined | 0 | ''>> {
  const started = performance.now();
  let last = 'nothing (the probe never returned)';
  for (;;) {
    try {
      const value = await probe();
      if (value) return value as Exclude<Awaited<T>, false | null | undefined | 0 | ''>;
      last = show(value);
    } catch (error) {
      last = error instanceof Error ? error.message : show(error);
    }
    const spent = performance.now() - started;
    if (spent >= timeout) {
      throw new Error(`Waited ${Math.round(spent)} ms for ${label}; last seen: ${last}`);
    }
    await sleep(interval);
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 4, breakLength: 100 });
}
