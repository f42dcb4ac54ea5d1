import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { Link } from '@tanstack/react-router';
import { Clock } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Badge } from '../../kit/badge.tsx';
import { cx } from '../../kit/cx.ts';
import { Ago } from '../../kit/time.tsx';
import { type AnswerActions, ApprovalAnswer } from '../shared/approval-answer/approval-answer.tsx';
import { settledTone, settledWords } from '../shared/approval-answer/settled-words.ts';
import type { ApprovalSearch } from './approval-search.ts';
import { isWhollyShown, KindIcon, kindWords, shownText } from './approval-words.tsx';
import { Swipeable } from './swipeable.tsx';

interface Props {
  approvals: readonly Approval[];
  open: string | undefined;
  search: ApprovalSearch;
}

/** The list; what waits can be answered in it with a finger. */
export function Queue({ approvals, open, search }: Props) {
  const canSwipe = approvals.some(({ status }) => status === 'pending');
  return (
    <>
      {canSwipe && (
        <p className="hidden px-4 pt-2 text-center text-quiet text-xs pointer-coarse:block">
          Swipe right to approve, left to deny
        </p>
      )}
      <ul>
        {approvals.map((approval) => (
          <li key={approval.id} className="border-line border-b">
            <Row approval={approval} isOpen={approval.id === open} search={search} />
          </li>
        ))}
      </ul>
    </>
  );
}

interface RowProps {
  approval: Approval;
  isOpen: boolean;
  search: Props['search'];
}

function Row({ approval, isOpen, search }: RowProps) {
  const actions = useRef<AnswerActions>(null);
  const link = useRef<HTMLAnchorElement>(null);
  const isPending = approval.status === 'pending';
  useEffect(() => {
    if (isOpen) link.current?.scrollIntoView({ block: 'nearest' });
  }, [isOpen]);
  const row = (
    <Link
      ref={link}
      to="/approvals/$approval"
      params={{ approval: approval.id }}
      search={search}
      aria-current={isOpen ? 'true' : undefined}
      className={cx(
        'block border-l-2 py-3 pr-4 pl-3.5 text-sm hover:bg-raised/60 focus-visible:-outline-offset-2',
        isOpen ? 'border-l-accent bg-raised' : 'border-l-transparent',
      )}
    >
      <span className="flex items-center gap-2 text-quiet text-xs">
        <KindIcon approval={approval} />
        <span className="min-w-0 truncate font-medium text-text">
          {approval.sessionName ?? approval.sessionId.slice(0, 8)}
        </span>
        <span className="shrink-0">{kindWords(approval)}</span>
        <span className="ml-auto shrink-0 tabular-nums">
          <Ago time={approval.settledAt ?? approval.askedAt} />
        </span>
      </span>
      <span
        className={cx(
          'mt-1 line-clamp-3 whitespace-pre-wrap break-words',
          approval.kind === 'tool' && 'font-mono text-xs leading-5',
          isPending && 'max-md:line-clamp-8',
        )}
      >
        {shownText(approval)}
      </span>
      {isPending ? (
        approval.aging && (
          <Badge tone="wait" className="mt-1.5">
            <Clock aria-hidden="true" className="size-3" />
            Waits long
          </Badge>
        )
      ) : (
        <Badge tone={settledTone[approval.status]} className="mt-1.5">
          {settledWords(approval)}
        </Badge>
      )}
    </Link>
  );
  if (!isPending) return row;
  const isWhole = isWhollyShown(approval);
  return (
    <Swipeable
      // What is not wholly seen is opened first.
      right={isWhole ? { label: 'Approve', run: () => actions.current?.approve() } : null}
      left={{ label: 'Deny…', run: () => actions.current?.deny() }}
    >
      {row}
      <div className="hidden px-4 pb-3 max-md:block">
        {isWhole || approval.kind === 'question' ? (
          <ApprovalAnswer ref={actions} approval={approval} />
        ) : (
          <Link
            to="/approvals/$approval"
            params={{ approval: approval.id }}
            search={search}
            className="text-accent text-sm"
          >
            See all of it to answer
          </Link>
        )}
      </div>
    </Swipeable>
  );
}
