import type { LintFinding } from '@codepiper/core/policies/policy.endpoints.ts';
import { CircleCheck, CircleX, TriangleAlert } from 'lucide-react';

interface Props {
  /** What is no rule. */
  problems: readonly string[];
  /** What is one, but hardly what was meant. */
  findings: readonly LintFinding[];
  isReading: boolean;
}

/** What the daemon says of rules while they are written. */
export function Findings({ problems, findings, isReading }: Props) {
  return (
    <section aria-label="What is wrong with the rules" aria-live="polite" className="mb-6 text-sm">
      {problems.length + findings.length === 0 ? (
        <p className="flex items-center gap-2 text-quiet">
          <CircleCheck aria-hidden="true" className="size-4 text-live" />
          {isReading ? 'Reading the rules…' : 'Nothing is wrong with these rules.'}
        </p>
      ) : (
        <ul className="flex flex-col gap-1.5">
          {problems.map((problem) => (
            <li key={problem} className="flex items-start gap-2 text-gone">
              <CircleX aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
              <span className="min-w-0 break-words">{problem}</span>
            </li>
          ))}
          {findings.map(({ kind, rule, message }) => (
            <li key={`${kind} ${rule}`} className="flex items-start gap-2">
              <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-wait" />
              <span className="min-w-0 break-words">
                <span className="font-medium">
                  Rule {rule + 1} ({kind}):
                </span>{' '}
                {message}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
