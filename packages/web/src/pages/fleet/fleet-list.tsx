import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronRight } from 'lucide-react';
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef } from 'react';
import { cx } from '../../kit/cx.ts';
import { FleetRow } from './fleet-row.tsx';
import type { FleetSection, FleetView } from './fleet-search.ts';
import { useMovement } from './movement.ts';

/** More rows than this, and only those in sight are in the page. */
const mostRows = 60;
/** Heights before they are measured, in pixels. */
const usualHeights = { heading: 36, row: 56, waiting: 150 } as const;

type Item =
  | { key: string; kind: 'heading'; section: FleetSection }
  | { key: string; kind: 'row'; id: string; isWaiting: boolean };

/** What moves through the rows, for the keyboard. */
export interface FleetListHandle {
  ids: readonly string[];
  /** Puts the focus on a row, also one out of sight. */
  focus(id: string): void;
}

interface Props {
  view: FleetView;
  scroller: HTMLDivElement | null;
  handle: RefObject<FleetListHandle | null>;
  isEndedOpen: boolean;
  onToggleEnded(): void;
}

export function FleetList({ view, scroller, handle, isEndedOpen, onToggleEnded }: Props) {
  const items = useMemo(() => itemsOf(view, isEndedOpen), [view, isEndedOpen]);
  const isVirtual = items.length > mostRows;
  const list = useRef<HTMLUListElement>(null);
  useMovement(list, items, !isVirtual);
  const virtualizer = useVirtualizer({
    count: items.length,
    enabled: isVirtual,
    overscan: 8,
    getScrollElement: () => scroller,
    getItemKey: (index) => items[index]?.key ?? index,
    estimateSize: (index) => heightOf(items[index]),
  });
  const wanted = useRef<string | null>(null);
  useEffect(() => {
    handle.current = {
      ids: items.flatMap((item) => (item.kind === 'row' ? [item.id] : [])),
      focus: (id) => {
        if (focusRow(list.current, id)) return;
        // Not in the page yet: it is, once the list has scrolled there.
        wanted.current = id;
        virtualizer.scrollToIndex(
          items.findIndex((item) => item.kind === 'row' && item.id === id),
          { align: 'center' },
        );
      },
    };
  }, [items, handle, virtualizer]);
  useLayoutEffect(() => {
    if (wanted.current !== null && focusRow(list.current, wanted.current)) wanted.current = null;
  });

  const draw = (item: Item) =>
    item.kind === 'row' ? (
      <FleetRow id={item.id} />
    ) : (
      <Heading section={item.section} isOpen={isEndedOpen} onToggle={onToggleEnded} />
    );
  if (!isVirtual) {
    return (
      <ul ref={list} aria-label="Sessions" className="group/fleet pb-6">
        {items.map((item) => (
          <li key={item.key} data-key={item.key}>
            {draw(item)}
          </li>
        ))}
      </ul>
    );
  }
  return (
    <ul
      ref={list}
      aria-label="Sessions"
      className="group/fleet relative"
      style={{ height: virtualizer.getTotalSize() }}
    >
      {virtualizer.getVirtualItems().map(({ index, start }) => {
        const item = items[index];
        return (
          item && (
            <li
              key={item.key}
              ref={virtualizer.measureElement}
              data-index={index}
              aria-setsize={items.length}
              aria-posinset={index + 1}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${start}px)` }}
            >
              {draw(item)}
            </li>
          )
        );
      })}
    </ul>
  );
}

function Heading({
  section: { title, kind, ids, crashed },
  isOpen,
  onToggle,
}: {
  section: FleetSection;
  isOpen: boolean;
  onToggle(): void;
}) {
  const count = <span className="tabular-nums">{ids.length}</span>;
  const look =
    'flex min-h-9 items-center gap-2 border-line border-b px-4 pt-3 pb-1.5 font-medium text-quiet text-xs sm:px-6';
  if (kind !== 'ended') {
    return (
      <h2 className={cx(look, kind === 'waiting' && 'text-wait')}>
        {title} {count}
      </h2>
    );
  }
  return (
    <h2>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={onToggle}
        className={cx(look, 'w-full hover:text-text pointer-coarse:min-h-11')}
      >
        <ChevronRight
          aria-hidden="true"
          className={cx('-ml-1 size-4 transition-transform', isOpen && 'rotate-90')}
        />
        {title} {count}
        {crashed > 0 && <span className="text-gone">{crashed} crashed</span>}
      </button>
    </h2>
  );
}

function itemsOf({ sections }: FleetView, isEndedOpen: boolean): Item[] {
  return sections.flatMap((section): Item[] => [
    { key: `heading ${section.key}`, kind: 'heading', section },
    ...(section.kind === 'ended' && !isEndedOpen
      ? []
      : section.ids.map((id): Item => ({ key: id, kind: 'row', id, isWaiting: section.kind === 'waiting' }))),
  ]);
}

function heightOf(item: Item | undefined): number {
  if (item?.kind === 'heading') return usualHeights.heading;
  return item?.isWaiting ? usualHeights.waiting : usualHeights.row;
}

function focusRow(list: HTMLElement | null, id: string): boolean {
  const row = list?.querySelector<HTMLElement>(`a[data-row="${CSS.escape(id)}"]`);
  row?.focus({ preventScroll: true });
  row?.closest('li')?.scrollIntoView({ block: 'nearest' });
  return row !== null && row !== undefined;
}
