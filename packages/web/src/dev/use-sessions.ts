import { createClient } from '@codepiper/client/client.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { useEffect, useState } from 'react';
import { fetchTransport } from './fetch-transport.ts';

const client = createClient(fetchTransport);
/** Between two looks at the list, in milliseconds. Nobody looks while the page is hidden. */
const everyMs = 3000;

export interface SessionList {
  /** null until the first answer. What was last heard stays when the daemon is away. */
  sessions: readonly Session[] | null;
  problem: string | null;
}

/** Those that need a person first, then those at work, the ended last. */
export function useSessions(): SessionList {
  const [list, setList] = useState<SessionList>({ sessions: null, problem: null });
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const look = async () => {
      if (document.visibilityState === 'hidden') return;
      try {
        const { sessions } = await client.request('GET', '/sessions', { query: {}, signal });
        setList({ sessions: sessions.toSorted(byNeed), problem: null });
      } catch (error) {
        if (signal.aborted) return;
        const problem = error instanceof Error ? error.message : String(error);
        setList(({ sessions }) => ({ sessions, problem }));
      }
    };
    void look();
    const timer = setInterval(() => void look(), everyMs);
    document.addEventListener('visibilitychange', () => void look(), { signal });
    return () => {
      clearInterval(timer);
      controller.abort();
    };
  }, []);
  return list;
}

const ranks: Record<Session['status'], number> = {
  needs_permission: 0,
  needs_input: 1,
  running: 2,
  starting: 2,
  crashed: 3,
  stopped: 3,
};

function byNeed(a: Session, b: Session): number {
  return ranks[a.status] - ranks[b.status] || b.createdAt.localeCompare(a.createdAt);
}
