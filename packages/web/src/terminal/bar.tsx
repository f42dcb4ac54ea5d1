import type { LinkState } from '@codepiper/client/terminal-link.ts';
import type { TerminalRole } from '@codepiper/core/terminals/messages.ts';
import type { ReactNode } from 'react';
import type { ViewState } from './view-state.ts';

interface Props {
  label: string;
  state: ViewState | null;
  linkState: LinkState;
  isRefused: boolean;
  role: TerminalRole;
  onBack: (() => void) | undefined;
  onRole(role: TerminalRole): void;
  onSearch(): void;
  onBottom(): void;
  onTake(): void;
  onRelease(): void;
}

/** What is above the terminal: whose it is, whether it is live, who is there, and what can be done with it. */
export function Bar(props: Props) {
  const { label, state, role, onBack, onRole, onSearch } = props;
  return (
    <header className="flex items-center gap-2 border-line border-b bg-panel px-2 py-1.5 text-sm short:py-0">
      {onBack && (
        <Press label="All sessions" className="lg:hidden" onPress={onBack}>
          <Icon path="M15 5l-7 7 7 7" />
        </Press>
      )}
      <div className="min-w-0 flex-1 px-1 leading-tight">
        <h2 className="truncate font-medium">{label}</h2>
        {state && state.title !== '' && <p className="truncate text-quiet text-xs">{state.title}</p>}
      </div>
      <Badge {...props} />
      <Present state={state} />
      <Size {...props} />
      <Press
        label={role === 'typist' ? 'Only watch' : 'Take over and type'}
        isOn={role === 'follow'}
        onPress={() => onRole(role === 'typist' ? 'follow' : 'typist')}
      >
        {role === 'typist' ? (
          <Icon path="M4 7h16v10H4z M8 13h8 M7 10h.01 M12 10h.01 M17 10h.01" />
        ) : (
          <Icon path={eye} />
        )}
        <span className="hidden lg:inline">{role === 'typist' ? 'Typing' : 'Watching'}</span>
      </Press>
      <Press label="Search (Ctrl+Shift+F)" onPress={onSearch}>
        <Icon path="M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14z M16 16l4 4" />
      </Press>
    </header>
  );
}

const eye = 'M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12z M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z';

function Badge({ state, linkState, isRefused, onBottom }: Props) {
  const { word, tone, help } = badgeOf(state, linkState, isRefused);
  const look = `shrink-0 rounded-full px-2 py-0.5 text-xs ${tone}`;
  if (word !== 'history') {
    return (
      <output className={look} title={help}>
        {word}
      </output>
    );
  }
  return (
    <button type="button" className={look} title={help} onClick={onBottom}>
      history ↓
    </button>
  );
}

function badgeOf(state: ViewState | null, link: LinkState, isRefused: boolean) {
  const quiet = 'bg-line text-text';
  if (isRefused) return { word: 'closed', tone: quiet, help: 'There is no live terminal of this session.' };
  if (state?.hasEnded)
    return { word: 'ended', tone: quiet, help: 'The program has ended; this is what it left.' };
  if (link === 'closed')
    return { word: 'closed', tone: quiet, help: 'The connection is closed: load the page again.' };
  if (!state?.hasPicture)
    return { word: 'connecting', tone: 'bg-wait/15 text-wait', help: 'The terminal is on its way.' };
  if (link !== 'live') {
    const help = 'The connection is lost and is being made again. What you type is kept and arrives once.';
    return { word: 'reconnecting', tone: 'bg-wait/15 text-wait', help };
  }
  if (state.scrolledBack > 0) {
    const help = `${state.scrolledBack} lines up. Press to see the end.`;
    return { word: 'history', tone: 'bg-accent/15 text-accent', help };
  }
  return { word: 'live', tone: 'bg-live/15 text-live', help: 'What you see is what the program shows now.' };
}

function Present({ state }: { state: ViewState | null }) {
  const { viewers, attached } = state?.present ?? { viewers: [], attached: false };
  const others = viewers.filter(({ you }) => !you);
  if (others.length === 0 && !attached) return null;
  const typing = others.some((viewer) => viewer.typing);
  const names = others.map(({ label, role }) => `${label}${role === 'follow' ? ' (watching)' : ''}`);
  if (attached) names.push('a terminal on the machine');
  return (
    <span
      className={`flex shrink-0 items-center gap-1 text-xs ${typing ? 'text-accent' : 'text-quiet'}`}
      title={`Also here: ${names.join(', ')}`}
    >
      <Icon path={eye} />
      {names.length}
      <span className="hidden lg:inline">{typing ? 'typing' : 'more'}</span>
    </span>
  );
}

function Size({ state, role, onTake, onRelease }: Props) {
  if (!state?.size || state.hasEnded) return null;
  const grid = `${state.size.cols}×${state.size.rows}`;
  const mine = state.decides === 'you';
  const who = {
    you: 'This window decides the size. Press to follow instead.',
    other: 'Another viewer decides the size. Press to take it over.',
    local: 'A terminal attached on the machine decides the size.',
    nobody: 'The size stays as it is. Press to fit it to this window.',
  }[state.decides];
  return (
    <Press label={who} isOn={mine} isOff={role === 'follow'} onPress={mine ? onRelease : onTake}>
      <Icon path="M4 9V4h5 M20 9V4h-5 M4 15v5h5 M20 15v5h-5" />
      <span className="hidden sm:inline">{mine ? 'Fit' : 'Follow'}</span>
      <span className="hidden text-quiet text-xs tabular-nums md:inline">{grid}</span>
    </Press>
  );
}

function Press(props: {
  label: string;
  className?: string;
  isOn?: boolean;
  isOff?: boolean;
  onPress(): void;
  children: ReactNode;
}) {
  const { label, className = '', isOn = false, isOff = false, onPress, children } = props;
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      aria-pressed={isOn}
      disabled={isOff}
      onClick={onPress}
      className={`flex h-9 min-w-9 shrink-0 items-center justify-center gap-1.5 rounded-md px-2 hover:bg-line/60 disabled:opacity-40 pointer-coarse:h-11 pointer-coarse:min-w-11 ${isOn ? 'bg-accent/15 text-accent' : ''} ${className}`}
    >
      {children}
    </button>
  );
}

function Icon({ path }: { path: string }) {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 24 24"
      className="size-4 fill-none stroke-2 stroke-current"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={path} />
    </svg>
  );
}
