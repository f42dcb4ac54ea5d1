import type { FleetCard } from '@codepiper/core/fleet/fleet.ts';
import { Link } from '@tanstack/react-router';
import { Brain, CornerDownRight, GitBranch, type LucideIcon, MessageSquareText, Wrench } from 'lucide-react';
import { memo } from 'react';
import { useCard } from '../../api/fleet-store.ts';
import { agentNames, nameOf, stateOf } from '../../api/session-words.ts';
import { Badge, Dot } from '../../kit/badge.tsx';
import { buttonClass } from '../../kit/button.tsx';
import { cx } from '../../kit/cx.ts';
import { Ago } from '../../kit/time.tsx';
import { ContextUsed, Cost } from '../shared/figures.tsx';
import { RowAnswer } from './row-answer.tsx';
import { useHeldValue } from './steady.ts';

const doingLooks: Record<NonNullable<FleetCard['doing']>['kind'], { icon: LucideIcon; word: string }> = {
  tool: { icon: Wrench, word: 'Tool' },
  text: { icon: MessageSquareText, word: 'Said' },
  prompt: { icon: CornerDownRight, word: 'Asked' },
  thinking: { icon: Brain, word: 'Thinks' },
};

/** One session. It draws itself anew when its own card changes, and only then. */
export const FleetRow = memo(function FleetRow({ id }: { id: string }) {
  const card = useCard(id);
  const asked = useHeldValue(card?.approval ?? null);
  if (!card) return null;
  const { session, statusSince, approval } = card;
  const { word, tone } = stateOf(session);
  const hasEnded = session.endedAt !== null;
  const needsTerminal = session.status === 'needs_input' && !approval && !asked;

  return (
    <article
      data-session={id}
      aria-label={nameOf(session)}
      className={cx(
        'group relative border-line border-b px-4 py-2 hover:bg-panel has-[a[data-row]:focus-visible]:bg-panel sm:px-6',
        tone === 'wait' && 'bg-wait/5 shadow-[inset_2px_0_var(--color-wait)]',
      )}
    >
      <div
        className={cx(
          'grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-0.5',
          'xl:grid-cols-[minmax(11rem,2fr)_minmax(0,4fr)_auto_10.5rem] 2xl:gap-x-6',
          hasEnded && 'text-quiet',
        )}
      >
        <div className="contents xl:block xl:min-w-0">
          <p className="flex min-w-0 items-center gap-2">
            <Link
              to="/sessions/$session"
              params={{ session: id }}
              data-row={id}
              className="truncate font-medium text-sm outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:outline-accent focus-visible:after:-outline-offset-2"
            >
              {nameOf(session)}
            </Link>
            {session.metadata.security.dangerousMode && <Badge tone="gone">dangerous</Badge>}
          </p>
          <Place card={card} />
        </div>
        <Doing card={card} />
        <p className="col-start-2 row-start-2 flex items-center justify-end gap-3 text-quiet text-xs whitespace-nowrap tabular-nums xl:col-start-auto xl:row-start-auto xl:justify-start pointer-fine:*:relative pointer-fine:*:z-10">
          <span className="xl:w-19 empty:hidden xl:empty:inline">
            <ContextUsed context={card.context} />
          </span>
          <span className="xl:w-16 xl:text-right empty:hidden xl:empty:inline">
            <Cost cost={card.cost} />
          </span>
        </p>
        <p
          className={cx(
            'col-start-2 row-start-1 flex items-center justify-end gap-2 text-xs whitespace-nowrap xl:col-start-auto xl:row-start-auto xl:justify-start',
            tone === 'wait' ? 'font-medium text-wait' : 'text-quiet',
          )}
        >
          <Dot tone={tone} isPulsing={tone === 'live'} />
          <span>
            {word}{' '}
            <Ago
              time={session.endedAt ?? statusSince}
              className="tabular-nums pointer-fine:relative pointer-fine:z-10"
            />
          </span>
        </p>
      </div>
      {asked && (
        <RowAnswer
          key={asked.id}
          approval={asked}
          others={Math.max(0, session.approvals - 1)}
          isOver={!approval}
        />
      )}
      {needsTerminal && (
        <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-2">
          <p className="text-sm">It asks something in its terminal.</p>
          <Link
            to="/sessions/$session"
            params={{ session: id }}
            search={{ tab: 'terminal' }}
            className={cx('relative z-10', buttonClass('primary', 'small'))}
          >
            Open terminal
          </Link>
        </div>
      )}
    </article>
  );
});

function Place({ card: { session, repository } }: { card: FleetCard }) {
  return (
    <p
      className="flex min-w-0 items-center gap-1.5 overflow-hidden text-quiet text-xs"
      title={repository?.isWorktree ? `${session.cwd} (worktree)` : session.cwd}
    >
      <span className="shrink-0">{agentNames[session.provider]}</span>
      <span aria-hidden="true">·</span>
      <span className="max-w-1/2 shrink-0 truncate">{repository?.name ?? folderOf(session.cwd)}</span>
      {repository?.branch && (
        <span className="flex min-w-0 items-center gap-1">
          <GitBranch aria-hidden="true" className="size-3 shrink-0" />
          <span className="sr-only">branch </span>
          <span className="min-w-0 truncate">{repository.branch}</span>
        </span>
      )}
    </p>
  );
}

/** What it does now, and the last line of it where that says more. */
function Doing({ card: { doing, lastLine, approval } }: { card: FleetCard }) {
  const look = doing && doingLooks[doing.kind];
  const Icon = look?.icon;
  const below = lastLine !== null && lastLine !== doing?.text ? lastLine : null;
  return (
    <div
      className={cx(
        'col-span-2 row-start-3 min-w-0 text-xs xl:col-span-1 xl:row-start-auto',
        // What it wants says the same, and there is little room.
        approval && 'hidden xl:block',
      )}
    >
      {doing && (
        <p className="flex min-w-0 items-center gap-1.5">
          {Icon && <Icon aria-hidden="true" className="size-3.5 shrink-0 text-quiet" />}
          <span className="sr-only">{look?.word} </span>
          <span className={cx('truncate', doing.kind === 'tool' && 'font-mono')}>{doing.text}</span>
        </p>
      )}
      {below !== null && (
        <p className={cx('truncate text-quiet', doing ? 'hidden xl:block xl:pl-5' : 'font-mono')}>{below}</p>
      )}
    </div>
  );
}

function folderOf(cwd: string): string {
  return cwd.split('/').at(-1) || '/';
}
