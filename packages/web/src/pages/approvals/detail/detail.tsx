import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeft, Clock, Folder, Hourglass } from 'lucide-react';
import type { RefObject } from 'react';
import { approvalQuery } from '../../../api/queries.ts';
import { Badge } from '../../../kit/badge.tsx';
import { CopyButton } from '../../../kit/copy-button.tsx';
import { ErrorState, SkeletonRows } from '../../../kit/states.tsx';
import { Ago } from '../../../kit/time.tsx';
import { type AnswerActions, ApprovalAnswer } from '../../shared/approval-answer/approval-answer.tsx';
import type { ApprovalSearch } from '../approval-search.ts';
import { KindIcon, kindWords, wantWords } from '../approval-words.tsx';
import { Swipeable } from '../swipeable.tsx';
import { CallView } from './call-view.tsx';
import { LikeIt } from './like-it.tsx';
import { Remaining } from './remaining.tsx';
import { Why } from './why.tsx';

interface Props {
  /** Id, or the beginning of one. */
  approval: string;
  actions: RefObject<AnswerActions | null>;
  backTo: ApprovalSearch;
  /** How many others wait. */
  others: number;
  /** It was answered here. */
  onSettled(id: string): void;
}

/** Everything an answer depends on, with the answers at the thumb. */
export function Detail({ approval: ref, actions, backTo, others, onSettled }: Props) {
  const { data: approval, error, refetch } = useQuery(approvalQuery(ref));
  const back = (
    <Link
      to="/approvals"
      search={backTo}
      className="flex items-center gap-1.5 px-4 pt-3 text-quiet text-sm hover:text-text md:hidden"
    >
      <ArrowLeft aria-hidden="true" className="size-4" />
      {others > 0 ? `All that wait (${others + 1})` : 'All approvals'}
    </Link>
  );
  if (!approval) {
    return (
      <>
        {back}
        {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <SkeletonRows />}
      </>
    );
  }
  const isPending = approval.status === 'pending';
  const answer = (
    <ApprovalAnswer
      ref={actions}
      approval={approval}
      layout="whole"
      onSettled={({ id }, isOurs) => isOurs && onSettled(id)}
    />
  );
  return (
    <article aria-label="Approval" className="flex h-full min-h-0 flex-col">
      <div className="min-h-0 flex-1 overflow-y-auto">
        {back}
        <Swipeable
          right={isPending ? { label: 'Approve', run: () => actions.current?.approve() } : null}
          left={isPending ? { label: 'Deny…', run: () => actions.current?.deny() } : null}
        >
          <div className="flex max-w-4xl flex-col gap-5 px-4 py-4 sm:px-6">
            <Heading approval={approval} />
            <CallView approval={approval} />
            {approval.kind === 'question' && isPending && answer}
            <Why approval={approval} />
            {isPending && others > 0 && approval.suggestion && <LikeIt approval={approval} />}
          </div>
        </Swipeable>
      </div>
      {!(approval.kind === 'question' && isPending) && (
        <footer className="shrink-0 border-line border-t bg-panel px-4 py-3 sm:px-6">
          {answer}
          {isPending && (
            <p className="mt-2 hidden text-center text-quiet text-xs pointer-coarse:block">
              Swipe right to approve, left to deny
            </p>
          )}
        </footer>
      )}
    </article>
  );
}

function Heading({ approval }: { approval: Approval }) {
  const { sessionId, sessionName, provider, cwd, askedAt, aging, status, inTerminal } = approval;
  return (
    <header className="flex flex-col gap-2">
      <h2 className="flex flex-wrap items-center gap-x-2 gap-y-1 font-semibold text-base">
        <KindIcon approval={approval} />
        <Link
          to="/sessions/$session"
          params={{ session: sessionId }}
          className="text-accent underline-offset-2 hover:underline"
        >
          {sessionName ?? sessionId.slice(0, 8)}
        </Link>
        <span>{wantWords(approval)}</span>
        <span className="ml-auto">
          <CopyButton label="Copy the link" text={`${location.origin}/approvals/${approval.id}`} />
        </span>
      </h2>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5 text-quiet text-sm">
        <span className="flex min-w-0 items-center gap-1.5">
          <Folder aria-hidden="true" className="size-3.5 shrink-0" />
          <span className="sr-only">Directory </span>
          <span className="min-w-0 break-all font-mono text-xs">{cwd}</span>
        </span>
        <span>
          {provider} · {kindWords(approval)}
        </span>
        <span className="flex items-center gap-1.5">
          <Clock aria-hidden="true" className="size-3.5" />
          {status === 'pending' ? (
            <span>
              waits <Ago time={askedAt} className={aging ? 'font-medium text-wait' : undefined} />
            </span>
          ) : (
            <span>
              asked <Ago time={askedAt} suffix=" ago" />
            </span>
          )}
        </span>
        {aging && <Badge tone="wait">Waits long</Badge>}
        {status === 'pending' && approval.expiresAt && (
          <span className="flex items-center gap-1.5">
            <Hourglass aria-hidden="true" className="size-3.5" />
            <Remaining until={approval.expiresAt} />
          </span>
        )}
        {status === 'pending' && inTerminal && (
          <span>It can be answered in its terminal too: the first answer wins.</span>
        )}
      </div>
    </header>
  );
}
