import type { AnyEvent, EventSource } from '@codepiper/core/events/event.ts';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { client } from '../../../api/client.ts';
import { feed } from '../../../api/feed.ts';

export interface EventFilter {
  /** Null for all of the ledger; the transcript's have ids of their own. */
  source: EventSource | 'transcript' | null;
  type: string | null;
}

interface Events {
  /** Newest first. */
  events: readonly AnyEvent[];
  hasMore: boolean;
  isLoading: boolean;
  problem: unknown;
}

const pageSize = 100;
const nothing: Events = { events: [], hasMore: false, isLoading: true, problem: null };

/** A session's events as they happen, and earlier ones when asked for. */
export function useEvents(session: string, { source, type }: EventFilter) {
  const [state, setState] = useState(nothing);
  /** All types that were ever seen of the source. */
  const [types, setTypes] = useState<ReadonlySet<string>>(new Set());
  const current = useRef(state);
  current.current = state;

  const read = useCallback(
    (before?: number) =>
      client.request('GET', '/sessions/:id/events', {
        params: { id: session },
        query: {
          ...(source === null ? {} : { source }),
          ...(type === null ? {} : { type }),
          ...(before === undefined ? {} : { before }),
          ...{ order: 'desc', limit: pageSize },
        },
      }),
    [session, source, type],
  );

  // Those of another source are forgotten.
  useEffect(() => setTypes(new Set()), [source]);

  useEffect(() => {
    let isOver = false;
    let end: (() => void) | null = null;
    setState(nothing);
    const add = (event: AnyEvent) => {
      if (type !== null && event.type !== type) return;
      setState((before) =>
        event.id <= (before.events[0]?.id ?? 0) ? before : { ...before, events: [event, ...before.events] },
      );
    };
    const since = () => current.current.events[0]?.id ?? 0;
    const follow = () =>
      source === 'transcript'
        ? feed.subscribe({
            topic: () => ({ topic: 'conversation', session, since: since() }),
            onMessage: (message) => {
              if (message.type !== 'entry') return;
              const { entry } = message;
              add({
                ...{ id: entry.id, sessionId: session, source: 'transcript', type: entry.kind },
                ...{ timestamp: entry.at ?? new Date().toISOString(), payload: { ...entry } },
              });
            },
          })
        : feed.subscribe({
            topic: () => ({ topic: 'events', since: since() }),
            onMessage: (message) => {
              if (message.type !== 'event' || message.event.sessionId !== session) return;
              if (source === null || message.event.source === source) add(message.event);
            },
          });
    read().then(
      ({ events, hasMore }) => {
        if (isOver) return;
        const next = { events, hasMore, isLoading: false, problem: null };
        current.current = next;
        setState(next);
        end = follow();
      },
      (problem: unknown) => !isOver && setState({ ...nothing, isLoading: false, problem }),
    );
    return () => {
      isOver = true;
      end?.();
    };
  }, [session, source, type, read]);

  useEffect(() => {
    setTypes((before) => {
      const found = state.events.filter((event) => !before.has(event.type)).map((event) => event.type);
      return found.length === 0 ? before : new Set([...before, ...found]);
    });
  }, [state.events]);

  const more = () => {
    const before = state.events.at(-1)?.id;
    setState({ ...state, isLoading: true, problem: null });
    read(before).then(
      ({ events, hasMore }) =>
        setState((now) => ({ ...now, events: [...now.events, ...events], hasMore, isLoading: false })),
      (problem: unknown) => setState((now) => ({ ...now, isLoading: false, problem })),
    );
  };
  return { ...state, types: useMemo(() => [...types].toSorted(), [types]), more };
}
