import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import { Section } from '../../../kit/page.tsx';
import { ErrorState, Skeleton } from '../../../kit/states.tsx';
import { lintQuery, policiesQuery } from '../policies-queries.ts';
import { Replay } from './replay.tsx';
import { TryCall } from './try-call.tsx';

/** Where rules are tried: nothing runs here, and nothing is stored. */
export function LaboratoryTab() {
  const { session } = useSearch({ from: '/gate/policies' });
  return (
    <div className="mx-auto max-w-4xl px-4 py-4 sm:px-6">
      <Section title="Explain a call" hint="What the rules in force say of it, part by part. Nothing runs.">
        <TryCall session={session} />
      </Section>
      <Section
        title="Replay"
        hint="Past calls of the audit log, judged by a policy alone, in the place of all that was in force."
      >
        <Replay />
      </Section>
      <Section
        title="Lint"
        hint="Rules that can never speak, contradict each other, or allow more than anybody should want."
      >
        <Lint />
      </Section>
    </div>
  );
}

function Lint() {
  const { data: findings, error, refetch } = useQuery(lintQuery);
  const { data: policies = [] } = useQuery(policiesQuery);
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (!findings) return <Skeleton className="h-8 w-full" />;
  if (findings.length === 0) {
    return (
      <p className="flex items-center gap-2 text-sm">
        <CircleCheck aria-hidden="true" className="size-4 text-live" />
        Nothing is wrong with the rules that are stored.
      </p>
    );
  }
  return (
    <ul className="flex flex-col gap-2 text-sm">
      {findings.map(({ kind, policyId, rule, message }) => (
        <li key={`${policyId} ${rule} ${kind}`} className="flex items-start gap-2">
          <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-wait" />
          <span className="min-w-0 break-words">
            <Link
              to="/policies"
              search={{ tab: 'rules', policy: policyId }}
              className="underline decoration-edge underline-offset-2"
            >
              rule {rule + 1} of {policies.find(({ id }) => id === policyId)?.name ?? policyId}
            </Link>{' '}
            ({kind}): {message}
          </span>
        </li>
      ))}
    </ul>
  );
}
