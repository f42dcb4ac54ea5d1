import type { TerminalPresence } from '@codepiper/client/terminal-link.ts';
import type { TerminalRole } from '@codepiper/core/terminals/messages.ts';
import type { Terminal as Emulator, ITheme } from '@xterm/xterm';
import { useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from 'react';
import { isFocusTaken } from '../kit/focus.ts';
import { Bar } from './bar.tsx';
import { type Connection, isPhone } from './connection.ts';
import { fontRange, usualFont } from './fit-font.ts';
import { KeyStrip } from './key-strip.tsx';
import { LinkHint } from './link-hint.tsx';
import { PasteBox } from './paste-box.tsx';
import { SearchBar } from './search-bar.tsx';
import { TerminalView } from './terminal-view.ts';
import type { ViewState } from './view-state.ts';

interface Props {
  connection: Connection;
  /** Id, start of an id, or name. */
  session: string;
  /** What the session is called. */
  label: string;
  /** The page says the label already. */
  isTitled?: boolean;
  theme: ITheme;
  /** Size of the letters that a person chose, in CSS pixels; null: what fits. */
  font: number | null;
  onFont(size: number | null): void;
  /** Lines above the screen that are kept. */
  scrollback?: number;
  /** So many of them are brought at first: the fewer, the sooner the picture is there. All, when absent. */
  firstLines?: number;
  /** The size that the pane probably has; what it has is heard soon. */
  grid?: { cols: number; rows: number } | undefined;
  /** Typing goes into it as soon as it is there. */
  isFocused?: boolean;
  onBack?(): void;
  onReady?(emulator: Emulator): void;
  /** The title the program gives itself. */
  onTitle?(title: string): void;
  onPresence?(present: TerminalPresence): void;
  /** Ctrl+Shift+Up: out of the terminal, where Tab moves on. */
  onLeave?(): void;
}

/** The live terminal of a session, with what belongs to it: its state, who else is there, search, size, keys. */
export function Terminal({
  connection,
  session,
  label,
  isTitled = false,
  theme,
  font,
  onFont,
  scrollback = 10_000,
  firstLines = scrollback,
  grid,
  isFocused = true,
  onBack,
  onReady,
  onTitle,
  onPresence,
  onLeave,
}: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<TerminalView | null>(null);
  const [state, setState] = useState<ViewState | null>(null);
  const [role, setRole] = useState<TerminalRole>('typist');
  const [isSearching, setSearching] = useState(false);
  const [isPasting, setPasting] = useState(false);
  const [isReadable, setReadable] = useState(false);
  const [lines, setLines] = useState(firstLines);
  const [first] = useState({ theme, grid });
  const linkState = useSyncExternalStore(connection.onState, connection.state);
  const ready = useEffectEvent((made: TerminalView) => {
    made.chooseFont(font);
    onReady?.(made.terminal);
    if (isFocused && !isPhone() && !isFocusTaken()) made.focus();
  });
  const leave = useEffectEvent(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    onLeave?.();
  });

  useEffect(() => {
    if (!host.current) return;
    const made = new TerminalView(host.current, {
      scrollback,
      ...first,
      onState: setState,
      onSearch: () => setSearching(true),
      onLeave: () => leave(),
    });
    setView(made);
    setState(made.state);
    ready(made);
    return () => {
      made.dispose();
      setView(null);
    };
  }, [scrollback, first]);

  useEffect(() => {
    view?.attach(role, (sink) => connection.link.open(session, sink, { lines, role }));
  }, [view, connection, session, role, lines]);

  useEffect(() => view?.setTheme(theme), [view, theme]);
  useEffect(() => view?.chooseFont(font), [view, font]);

  const title = state?.title ?? '';
  const tellTitle = useEffectEvent((now: string) => onTitle?.(now));
  useEffect(() => tellTitle(title), [title]);
  const present = state?.present;
  const tellPresence = useEffectEvent((now: TerminalPresence) => onPresence?.(now));
  useEffect(() => {
    if (present) tellPresence(present);
  }, [present]);

  const changeFont = (change: 1 | -1 | null) => {
    if (change === null) return onFont(null);
    const now = font ?? Math.round(view?.terminal.options.fontSize ?? usualFont);
    onFont(Math.min(fontRange.most, Math.max(fontRange.least, now + change)));
  };
  const paste = async () => {
    const text = await navigator.clipboard?.readText().catch(() => null);
    if (typeof text === 'string') view?.paste(text);
    else setPasting(true);
  };
  const isRefused = view?.channelState === 'closed' && state?.problem != null;
  return (
    <section aria-label={`Terminal of ${label}`} className="relative flex h-full min-h-0 flex-col bg-ground">
      <Bar
        label={isTitled ? null : label}
        state={state}
        linkState={linkState === 'live' && view?.channelState === 'reconnecting' ? 'reconnecting' : linkState}
        isRefused={isRefused}
        role={role}
        font={font}
        onBack={onBack}
        onRole={setRole}
        onSearch={() => setSearching((open) => !open)}
        onCopy={() => void view?.copy()}
        onFont={changeFont}
        isReadable={isReadable}
        onReadable={() => {
          setReadable(!isReadable);
          view?.makeReadable(!isReadable);
        }}
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
      <div
        className="min-h-0 flex-1 overflow-auto p-1.5"
        // Around the letters it is the ground of the terminal, which need not be that of the page.
        style={{ backgroundColor: theme.background }}
      >
        <div ref={host} className="terminal-host h-full w-full" />
      </div>
      {lines < scrollback && state?.isAtTop && (
        <button
          type="button"
          onClick={() => setLines(scrollback)}
          className="absolute top-14 left-1/2 z-10 h-8 -translate-x-1/2 rounded-full border border-line bg-raised px-3 text-xs shadow-lg pointer-coarse:h-11"
        >
          Earlier lines
        </button>
      )}
      {state?.link && <LinkHint uri={state.link} />}
      {isPasting && view && (
        <PasteBox onPaste={(text) => view.paste(text)} onClose={() => setPasting(false)} />
      )}
      {view && role === 'typist' && state?.hasEnded !== true && (
        <KeyStrip
          isCtrlHeld={state?.isCtrlHeld ?? false}
          onCtrl={(isHeld) => view.holdCtrl(isHeld)}
          onPaste={() => void paste()}
          onKey={(name) => view.keys([name])}
        />
      )}
    </section>
  );
}
