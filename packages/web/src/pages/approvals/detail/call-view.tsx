import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { Link } from '@tanstack/react-router';
import { Suspense } from 'react';
import { CodeBlock } from '../../../kit/code.tsx';
import { DiffView } from '../../../kit/diff-view.tsx';
import { lazyPart } from '../../../kit/load-part.ts';
import { Skeleton } from '../../../kit/states.tsx';
import { commandOf } from '../approval-words.tsx';
import { CommandView } from './command-view.tsx';

const Markdown = lazyPart(async () => (await import('../../shared/markdown/markdown.tsx')).Markdown);

/** What the agent wants, exactly: its command, its changes, its plan; and always its input as it is. */
export function CallView({ approval }: { approval: Approval }) {
  const { kind, diff, input, status, questions } = approval;
  if (kind === 'question' && status === 'pending') return null;
  const command = commandOf(approval);
  const plan = kind === 'plan' && typeof input.plan === 'string' ? input.plan : null;
  const isElsewhere = kind === 'plan' && plan === null;
  const isSaid = command !== null || diff !== null || plan !== null || kind !== 'tool';
  const json = JSON.stringify(input, null, 2);
  return (
    <section aria-label="What it wants" className="flex flex-col gap-2">
      {command !== null && <CommandView command={command} parts={approval.verdict.parts} />}
      {typeof input.description === 'string' && command !== null && (
        <p className="text-quiet text-sm">The agent says: {input.description}</p>
      )}
      {diff !== null && <DiffView diff={diff} className="max-h-[60vh] overflow-y-auto" />}
      {plan !== null && (
        <div className="rounded-md border border-line bg-panel px-4 py-3">
          <Suspense fallback={<Skeleton className="h-24 w-full" />}>
            <Markdown text={plan} />
          </Suspense>
        </div>
      )}
      {isElsewhere && (
        <p className="rounded-md border border-line bg-panel px-3 py-2 text-sm">
          The agent keeps this plan in a file of its own:{' '}
          <Link
            to="/sessions/$session"
            params={{ session: approval.sessionId }}
            search={{ tab: 'terminal' }}
            className="text-accent underline underline-offset-2"
          >
            read it in its terminal
          </Link>{' '}
          before you answer.
        </p>
      )}
      {kind === 'question' && (
        <ul className="flex flex-col gap-1 text-sm">
          {questions.map(({ question }) => (
            <li key={question}>{question}</li>
          ))}
        </ul>
      )}
      {isSaid ? (
        <details className="text-sm">
          <summary className="cursor-pointer text-quiet hover:text-text">Input as the tool gets it</summary>
          <CodeBlock text={json} className="mt-2" />
        </details>
      ) : (
        <CodeBlock text={json} />
      )}
      {status !== 'pending' && (
        <p className="text-quiet text-xs">Secrets were replaced when it was answered.</p>
      )}
    </section>
  );
}
