import type { AnyEvent, EventSource } from '@codepiper/core/events/event.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { ChevronRight, ListFilter } from 'lucide-react';
import { useState } from 'react';
import { Badge } from '../../../kit/badge.tsx';
import { Button } from '../../../kit/button.tsx';
import { CodeBlock } from '../../../kit/code.tsx';
import { cx } from '../../../kit/cx.ts';
import { Select } from '../../../kit/field.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../../kit/states.tsx';
import { Ago } from '../../../kit/time.tsx';
import { type EventFilter, useEvents } from './use-events.ts';

/** Those that may concern one session. */
const sources: readonly EventSource[] = ['session', 'delivery', 'hook', 'approval', 'policy', 'notification'];

interface Props {
  session: Session;
  hasTranscript: boolean;
}

/** What happened, newest first: facts of the ledger, or what was read from the transcript. */
export function EventsTab({ session, hasTranscript }: Props) {
  const [filter, setFilter] = useState<EventFilter>({ source: null, type: null });
  const { events, types, hasMore, isLoading, problem, more } = useEvents(session.id, filter);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-line border-b px-4 py-2 sm:px-6">
        <ListFilter aria-hidden="true" className="hidden size-4 text-quiet sm:block" />
        <Select
          aria-label="Source"
          className="w-auto min-w-36 flex-1 sm:flex-none"
          value={filter.source ?? ''}
          onChange={({ target }) =>
            setFilter({ source: (target.value || null) as EventFilter['source'], type: null })
          }
        >
          <option value="">All facts</option>
          {sources.map((source) => (
            <option key={source} value={source}>
              {source}
            </option>
          ))}
          {hasTranscript && <option value="transcript">transcript</option>}
        </Select>
        <Select
          aria-label="Type"
          className="w-auto min-w-36 flex-1 sm:flex-none"
          value={filter.type ?? ''}
          onChange={({ target }) => setFilter({ ...filter, type: target.value || null })}
        >
          <option value="">All types</option>
          {types.map((type) => (
            <option key={type} value={type}>
              {type}
            </option>
          ))}
        </Select>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {problem && events.length === 0 ? (
          <ErrorState error={problem} onRetry={more} />
        ) : events.length === 0 && isLoading ? (
          <SkeletonRows />
        ) : events.length === 0 ? (
          <EmptyState title="No such events">Choose another source or type.</EmptyState>
        ) : (
          <ol aria-label="Events, newest first" className="divide-y divide-line/60">
            {events.map((event) => (
              <EventRow key={`${event.source === 'transcript'}-${event.id}`} event={event} />
            ))}
          </ol>
        )}
        {hasMore && (
          <div className="flex justify-center p-4">
            <Button isBusy={isLoading} onClick={more}>
              Load earlier
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}

function EventRow({ event }: { event: AnyEvent }) {
  const [isOpen, setOpen] = useState(false);
  const { source, type, payload, timestamp, id } = event;
  return (
    // Those that are not seen cost nothing, however many there are.
    <li className="px-2 [contain-intrinsic-size:auto_2.25rem] [content-visibility:auto] sm:px-4">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="flex min-h-9 w-full items-center gap-2 rounded-md px-2 py-1 text-left text-sm hover:bg-raised sm:gap-3 pointer-coarse:min-h-11"
      >
        <ChevronRight
          aria-hidden="true"
          className={cx('size-3.5 shrink-0 text-quiet transition-transform', isOpen && 'rotate-90')}
        />
        <Ago time={timestamp} className="w-14 shrink-0 text-quiet text-xs tabular-nums" />
        <Badge className="shrink-0 sm:w-24 sm:justify-center">{source}</Badge>
        <span className="shrink-0 font-medium">{type}</span>
        <span className="min-w-0 flex-1 truncate text-quiet text-xs">{glance(payload)}</span>
        <span className="hidden shrink-0 text-quiet text-xs tabular-nums sm:inline">#{id}</span>
      </button>
      {isOpen && <CodeBlock text={JSON.stringify(event, null, 2)} className="mx-2 mb-2 sm:ml-9" />}
    </li>
  );
}

/** What a payload says, as far as it goes into a line. */
function glance(payload: Record<string, unknown>): string {
  const text = typeof payload.text === 'string' ? payload.text : null;
  if (text !== null) return text.slice(0, 200);
  return Object.entries(payload)
    .filter(
      ([, value]) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean',
    )
    .map(([name, value]) => `${name}: ${String(value).slice(0, 80)}`)
    .join(' · ');
}
