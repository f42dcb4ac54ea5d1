import type { TerminalRole } from '@codepiper/core/terminals/messages.ts';
import type { Terminal as Emulator } from '@xterm/xterm';
import { useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from 'react';
import { Bar } from './bar.tsx';
import { type Connection, isPhone } from './connection.ts';
import { KeyStrip } from './key-strip.tsx';
import { LinkHint } from './link-hint.tsx';
import { SearchBar } from './search-bar.tsx';
import { TerminalView } from './terminal-view.ts';
import type { ViewState } from './view-state.ts';

interface Props {
  connection: Connection;
  /** Id, start of an id, or name. */
  session: string;
  label: string;
  /** Lines above the screen that are brought and kept. */
  scrollback?: number;
  onBack?(): void;
  onReady?(emulator: Emulator): void;
}

/** The live terminal of a session, with what belongs to it: its state, who else is there, search, size, keys. */
export function Terminal({ connection, session, label, scrollback = 10_000, onBack, onReady }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<TerminalView | null>(null);
  const [state, setState] = useState<ViewState | null>(null);
  const [role, setRole] = useState<TerminalRole>('typist');
  const [isSearching, setSearching] = useState(false);
  const [isReadable, setReadable] = useState(false);
  const linkState = useSyncExternalStore(connection.onState, connection.state);
  const ready = useEffectEvent((emulator: Emulator) => onReady?.(emulator));

  useEffect(() => {
    if (!host.current) return;
    const made = new TerminalView(host.current, {
      scrollback,
      onState: setState,
      onSearch: () => setSearching(true),
    });
    setView(made);
    setState(made.state);
    ready(made.terminal);
    if (!isPhone()) made.focus();
    return () => {
      made.dispose();
      setView(null);
    };
  }, [scrollback]);

  useEffect(() => {
    view?.attach(role, (sink) => connection.link.open(session, sink, { lines: scrollback, role }));
  }, [view, connection, session, role, scrollback]);

  const title = state?.title ?? '';
  useEffect(() => {
    document.title = title === '' ? `${label} · codepiper` : `${title} · ${label}`;
    return () => {
      document.title = 'codepiper';
    };
  }, [title, label]);

  const isRefused = view?.channelState === 'closed' && state?.problem != null;
  return (
    <section aria-label={`Terminal of ${label}`} className="relative flex h-full min-h-0 flex-col bg-ground">
      <Bar
        label={label}
        state={state}
        linkState={linkState === 'live' && view?.channelState === 'reconnecting' ? 'reconnecting' : linkState}
        isRefused={isRefused}
        role={role}
        onBack={onBack}
        onRole={setRole}
        onSearch={() => setSearching((open) => !open)}
        onBottom={() => view?.toBottom()}
        onTake={() => {
          view?.takeSize();
          view?.focus();
        }}
        onRelease={() => view?.releaseSize()}
      />
      {isSearching && view && (
        <SearchBar
          matches={state?.matches ?? null}
          onFind={(text, direction) => view.find(text, direction)}
          onClose={() => {
            setSearching(false);
            view.endSearch();
          }}
        />
      )}
      {state?.problem && (
        <div
          role="alert"
          className="flex items-start gap-2 border-line border-b bg-panel px-4 py-2 text-gone text-sm"
        >
          <p className="flex-1">{state.problem.message}</p>
          {!isRefused && (
            <button
              type="button"
              aria-label="Dismiss"
              onClick={() => view?.dismissProblem()}
              className="px-2"
            >
              ✕
            </button>
          )}
        </div>
      )}
      <div className="min-h-0 flex-1 overflow-auto p-1.5">
        <div ref={host} className="terminal-host h-full w-full" />
      </div>
      {state?.link && <LinkHint uri={state.link} />}
      {view && (
        <KeyStrip
          isReadable={isReadable}
          onReadable={() => {
            setReadable(!isReadable);
            view.makeReadable(!isReadable);
          }}
          onKey={role === 'typist' && state?.hasEnded !== true ? (name) => view.keys([name]) : null}
        />
      )}
    </section>
  );
}
