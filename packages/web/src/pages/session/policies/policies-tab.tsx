import type { Policy } from '@codepiper/core/policies/policy.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { FlaskConical, ShieldAlert } from 'lucide-react';
import { Badge, type Tone } from '../../../kit/badge.tsx';
import { buttonClass } from '../../../kit/button.tsx';
import { Code } from '../../../kit/code.tsx';
import { Section } from '../../../kit/page.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../../kit/states.tsx';
import { effectivePoliciesQuery } from '../session-queries.ts';
import { DefaultAction } from './default-action.tsx';
import { SessionSets } from './session-sets.tsx';

/** What decides about the tools of this session, in the order it is asked. */
export function PoliciesTab({ session }: { session: Session }) {
  return (
    <div className="h-full overflow-y-auto px-3 py-4 sm:px-6">
      <div className="mx-auto max-w-4xl">
        {session.metadata.security.dangerousMode && (
          <p className="mb-4 flex items-start gap-2 rounded-lg border border-gone/50 bg-gone/10 px-4 py-3 text-sm">
            <ShieldAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-gone" />
            Dangerous mode answers every question with yes. A rule that denies still holds.
          </p>
        )}
        <Section
          title="Policies in their order"
          hint="From the top: the first rule that matches a call decides."
          actions={
            <Link
              to="/policies"
              search={{ tab: 'laboratory', session: session.id }}
              className={buttonClass('plain', 'small')}
            >
              <FlaskConical aria-hidden="true" className="size-4" />
              Try a call
            </Link>
          }
        >
          <Effective session={session.id} />
        </Section>
        <SessionSets session={session} />
        <Section
          title="When no rule speaks"
          hint="What happens to a call that none of the policies above says anything about."
        >
          <DefaultAction session={session} />
        </Section>
      </div>
    </div>
  );
}

function Effective({ session }: { session: string }) {
  const { data, error, refetch } = useQuery(effectivePoliciesQuery(session));
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows rows={3} />;
  if (data.policies.length === 0) {
    return (
      <EmptyState title="No policy counts here">
        Add a set below, or make a policy: until then what happens is what is chosen below.
      </EmptyState>
    );
  }
  return (
    <ol className="divide-y divide-line/60">
      {data.policies.map((policy, index) => (
        <PolicyRow key={policy.id} policy={policy} place={index + 1} />
      ))}
    </ol>
  );
}

const scopes: Record<Policy['scope'], string> = {
  global: 'everywhere',
  set: 'by a set',
  session: 'this session',
};
const tones: Record<Policy['rules'][number]['action'], Tone> = { allow: 'live', ask: 'wait', deny: 'gone' };

function PolicyRow({ policy, place }: { policy: Policy; place: number }) {
  return (
    <li className="flex gap-3 py-2.5 text-sm">
      <span className="w-5 shrink-0 text-right text-quiet tabular-nums">{place}</span>
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-center gap-2">
          <Link
            to="/policies"
            search={{ tab: 'rules', policy: policy.id }}
            className="font-medium underline-offset-2 hover:underline"
          >
            {policy.name}
          </Link>
          <Badge>{scopes[policy.scope]}</Badge>
          <span className="text-quiet text-xs">priority {policy.priority}</span>
        </div>
        <details className="mt-0.5">
          <summary className="w-fit cursor-pointer rounded text-quiet text-xs pointer-coarse:py-2">
            {policy.rules.length === 1 ? '1 rule' : `${policy.rules.length} rules`}
          </summary>
          <ul className="mt-1.5 flex flex-col gap-1.5">
            {policy.rules.map((rule, index) => (
              <li key={index} className="flex flex-wrap items-baseline gap-1.5 text-xs">
                <Badge tone={tones[rule.action]}>{rule.action}</Badge>
                <Code>{rule.tool === undefined ? 'any tool' : [rule.tool].flat().join(', ')}</Code>
                {Object.entries(rule.args ?? {}).map(([name, pattern]) => (
                  <span key={name} className="wrap-anywhere">
                    {name} <Code>{[pattern].flat().join(', ')}</Code>
                  </span>
                ))}
                {rule.reason && <span className="text-quiet">{rule.reason}</span>}
              </li>
            ))}
          </ul>
        </details>
      </div>
    </li>
  );
}
