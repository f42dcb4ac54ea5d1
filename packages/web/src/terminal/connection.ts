import { type LinkState, TerminalLink, type WebSocketLike } from '@codepiper/client/terminal-link.ts';

/** As for the feed: who opens a laptop sees within a second what is there. */
const probeMs = 600;

/** The one connection of this page for its terminals, and what is heard of it. */
export interface Connection {
  readonly link: TerminalLink;
  readonly state: () => LinkState;
  /** The result ends it. */
  readonly onState: (listener: () => void) => () => void;
}

/** Comes back by itself, at once when the network or the page does. */
export function connect(openSocket: () => WebSocketLike): Connection {
  const listeners = new Set<() => void>();
  let state: LinkState = 'connecting';
  const link = new TerminalLink({
    connect: openSocket,
    clientId: newClientId(),
    probeMs,
    label: isPhone() ? 'phone' : 'browser',
    onState: (now) => {
      state = now;
      for (const listener of listeners) listener();
    },
  });
  window.addEventListener('online', () => link.wake());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') link.wake();
  });
  return {
    link,
    state: () => state,
    onState: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Of this page alone: two with the same one would take each other's input for their own. */
function newClientId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/** Fingers instead of a mouse. */
export function isPhone(): boolean {
  return matchMedia('(pointer: coarse)').matches;
}
