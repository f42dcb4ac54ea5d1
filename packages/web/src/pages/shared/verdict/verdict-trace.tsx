import type { PartTrace, RuleRef } from '@codepiper/core/policies/verdict.ts';
import { Link } from '@tanstack/react-router';
import { Check, CircleHelp, type LucideIcon, Minus, X } from 'lucide-react';
import { Badge } from '../../../kit/badge.tsx';
import { cx } from '../../../kit/cx.ts';
import { actionWords } from './actions.ts';

const icons: Readonly<Record<PartTrace['action'], LucideIcon>> = {
  allow: Check,
  ask: CircleHelp,
  deny: X,
  agent: Minus,
  none: Minus,
};
const colours: Readonly<Record<PartTrace['action'], string>> = {
  allow: 'border-l-live',
  ask: 'border-l-wait',
  deny: 'border-l-gone',
  agent: 'border-l-edge',
  none: 'border-l-line',
};

/** What the judge made of every part of a call, and why; those that decide stand out. */
export function VerdictTrace({ parts }: { parts: readonly PartTrace[] }) {
  if (parts.length === 0) return null;
  return (
    <ol aria-label="Parts of the call" className="flex flex-col gap-1.5">
      {parts.map((part, index) => {
        const { word, tone } = actionWords[part.action];
        const Icon = icons[part.action];
        return (
          <li
            key={index}
            className={cx(
              'rounded-md border border-line border-l-4 bg-ground px-3 py-2',
              colours[part.action],
            )}
          >
            <div className="flex items-start gap-2">
              <code className="min-w-0 flex-1 whitespace-pre-wrap break-words font-mono text-xs leading-5">
                {part.text}
              </code>
              <Badge tone={tone}>
                <Icon aria-hidden="true" className="size-3" />
                {word}
              </Badge>
            </div>
            <p className="mt-0.5 text-quiet text-xs">
              <WhyWords why={part.why} rule={part.rule} />
            </p>
          </li>
        );
      })}
    </ol>
  );
}

/** Why something was decided, with the rule as a link and texts of the call as code. */
export function WhyWords({ why, rule }: { why: string; rule: RuleRef | null }) {
  if (!rule) return <Sentence text={why} />;
  // A rule without a reason of its own is named by the sentence itself.
  const name = `rule ${rule.index + 1} of "${rule.policyName}"`;
  return why.startsWith(name) ? (
    <>
      <RuleLink rule={rule} />
      <Sentence text={why.slice(name.length)} />
    </>
  ) : (
    <>
      <Sentence text={why} /> (<RuleLink rule={rule} />)
    </>
  );
}

/** A sentence of the judge, which has texts of the call between backticks. */
function Sentence({ text }: { text: string }) {
  return text.split('`').map((piece, index) =>
    index % 2 === 1 ? (
      <code key={index} className="break-all font-mono">
        {piece}
      </code>
    ) : (
      piece
    ),
  );
}

/** The rule something rests on, by its policy and its number. */
export function RuleLink({ rule }: { rule: RuleRef }) {
  return (
    <Link
      to="/policies"
      search={{ tab: 'rules', policy: rule.policyId }}
      className="underline decoration-edge underline-offset-2 hover:text-text"
    >
      rule {rule.index + 1} of {rule.policyName}
    </Link>
  );
}
