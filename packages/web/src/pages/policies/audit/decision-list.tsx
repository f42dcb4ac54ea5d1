import type { Decision } from '@codepiper/core/audit/decision.ts';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { Badge } from '../../../kit/badge.tsx';
import { Ago } from '../../../kit/time.tsx';
import { actionWords } from '../../shared/verdict/actions.ts';
import type { PolicySearch } from '../policy-search.ts';
import { callWords, deciderWords } from './decision-words.ts';

interface Props {
  decisions: readonly Decision[];
  search: PolicySearch;
  hasMore: boolean;
  isLoading: boolean;
  onMore(): void;
}

const usualHeight = 64;

/** Entries, as many as are seen; more are read towards the end. */
export function DecisionList({ decisions, search, hasMore, isLoading, onMore }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: decisions.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => usualHeight,
    getItemKey: (index) => decisions[index]?.seq ?? index,
    overscan: 10,
  });
  const items = rows.getVirtualItems();
  const isNearEnd = (items.at(-1)?.index ?? 0) >= decisions.length - 20;
  useEffect(() => {
    if (isNearEnd && hasMore && !isLoading) onMore();
  }, [isNearEnd, hasMore, isLoading, onMore]);
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto">
      <ol aria-label="Entries of the audit log" className="relative" style={{ height: rows.getTotalSize() }}>
        {items.map(({ index, key, start }) => {
          const decision = decisions[index];
          return (
            decision && (
              <li
                key={key}
                ref={rows.measureElement}
                data-index={index}
                className="absolute inset-x-0 top-0 border-line border-b"
                style={{ transform: `translateY(${start}px)` }}
              >
                <Row decision={decision} search={search} />
              </li>
            )
          );
        })}
      </ol>
    </div>
  );
}

function Row({ decision, search }: { decision: Decision; search: PolicySearch }) {
  const { seq, at, sessionId, sessionName, tool } = decision;
  const { past, tone } = actionWords[decision.decision];
  return (
    <Link
      to="/policies"
      search={{ ...search, tab: 'audit', decision: seq }}
      className="block px-4 py-2.5 text-sm hover:bg-raised/60 focus-visible:-outline-offset-2"
    >
      <span className="flex items-center gap-2 text-quiet text-xs">
        <Badge tone={tone}>{past}</Badge>
        <span className="min-w-0 flex-1 truncate">
          <span className="font-medium text-text">{sessionName ?? sessionId?.slice(0, 8) ?? ''}</span>
          {tool && <span className="ml-2 font-mono">{tool}</span>}
          <span className="ml-2">by {deciderWords(decision)}</span>
        </span>
        <span className="shrink-0 tabular-nums">
          #{seq} · <Ago time={at} />
        </span>
      </span>
      <span className="mt-1 block truncate font-mono text-xs">{callWords(decision)}</span>
    </Link>
  );
}
