import { client } from '../api/client.ts';

/** The daemon believes it for a minute. */
const sayAgainMs = 25_000;

/** This page, for the daemon: made up anew with each load. */
const page = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
  byte.toString(16).padStart(2, '0'),
).join('');

/** Whether the page is in front of somebody. */
export function isInFront(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus();
}

/** Tells the daemon that somebody looks at a session, while they do. Returns what ends it. */
export function lookAt(sessionId: string): () => void {
  let isLooking = false;
  const say = (isNow: boolean) => {
    if (!isNow && !isLooking) return;
    isLooking = isNow;
    // The daemon forgets it by itself.
    client
      .request('POST', '/notifications/looking', { body: { page, sessionId: isNow ? sessionId : null } })
      .catch(() => undefined);
  };
  const look = () => say(isInFront());
  look();
  const timer = setInterval(look, sayAgainMs);
  const end = new AbortController();
  for (const type of ['focus', 'blur'] as const) window.addEventListener(type, look, { signal: end.signal });
  document.addEventListener('visibilitychange', look, { signal: end.signal });
  return () => {
    clearInterval(timer);
    end.abort();
    say(false);
  };
}
