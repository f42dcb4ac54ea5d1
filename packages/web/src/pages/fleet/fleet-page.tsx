import { getRouteApi, Link } from '@tanstack/react-router';
import { ArrowUp, Command, Keyboard, Plus, SquareTerminal } from 'lucide-react';
import { type RefObject, useCallback, useDeferredValue, useMemo, useRef, useState } from 'react';
import { askForFleet, type FleetEntry, useFleet } from '../../api/fleet-store.ts';
import { buttonClass, IconButton } from '../../kit/button.tsx';
import { Code } from '../../kit/code.tsx';
import { Page } from '../../kit/page.tsx';
import { openPalette } from '../../kit/palette-door.ts';
import { EmptyState, ErrorState, SkeletonRows } from '../../kit/states.tsx';
import { FleetList, type FleetListHandle } from './fleet-list.tsx';
import { type FleetSearch, type FleetView, hasEnded, viewOf } from './fleet-search.ts';
import { KeysDialog } from './keys-dialog.tsx';
import { HoldContext, useSomebodyAt, useSteady } from './steady.ts';
import { Toolbar } from './toolbar.tsx';
import { useFleetKeys } from './use-fleet-keys.ts';

const route = getRouteApi('/gate/');

/** Every session, those that need a person first. */
export function FleetPage() {
  const { entries, problem } = useFleet();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<FleetListHandle | null>(null);
  const help = useCallback(() => setHelpOpen(true), []);
  useFleetKeys({ list, search: input, onHelp: help });
  return (
    <Page
      title="Fleet"
      isFull
      actions={
        <>
          {entries && entries.length > 0 && <Totals entries={entries} />}
          <IconButton label="Commands" aria-keyshortcuts="Control+K" onClick={openPalette}>
            <Command aria-hidden="true" className="size-4" />
          </IconButton>
          <IconButton label="Keys" className="hidden md:inline-flex" onClick={help}>
            <Keyboard aria-hidden="true" className="size-4" />
          </IconButton>
          <Link to="/new" className={`md:hidden ${buttonClass('primary')}`}>
            <Plus aria-hidden="true" className="size-4" />
            New
          </Link>
        </>
      }
    >
      <KeysDialog isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
      <Content entries={entries} problem={problem} input={input} list={list} />
    </Page>
  );
}

interface Parts {
  input: RefObject<HTMLInputElement | null>;
  list: RefObject<FleetListHandle | null>;
}

function Content({
  entries,
  problem,
  ...parts
}: Parts & { entries: readonly FleetEntry[] | null; problem: unknown }) {
  if (entries === null) {
    return problem === null ? (
      <SkeletonRows rows={8} />
    ) : (
      <ErrorState error={problem} onRetry={askForFleet} />
    );
  }
  if (entries.length === 0) return <NoSessions />;
  return <Sessions entries={entries} {...parts} />;
}

function Sessions({ entries, input, list }: Parts & { entries: readonly FleetEntry[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  // State, not a ref: what measures in it has to hear when it is there.
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null);

  const change = (next: { [Key in keyof FleetSearch]?: FleetSearch[Key] | undefined }) =>
    void navigate({
      search: (last) => {
        const { q, state, provider, repository, group, ended } = { ...last, ...next };
        return {
          ...(q === undefined ? {} : { q }),
          ...(state === undefined ? {} : { state }),
          ...(provider === undefined ? {} : { provider }),
          ...(repository === undefined ? {} : { repository }),
          ...(group === undefined ? {} : { group }),
          ...(ended === undefined ? {} : { ended }),
        };
      },
      replace: true,
    });

  const asked = useDeferredValue(search);
  const latest = useMemo(() => viewOf(entries, asked), [entries, asked]);
  const { hold, isHeld } = useSomebodyAt(scroller);
  const view = useSteady(latest, JSON.stringify(asked), isHeld);
  const isFiltered = asked.q !== undefined || asked.state !== undefined;

  return (
    <>
      <Toolbar
        entries={entries}
        search={search}
        input={input}
        onDone={() => {
          const [first] = list.current?.ids ?? [];
          if (first !== undefined) list.current?.focus(first);
        }}
        onChange={change}
      />
      <div ref={setScroller} className="relative min-h-0 flex-1 overflow-y-auto overscroll-contain">
        <MoreWaiting view={view} latest={latest} onShow={() => hold.set(false)} />
        {view.count === 0 ? (
          <EmptyState
            title="No session is like that"
            action={
              <Link to="/" className={buttonClass()}>
                Show all
              </Link>
            }
          >
            {isFiltered ? 'The search looks at names, repositories, branches, folders and ids.' : null}
          </EmptyState>
        ) : (
          <HoldContext value={hold}>
            <FleetList
              view={view}
              scroller={scroller}
              handle={list}
              isEndedOpen={asked.ended === true || asked.state === 'ended' || asked.q !== undefined}
              onToggleEnded={() => change({ ended: search.ended ? undefined : true })}
            />
          </HoldContext>
        )}
      </div>
    </>
  );
}

/** Somebody is at the list, so those that came to need a person wait to be let in. */
function MoreWaiting({ view, latest, onShow }: { view: FleetView; latest: FleetView; onShow(): void }) {
  const shown = waitingIds(view);
  const more = waitingIds(latest).filter((id) => !shown.includes(id)).length;
  return (
    <div role="status" className="sticky top-2 z-20 flex h-0 justify-center">
      {more > 0 && (
        <button
          type="button"
          onClick={onShow}
          className="flex h-8 items-center gap-1.5 rounded-full border border-wait bg-raised px-3 font-medium text-sm text-wait shadow-lg pointer-coarse:h-11"
        >
          <ArrowUp aria-hidden="true" className="size-4" />
          {more === 1 ? '1 more needs you' : `${more} more need you`}
        </button>
      )}
    </div>
  );
}

function waitingIds({ sections }: FleetView): readonly string[] {
  return sections.find(({ kind }) => kind === 'waiting')?.ids ?? [];
}

/** Where there is room; the list says the same. */
function Totals({ entries }: { entries: readonly FleetEntry[] }) {
  const live = entries.filter((entry) => !hasEnded(entry));
  const count = (state: FleetEntry['state']) => live.filter((entry) => entry.state === state).length;
  const waiting = count('waiting');
  return (
    <p className="hidden text-quiet text-sm tabular-nums sm:block">
      {waiting > 0 && (
        <span className="font-medium text-wait">
          {waiting === 1 ? '1 needs you' : `${waiting} need you`}
          {' · '}
        </span>
      )}
      {live.length} live · {count('busy')} busy
    </p>
  );
}

function NoSessions() {
  return (
    <EmptyState
      icon={<SquareTerminal className="size-8" />}
      title="No sessions yet"
      action={
        <Link to="/new" className={buttonClass('primary')}>
          <Plus aria-hidden="true" className="size-4" />
          Start one
        </Link>
      }
    >
      A session is an agent, or any program, in its own terminal. In a shell <Code>codepiper start</Code> does
      the same.
    </EmptyState>
  );
}
