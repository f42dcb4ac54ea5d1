import type { Decision } from '@codepiper/core/audit/decision.ts';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { toast } from 'sonner';
import { client } from '../../../api/client.ts';
import { approvalQuery } from '../../../api/queries.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { Badge } from '../../../kit/badge.tsx';
import { Button } from '../../../kit/button.tsx';
import { CodeBlock } from '../../../kit/code.tsx';
import { CopyButton } from '../../../kit/copy-button.tsx';
import { Dialog } from '../../../kit/dialog.tsx';
import { DiffView } from '../../../kit/diff-view.tsx';
import { ErrorState, Skeleton } from '../../../kit/states.tsx';
import { actionWords } from '../../shared/verdict/actions.ts';
import { VerdictTrace, WhyWords } from '../../shared/verdict/verdict-trace.tsx';
import { decisionQuery } from './audit-queries.ts';
import { deciderWords } from './decision-words.ts';

/** Everything about one entry. */
export function DecisionDialog({ seq, onClose }: { seq: number; onClose(): void }) {
  const { data, error, refetch } = useQuery(decisionQuery(seq));
  return (
    <Dialog isOpen size="wide" title={`Entry ${seq} of the audit log`} onClose={onClose}>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton className="h-40 w-full" />
      ) : data === null ? (
        <p className="text-sm">The audit log has no entry {seq}.</p>
      ) : (
        <Entry decision={data} />
      )}
    </Dialog>
  );
}

function Entry({ decision }: { decision: Decision }) {
  const { past, tone } = actionWords[decision.decision];
  const { reason, rule, parts, input, approvalId } = decision;
  const approval = useQuery({ ...approvalQuery(approvalId ?? ''), enabled: approvalId !== null });
  const diff = approval.data?.diff ?? null;
  return (
    <div className="flex flex-col gap-4">
      <p className="flex flex-wrap items-center gap-2 text-sm">
        <Badge tone={tone} className="text-sm">
          {past}
        </Badge>
        <span>by {deciderWords(decision)}:</span>
        <span className="min-w-0 break-words">
          <WhyWords why={reason} rule={rule} />
        </span>
      </p>
      <VerdictTrace parts={parts} />
      {diff !== null && <DiffView diff={diff} className="max-h-96 overflow-y-auto" />}
      <Facts decision={decision} />
      {input && (
        <section aria-label="Input" className="flex flex-col gap-1">
          <h3 className="font-medium text-quiet text-xs">
            {decision.decision === 'change' ? 'What holds from then on' : 'Input, secrets replaced'}
          </h3>
          <CodeBlock text={JSON.stringify(input, null, 2)} />
        </section>
      )}
    </div>
  );
}

function Facts({ decision }: { decision: Decision }) {
  const { at, sessionId, sessionName, provider, tool, toolKind, cwd, callId, approvalId, latencyMs } =
    decision;
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['When', new Date(at).toLocaleString()],
    [
      'Session',
      sessionId && (
        <span className="flex flex-wrap items-center gap-x-3">
          <Link
            to="/sessions/$session"
            params={{ session: sessionId }}
            className="text-accent hover:underline"
          >
            {sessionName ?? sessionId.slice(0, 8)}
          </Link>
          {callId !== null && <ToConversation session={sessionId} callId={callId} />}
        </span>
      ),
    ],
    ['Agent', provider],
    ['Tool', tool && (toolKind === null ? tool : `${tool} (${toolKind})`)],
    ['Directory', cwd && <span className="font-mono text-xs">{cwd}</span>],
    [
      'Approval',
      approvalId && (
        <Link
          to="/approvals/$approval"
          params={{ approval: approvalId }}
          className="text-accent hover:underline"
        >
          {approvalId.slice(0, 8)}
        </Link>
      ),
    ],
    ['Took', latencyMs === null ? null : `${latencyMs.toFixed(1)} ms`],
    ['Call', callId && <Long text={callId} />],
    ['Input hash', decision.inputHash && <Long text={decision.inputHash} />],
    ['Hash', <Long key="hash" text={decision.hash} />],
  ];
  return (
    <dl className="grid grid-cols-[auto_1fr] items-baseline gap-x-4 gap-y-1.5 text-sm">
      {facts.map(
        ([name, value]) =>
          value !== null &&
          value !== '' && (
            <div key={name} className="contents">
              <dt className="text-quiet">{name}</dt>
              <dd className="min-w-0 break-words">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Long({ text }: { text: string }) {
  return (
    <span className="flex items-center gap-1">
      <span className="min-w-0 truncate font-mono text-xs">{text}</span>
      <CopyButton text={text} />
    </span>
  );
}

/** Calls are found among the newest of a session. */
const newestCalls = 1000;

/** Leads to the call in what was said. */
function ToConversation({ session, callId }: { session: string; callId: string }) {
  const navigate = useNavigate();
  const go = async () => {
    try {
      const { entries } = await client.request('GET', '/sessions/:id/conversation', {
        params: { id: session },
        query: { kind: 'tool_call', text: 0, order: 'desc', limit: newestCalls },
      });
      const entry = entries.find((one) => one.callId === callId)?.id;
      if (entry === undefined) toast('This call is not in what was read of the conversation.');
      await navigate({
        to: '/sessions/$session',
        params: { session },
        search: { tab: 'conversation', ...(entry === undefined ? {} : { entry }) },
      });
    } catch (error) {
      toast.error(wordsOf(error));
    }
  };
  return (
    <Button size="small" tone="quiet" onClick={() => void go()}>
      Show in the conversation
    </Button>
  );
}
