import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

/** Between two tries while the daemon cannot be reached, in milliseconds. */
const pauseMs = 1_000;
/** How soon the daemon has to answer to count as reached, in milliseconds. */
const probeMs = 5_000;

/** A component that is loaded when it is first shown, as `loadPart` does it. */
export function lazyPart<Props>(
  load: () => Promise<ComponentType<Props>>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => ({ default: await loadPart(load) }));
}

/**
 * Loads a part of the page's code. A failure is told once the daemon can be reached: browsers remember it for as long
 * as a page lives, so only a new page helps, which `ErrorPage` makes, and without the network there would be none.
 */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (error) {
    while (!(await isDaemonReached())) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    throw error;
  }
}

async function isDaemonReached(): Promise<boolean> {
  const signal = AbortSignal.timeout(probeMs);
  const reply = await fetch('/', { method: 'HEAD', cache: 'no-store', signal }).catch(() => null);
  return reply !== null;
}
