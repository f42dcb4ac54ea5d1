import type { Session } from '@codepiper/core/sessions/session.ts';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, MessageSquareText } from 'lucide-react';
import {
  useCallback,
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { Button } from '../../../kit/button.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../../kit/states.tsx';
import { conversationOf } from './conversation-store.ts';
import { RowView } from './row-view.tsx';
import { agentOf, childrenOf, type Row, type RowSource, toRows } from './rows.ts';

interface Props {
  session: Session;
  entry: number | null;
  modelSwitches: RowSource['modelSwitches'] | undefined;
}

/** So near to the end a person still counts as being there, in CSS pixels. */
const endThreshold = 60;
/** So many rows from an end more are asked for. */
const reach = 12;
/** What a row takes before it was measured, in CSS pixels. */
const guess: Record<Row['kind'], number> = {
  entry: 90,
  tool: 38,
  agent: 38,
  model: 32,
  conversation: 32,
  interruption: 28,
};

export function EntryList({ session, entry, modelSwitches }: Props) {
  const store = conversationOf(session.id);
  const state = useSyncExternalStore(store.subscribe, store.state);
  const { entries, conversations, hasOlder, hasNewer, loading, problem } = state;
  const scroller = useRef<HTMLElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [isAtEnd, setAtEnd] = useState(true);
  /** The person is at the end, or on the way there, and has not left it: what comes is followed. */
  const follows = useRef(false);
  /** As it was when it last scrolled. */
  const seen = useRef<Extent>({ top: 0, bottom: 0, height: 0 });
  /** The newest entry that was there when the person left the end, or when the last part of it was read. */
  const [seenUpTo, setSeenUpTo] = useState(0);
  const [wasPart, setWasPart] = useState(hasNewer);
  if (hasNewer !== wasPart) {
    setWasPart(hasNewer);
    setSeenUpTo(entries.at(-1)?.id ?? 0);
  }

  // Before the list goes to its place below, since that is set here.
  useLayoutEffect(() => void store.open(entry), [store, entry]);

  const children = useMemo(() => childrenOf(conversations), [conversations]);
  const target = entry === null ? undefined : entries.find(({ id }) => id === entry);
  const targetAgent = target ? agentOf(target, children) : null;
  const rows = useMemo(() => {
    const openAgents = new Set([...open].flatMap((key) => (key.startsWith('agent-') ? [key.slice(6)] : [])));
    if (targetAgent !== null) openAgents.add(targetAgent);
    return toRows({ entries, conversations, modelSwitches: modelSwitches ?? [], openAgents });
  }, [entries, conversations, modelSwitches, open, targetAgent]);

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => rows[index]?.key ?? index,
    estimateSize: (index) => guess[rows[index]?.kind ?? 'entry'],
    overscan: 8,
    paddingStart: 12,
    paddingEnd: 16,
    // New rows at the end are followed by whoever is there, which the lower edge of a part is not; rows above come in
    // without a jump.
    anchorTo: 'end',
    followOnAppend: isAtEnd,
    scrollEndThreshold: endThreshold,
  });

  // Where the person was, or what the address names, once there is something.
  const targetIndex = rows.findIndex(
    (row) => ('entry' in row && row.entry.id === entry) || (row.kind === 'tool' && row.result?.id === entry),
  );
  const isReady = rows.length > 0 && loading !== 'first';
  const goTo = useEffectEvent(() => {
    const { place } = store;
    const isEntry = place !== 'end' && 'entry' in place;
    const index = isEntry ? targetIndex : rows.findIndex(({ key }) => place !== 'end' && key === place.key);
    follows.current = index < 0;
    if (index < 0) virtualizer.scrollToEnd();
    else virtualizer.scrollToIndex(index, { align: isEntry ? 'center' : 'start' });
  });
  useLayoutEffect(() => {
    if (isReady) goTo();
  }, [isReady, entry]);

  const items = virtualizer.getVirtualItems();
  const firstIndex = items[0]?.index ?? 0;
  const lastIndex = items.at(-1)?.index ?? 0;
  // Again after every load: of what came nothing need be seen, as a sub-agent is one row however long it is.
  useEffect(() => {
    if (!isReady || loading || problem) return;
    if (hasOlder && firstIndex < reach) void store.older();
    else if (hasNewer && lastIndex > rows.length - reach) void store.newer();
  }, [store, isReady, loading, problem, hasOlder, hasNewer, firstIndex, lastIndex, rows.length]);

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    if (isMovedUp(element, seen.current)) follows.current = false;
    seen.current = extentOf(element);
    // Another place is on its way.
    if (!isReady) return;
    if (!hasNewer && fromEnd(element) < endThreshold) follows.current = true;
    const isThere = !hasNewer && follows.current;
    const first = virtualizer.getVirtualItems().find(({ end }) => end > element.scrollTop);
    store.place = isThere || !first ? 'end' : { key: String(first.key) };
    if (isThere === isAtEnd) return;
    setAtEnd(isThere);
    if (!isThere) setSeenUpTo(entries.at(-1)?.id ?? 0);
  };
  const toEnd = async () => {
    if (hasNewer) await store.toNewest();
    follows.current = true;
    virtualizer.scrollToEnd();
  };
  // The list may give up its way to the end in the middle, or lose the end, when rows are measured and others
  // come in above at the same moment: the way is gone on with.
  useEffect(() => {
    const element = scroller.current;
    if (!element || !isReady || hasNewer || virtualizer.isScrolling) return;
    if (fromEnd(element) < endThreshold) follows.current = true;
    else if (follows.current && !isMovedUp(element, seen.current)) virtualizer.scrollToEnd();
  });
  const stay = () => {
    follows.current = false;
  };

  const isBusy = session.activity === 'busy' || session.status === 'needs_permission';
  const context = useMemo(
    () => ({ session: session.id, cwd: session.cwd, isBusy }),
    [session.id, session.cwd, isBusy],
  );
  const onToggle = useCallback(
    (key: string) =>
      setOpen((before) => {
        const after = new Set(before);
        if (!after.delete(key)) after.add(key);
        return after;
      }),
    [],
  );

  if (rows.length === 0) {
    return (
      <div className="min-h-0 flex-1 overflow-auto">
        {problem ? (
          <ErrorState error={problem} onRetry={() => void store.toNewest()} />
        ) : loading ? (
          <SkeletonRows rows={6} />
        ) : (
          <EmptyState
            icon={<MessageSquareText aria-hidden="true" className="size-6" />}
            title="Nothing was said yet"
          >
            Write the first prompt below. What the agent says and does appears here as it happens.
          </EmptyState>
        )}
      </div>
    );
  }
  // What is read of a part is not new, however much of it comes.
  const below = isAtEnd || hasNewer ? 0 : entries.filter(({ id }) => id > seenUpTo).length;
  return (
    <div className="relative min-h-0 flex-1">
      <section
        ref={scroller}
        onScroll={onScroll}
        onWheel={stay}
        onTouchMove={stay}
        onPointerDown={stay}
        onKeyDown={stay}
        aria-label="Conversation"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by the arrow keys too
        tabIndex={0}
        className="h-full overflow-y-auto overscroll-contain outline-offset-[-2px] [overflow-anchor:none]"
      >
        <div className="relative w-full" style={{ height: virtualizer.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <div
                  key={item.key}
                  data-index={item.index}
                  ref={virtualizer.measureElement}
                  className="absolute top-0 left-0 w-full"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <RowView
                    row={row}
                    context={context}
                    isOpen={open.has(row.key)}
                    isTarget={item.index === targetIndex}
                    onToggle={onToggle}
                  />
                </div>
              )
            );
          })}
        </div>
      </section>
      <div className="pointer-events-none absolute inset-x-0 top-2 flex justify-center" aria-live="polite">
        {loading === 'older' && (
          <span className="rounded-full border border-line bg-raised px-3 py-1 text-quiet text-xs">
            Loading earlier entries…
          </span>
        )}
        {problem !== null && (
          <Button size="small" className="pointer-events-auto" onClick={() => void store.toNewest()}>
            Could not be read. Try again
          </Button>
        )}
      </div>
      {(!isAtEnd || hasNewer) && (
        <div className="pointer-events-none absolute inset-x-0 bottom-3 flex justify-center">
          <Button
            size="small"
            tone={below > 0 ? 'primary' : 'plain'}
            className="pointer-events-auto rounded-full shadow-lg"
            onClick={() => void toEnd()}
          >
            <ArrowDown aria-hidden="true" className="size-4" />
            {below > 0 ? `${below} new below` : 'To the newest'}
          </Button>
        </div>
      )}
    </div>
  );
}

/** What is seen of a list, and how long it is, in CSS pixels. */
interface Extent {
  top: number;
  bottom: number;
  height: number;
}

function extentOf({ scrollTop, clientHeight, scrollHeight }: Element): Extent {
  return { top: scrollTop, bottom: scrollTop + clientHeight, height: scrollHeight };
}

/**
 * Somebody scrolled up since then, by whatever means: the list itself takes nothing away above without getting
 * shorter, and where more of it is shown the lower edge stays.
 */
function isMovedUp(element: Element, since: Extent): boolean {
  const { top, bottom, height } = extentOf(element);
  return top < since.top - 1 && bottom < since.bottom - 1 && height >= since.height;
}

/** What is below the lower edge, in CSS pixels. */
function fromEnd({ scrollHeight, scrollTop, clientHeight }: Element): number {
  return scrollHeight - scrollTop - clientHeight;
}
