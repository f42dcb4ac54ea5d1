import type { Session } from '@codepiper/core/sessions/session.ts';
import { nameOf, stateOf } from '../api/session-words.ts';
import type { SessionList as List } from './use-sessions.ts';

interface Props {
  list: List;
  selected: string | null;
  onSelect(id: string): void;
}

const tones = { wait: 'bg-wait', live: 'bg-live', quiet: 'bg-quiet', gone: 'bg-gone' } as const;

export function SessionList({ list: { sessions, problem }, selected, onSelect }: Props) {
  return (
    <nav aria-label="Sessions" className="flex h-full min-h-0 flex-col bg-panel">
      <header className="flex items-center gap-2 border-line border-b px-4 py-3">
        <h1 className="font-semibold tracking-tight">codepiper</h1>
        <span className="rounded bg-wait/15 px-1.5 py-0.5 text-wait text-xs">development page</span>
      </header>
      {problem !== null && (
        <p role="alert" className="border-line border-b px-4 py-2 text-gone text-sm">
          {problem}
        </p>
      )}
      {sessions === null && problem === null && <Skeleton />}
      {sessions?.length === 0 && (
        <p className="px-4 py-6 text-quiet text-sm">
          No sessions. Start one with <code className="font-mono text-text">codepiper start</code>.
        </p>
      )}
      <ul className="min-h-0 flex-1 overflow-y-auto py-1">
        {sessions?.map((session) => (
          <li key={session.id}>
            <Row session={session} isSelected={session.id === selected} onSelect={onSelect} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Row({
  session,
  isSelected,
  onSelect,
}: {
  session: Session;
  isSelected: boolean;
  onSelect(id: string): void;
}) {
  const { word, tone } = stateOf(session);
  const live = session.endedAt === null;
  return (
    <button
      type="button"
      aria-current={isSelected ? 'page' : undefined}
      onClick={() => onSelect(session.id)}
      className={`flex w-full items-start gap-3 px-4 py-2.5 text-left hover:bg-line/40 ${isSelected ? 'bg-line/60' : ''} ${live ? '' : 'opacity-70'}`}
    >
      <span aria-hidden="true" className={`mt-1.5 size-2 shrink-0 rounded-full ${tones[tone]}`} />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2">
          <span className="truncate font-medium text-sm">{nameOf(session)}</span>
          <span className={`ml-auto shrink-0 text-xs ${tone === 'wait' ? 'text-wait' : 'text-quiet'}`}>
            {word}
          </span>
        </span>
        <span className="flex items-baseline gap-2 text-quiet text-xs">
          <span className="shrink-0">{session.provider}</span>
          <span className="truncate" title={session.cwd}>
            {session.cwd}
          </span>
        </span>
      </span>
    </button>
  );
}

function Skeleton() {
  return (
    <ul aria-hidden="true" className="py-1">
      {['a', 'b', 'c'].map((key) => (
        <li key={key} className="px-4 py-3">
          <div className="mb-2 h-3 w-2/5 animate-pulse rounded bg-line" />
          <div className="h-2.5 w-4/5 animate-pulse rounded bg-line/60" />
        </li>
      ))}
    </ul>
  );
}
