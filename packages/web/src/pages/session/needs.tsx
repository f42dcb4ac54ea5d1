import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Hand } from 'lucide-react';
import { pendingApprovals } from '../../api/queries.ts';
import { Button } from '../../kit/button.tsx';
import { CodeBlock } from '../../kit/code.tsx';
import { DiffView } from '../../kit/diff-view.tsx';
import { Ago } from '../../kit/time.tsx';
import { ApprovalAnswer } from '../shared/approval-answer/approval-answer.tsx';

interface Props {
  session: Session;
  isTerminalShown: boolean;
  onTerminal(): void;
}

/** What of this session waits for a person, with the answer in place. */
export function Needs({ session, isTerminalShown, onTerminal }: Props) {
  const { data } = useQuery(pendingApprovals);
  const mine = data?.filter(({ sessionId }) => sessionId === session.id) ?? [];
  const [first, ...others] = mine;
  if (first) {
    return (
      <section
        aria-label="Waits for you"
        className="flex max-h-[45dvh] shrink-0 flex-col gap-2 overflow-y-auto border-wait/40 border-b bg-wait/10 px-4 py-2.5 sm:px-6"
      >
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Hand aria-hidden="true" className="size-4 shrink-0 text-wait" />
          <p className="min-w-0 flex-1 basis-60 text-sm">
            <Link
              to="/approvals/$approval"
              params={{ approval: first.id }}
              className="font-medium underline-offset-2 hover:underline"
            >
              {first.summary}
            </Link>{' '}
            <span className="text-quiet">
              · waits <Ago time={first.askedAt} />
              {others.length > 0 && (
                <>
                  {' · '}
                  <Link to="/approvals" className="underline">
                    {others.length} more
                  </Link>
                </>
              )}
            </span>
          </p>
          <ApprovalAnswer key={first.id} approval={first} layout="row" />
        </div>
        {first.kind === 'tool' && (
          <details className="text-sm">
            <summary className="w-fit cursor-pointer rounded text-quiet text-xs pointer-coarse:py-2">
              {first.diff === null ? 'What it would get' : 'What it would change'}
            </summary>
            {first.diff === null ? (
              <CodeBlock text={inputText(first.input)} className="mt-2" />
            ) : (
              <DiffView diff={first.diff} className="mt-2" />
            )}
          </details>
        )}
      </section>
    );
  }
  // A dialog of the agent that no hook told us of: only its terminal can answer it.
  if (session.status !== 'needs_input' && session.status !== 'needs_permission') return null;
  return (
    <section
      aria-label="Waits for you"
      className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 border-wait/40 border-b bg-wait/10 px-4 py-2 text-sm sm:px-6"
    >
      <Hand aria-hidden="true" className="size-4 shrink-0 text-wait" />
      <p className="min-w-0 flex-1">
        Waits for an answer in its terminal <span className="text-quiet">· {session.evidence.detail}</span>
      </p>
      {!isTerminalShown && (
        <Button size="small" onClick={onTerminal}>
          To the terminal
        </Button>
      )}
    </section>
  );
}

/** A command as it is; any other input as JSON. */
function inputText(input: Approval['input']): string {
  return typeof input.command === 'string' ? input.command : JSON.stringify(input, null, 2);
}
