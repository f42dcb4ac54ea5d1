import type { LinkState } from '@codepiper/client/terminal-link.ts';
import type { TerminalRole } from '@codepiper/core/terminals/messages.ts';
import {
  AArrowDown,
  AArrowUp,
  ALargeSmall,
  ChevronLeft,
  Copy,
  Expand,
  Eye,
  Keyboard,
  type LucideIcon,
  Search,
} from 'lucide-react';
import type { ViewState } from './view-state.ts';

interface Props {
  /** Whose terminal it is; null where the page says it already. */
  label: string | null;
  state: ViewState | null;
  linkState: LinkState;
  isRefused: boolean;
  role: TerminalRole;
  /** Chosen by the person, in CSS pixels; null for the size that fits. */
  font: number | null;
  onBack: (() => void) | undefined;
  onRole(role: TerminalRole): void;
  onSearch(): void;
  onCopy(): void;
  onFont(change: 1 | -1 | null): void;
  /** Letters no smaller than can be read; what does not fit is scrolled to. */
  isReadable: boolean;
  onReadable(): void;
  onBottom(): void;
  onTake(): void;
  onRelease(): void;
}

/** What is above the terminal: whose it is, whether it is live, who is there, and what can be done with it. */
export function Bar(props: Props) {
  const { label, state, role, font, isReadable, onBack, onRole, onSearch, onCopy, onFont } = props;
  const title = state?.title ?? '';
  return (
    <header className="flex min-h-11 items-center gap-1 border-line border-b bg-panel px-2 py-1 text-sm short:min-h-0 short:py-0 sm:gap-2">
      {onBack && <Press label="All sessions" className="lg:hidden" icon={ChevronLeft} onPress={onBack} />}
      <Badge {...props} />
      <div className="min-w-0 flex-1 px-1 leading-tight">
        {label !== null && <h2 className="truncate font-medium">{label}</h2>}
        {title !== '' && <p className="hidden truncate text-quiet text-xs sm:block">{title}</p>}
      </div>
      <Present state={state} isSaidAbove={label === null} />
      <div className="hidden items-center md:flex">
        <Press label="Smaller letters" icon={AArrowDown} onPress={() => onFont(-1)} />
        {font !== null && (
          <button
            type="button"
            title="Letters that fit the window"
            aria-label={`Letters of ${font} pixels. Press for those that fit the window`}
            onClick={() => onFont(null)}
            className="h-8 rounded px-1 text-quiet text-xs tabular-nums hover:bg-line/60 hover:text-text"
          >
            {font}
          </button>
        )}
        <Press label="Larger letters" icon={AArrowUp} onPress={() => onFont(1)} />
      </div>
      <Press
        label="Letters that can be read"
        isOn={isReadable}
        icon={ALargeSmall}
        className="hidden pointer-coarse:flex"
        onPress={props.onReadable}
      />
      <Size {...props} />
      <Press
        label={role === 'typist' ? 'Only watch' : 'Take over and type'}
        isOn={role === 'follow'}
        icon={role === 'typist' ? Keyboard : Eye}
        onPress={() => onRole(role === 'typist' ? 'follow' : 'typist')}
        word={role === 'typist' ? 'Typing' : 'Watching'}
      />
      <Press
        label={state?.hasSelection ? 'Copy what is marked (Ctrl+Shift+C)' : 'Copy the screen'}
        icon={Copy}
        onPress={onCopy}
      />
      <Press label="Search (Ctrl+Shift+F)" icon={Search} onPress={onSearch} />
    </header>
  );
}

function Badge({ state, linkState, isRefused, onBottom }: Props) {
  const { word, tone, help } = badgeOf(state, linkState, isRefused);
  const look = `shrink-0 rounded px-1.5 py-0.5 font-medium text-xs ${tone}`;
  if (word !== 'history') {
    return (
      <output className={look} title={help}>
        {word}
      </output>
    );
  }
  return (
    <button
      type="button"
      className={`${look} pointer-coarse:h-9 pointer-coarse:px-3`}
      title={help}
      onClick={onBottom}
    >
      history ↓
    </button>
  );
}

function badgeOf(state: ViewState | null, link: LinkState, isRefused: boolean) {
  const quiet = 'bg-raised text-quiet';
  const wait = 'bg-wait/15 text-wait';
  if (isRefused) return { word: 'closed', tone: quiet, help: 'There is no live terminal of this session.' };
  if (state?.hasEnded)
    return { word: 'ended', tone: quiet, help: 'The program has ended; this is what it left.' };
  if (link === 'closed')
    return { word: 'closed', tone: quiet, help: 'The connection is closed: load the page again.' };
  if (!state?.hasPicture) return { word: 'connecting', tone: wait, help: 'The terminal is on its way.' };
  if (link !== 'live') {
    const help = 'The connection is lost and is being made again. What you type is kept and arrives once.';
    return { word: 'reconnecting', tone: wait, help };
  }
  if (state.scrolledBack > 0) {
    const help = `${state.scrolledBack} lines up. Press to see the end.`;
    return { word: 'history', tone: 'bg-accent/15 text-accent', help };
  }
  return { word: 'live', tone: 'bg-live/15 text-live', help: 'What you see is what the program shows now.' };
}

/** Where the page says who is here, only a narrow window needs it said again. */
function Present({ state, isSaidAbove }: { state: ViewState | null; isSaidAbove: boolean }) {
  const { viewers, attached } = state?.present ?? { viewers: [], attached: false };
  const others = viewers.filter(({ you }) => !you);
  if (others.length === 0 && !attached) return null;
  const typing = others.some((viewer) => viewer.typing);
  const names = others.map(({ label, role }) => `${label}${role === 'follow' ? ' (watching)' : ''}`);
  if (attached) names.push('a terminal on the machine');
  return (
    <span
      className={`flex shrink-0 items-center gap-1 text-xs ${typing ? 'text-accent' : 'text-quiet'} ${isSaidAbove ? 'md:hidden' : ''}`}
      title={`Also here: ${names.join(', ')}`}
    >
      <Eye aria-hidden="true" className="size-4" />
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
    <Press
      label={who}
      isOn={mine}
      isOff={role === 'follow'}
      icon={Expand}
      onPress={mine ? onRelease : onTake}
      word={mine ? 'Fit' : 'Follow'}
      detail={grid}
    />
  );
}

function Press(props: {
  label: string;
  icon: LucideIcon;
  className?: string;
  isOn?: boolean;
  isOff?: boolean;
  onPress(): void;
  /** How it stands, where there is room for it. */
  word?: string;
  detail?: string;
}) {
  const { label, icon: Icon, className = '', isOn = false, isOff = false, onPress, word, detail } = props;
  return (
    <button
      type="button"
      title={label}
      aria-label={[word, detail, label].filter(Boolean).join(' ')}
      aria-pressed={isOn}
      disabled={isOff}
      onClick={onPress}
      className={`flex h-8 min-w-8 shrink-0 items-center justify-center gap-1.5 rounded-md px-1.5 text-quiet hover:bg-line/60 hover:text-text disabled:opacity-40 pointer-coarse:h-11 pointer-coarse:min-w-10 ${isOn ? 'bg-accent/15 text-accent' : ''} ${className}`}
    >
      <Icon aria-hidden="true" className="size-4" />
      {word && <span className="hidden lg:inline">{word}</span>}{' '}
      {detail && <span className="hidden text-quiet text-xs tabular-nums lg:inline">{detail}</span>}
    </button>
  );
}
