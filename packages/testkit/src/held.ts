import { garbageCollector } from './garbage.ts';

/**
 * Memory of buffers, in bytes, that stays when nothing is left of what was done but what was made by it. With it a test
 * sees small views that keep large memory: a small Buffer is a view of 64 kB that it shares with others.
 */
export async function heldBy(make: () => unknown): Promise<number> {
  const before = await reachable();
  const made = make();
  const held = (await reachable()) - before;
  // Read behind the measurement, so that it is there until then.
  return made === undefined ? 0 : held;
}

/** Uses up what small Buffers share, as all the rest of a daemon does: the next one gets new memory. */
export function usePool(): void {
  for (let taken = 0; taken <= Buffer.poolSize; taken += 1_000) Buffer.allocUnsafe(1_000);
}

async function reachable(): Promise<number> {
  const collect = garbageCollector();
  // What native objects hold is given back by the end of a turn.
  for (let turn = 0; turn < 2; turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().arrayBuffers;
}
