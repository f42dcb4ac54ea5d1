import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import { Badge } from '../../../kit/badge.tsx';
import { actionWords } from '../../shared/verdict/actions.ts';
import { VerdictTrace, WhyWords } from '../../shared/verdict/verdict-trace.tsx';

/** A verdict with all that it rests on. */
export function VerdictView({ verdict }: { verdict: Verdict }) {
  const { past, tone } = actionWords[verdict.action];
  return (
    <div className="flex flex-col gap-3">
      <p className="flex flex-wrap items-center gap-2 text-sm">
        <Badge tone={tone} className="text-sm">
          {past}
        </Badge>
        <span className="min-w-0 break-words">
          <WhyWords why={verdict.reason} rule={verdict.rule} />
        </span>
      </p>
      <VerdictTrace parts={verdict.parts} />
    </div>
  );
}
