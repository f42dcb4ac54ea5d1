import { setTimeout as sleep } from 'node:timers/promises';

/** How long an agent may take to take in an image, in milliseconds; one of 9 MB took Claude Code about half a second. */
const settleMs = 10_000;
const pollMs = 30;

/** Waits until a screen shows it, and not for ever: what follows says something without it too. */
export async function waitForScreen(
  look: () => Promise<string>,
  isThere: (screen: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + settleMs;
  while (!signal.aborted && !isThere(await look()) && performance.now() < deadline) await sleep(pollMs);
}
