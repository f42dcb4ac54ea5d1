import { CodepiperError } from '@codepiper/core/errors.ts';
import type { EventSource } from '@codepiper/core/events/event.ts';
import { QueryClient } from '@tanstack/react-query';
import { feed } from './feed.ts';

/**
 * What was read of the daemon. A key begins with the name of its resource (`['sessions', id]`): facts of the feed make
 * old what they speak of, and nothing is asked again by time.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (failures, error) => !(error instanceof CodepiperError) && failures < 2,
    },
  },
});

/** Resources that a fact of a source may change. */
const changedBy: Record<EventSource, readonly string[]> = {
  session: ['sessions', 'conversations', 'directories'],
  delivery: ['deliveries', 'sessions'],
  hook: [],
  approval: ['approvals', 'audit', 'sessions'],
  policy: ['policies', 'policy-sets', 'policy-default', 'audit', 'sessions'],
  auth: ['auth'],
  notification: ['notifications'],
  daemon: ['daemon', 'settings'],
};

/** Changes that come together are asked for once. */
const gatherMs = 50;

/** Keeps what was read true, from now on. Returns what ends it. */
export function followFacts(): () => void {
  const waiting = new Set<string>();
  let since: number | undefined;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const flush = () => {
    timer = null;
    const resources = new Set(waiting);
    waiting.clear();
    void queryClient.invalidateQueries({
      predicate: ({ queryKey }) => resources.has(String(queryKey[0])),
    });
  };
  const end = feed.subscribe({
    topic: () => {
      if (since === undefined) {
        since = feed.lastId;
        // What was read before may have changed before anybody told us.
        void queryClient.invalidateQueries();
      }
      return { topic: 'events', since };
    },
    onMessage: (message) => {
      if (message.type !== 'event') return;
      const { event } = message;
      since = event.id;
      // A newer daemon may have sources that this page has not heard of.
      for (const resource of changedBy[event.source] ?? []) waiting.add(resource);
      if (waiting.size > 0) timer ??= setTimeout(flush, gatherMs);
    },
  });
  return () => {
    end();
    if (timer !== null) clearTimeout(timer);
  };
}
