import type { LintFinding } from '@codepiper/core/policies/policy.endpoints.ts';
import type { Policy } from '@codepiper/core/policies/policy.ts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Lock, TriangleAlert } from 'lucide-react';
import { sessionsQuery } from '../../../api/queries.ts';
import { nameOf } from '../../../api/session-words.ts';
import { Badge } from '../../../kit/badge.tsx';
import { cx } from '../../../kit/cx.ts';
import { isReadOnly, scopeWords, sourceWords } from '../policies-queries.ts';

interface Props {
  policies: readonly Policy[];
  findings: readonly LintFinding[];
  open: string | undefined;
}

/** In the judge's order. */
export function PolicyList({ policies, findings, open }: Props) {
  const { data: sessions = [] } = useQuery(sessionsQuery);
  const names = new Map(sessions.map((session) => [session.id, nameOf(session)]));
  return (
    <ul>
      {policies.map((policy) => {
        const { id, name, enabled, priority, scope, sessionId, rules, source, expiresAt } = policy;
        const problems = findings.filter(({ policyId }) => policyId === id).length;
        return (
          <li key={id} className="border-line border-b">
            <Link
              to="/policies"
              search={{ tab: 'rules', policy: id }}
              aria-current={id === open ? 'true' : undefined}
              className={cx(
                'block border-l-2 py-3 pr-4 pl-3.5 text-sm hover:bg-raised/60 focus-visible:-outline-offset-2',
                id === open ? 'border-l-accent bg-raised' : 'border-l-transparent',
              )}
            >
              <span className="flex items-center gap-2">
                <span className={cx('min-w-0 truncate font-medium', !enabled && 'text-quiet line-through')}>
                  {name}
                </span>
                {isReadOnly(policy) && (
                  <Lock aria-label="Read-only" className="size-3.5 shrink-0 text-quiet" />
                )}
                {!enabled && <Badge>Off</Badge>}
                {problems > 0 && (
                  <Badge tone="wait" className="ml-auto">
                    <TriangleAlert aria-hidden="true" className="size-3" />
                    {problems}
                    <span className="sr-only"> found</span>
                  </Badge>
                )}
              </span>
              <span className="mt-1 flex flex-wrap gap-x-3 text-quiet text-xs">
                <span className="tabular-nums">Priority {priority}</span>
                <span>
                  {sessionId === null
                    ? scopeWords[scope]
                    : `Session ${names.get(sessionId) ?? sessionId.slice(0, 8)}`}
                </span>
                <span>
                  {rules.length} {rules.length === 1 ? 'rule' : 'rules'}
                </span>
                <span>{sourceWords[source]}</span>
                {expiresAt && (
                  <span>Until {new Date(expiresAt).toLocaleTimeString([], { timeStyle: 'short' })}</span>
                )}
              </span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
