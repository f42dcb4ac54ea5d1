import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { CodeBlock } from '../../../kit/code.tsx';
import { rulesText } from '../../shared/rules/rules-text.ts';
import { VerdictTrace, WhyWords } from '../../shared/verdict/verdict-trace.tsx';

/** Why a person is asked, part by part, and which rule would have made that unnecessary. */
export function Why({ approval }: { approval: Approval }) {
  const { kind, verdict, suggestion, status } = approval;
  if (kind !== 'tool') return null;
  return (
    <>
      <section aria-labelledby="why" className="flex flex-col gap-2">
        <h3 id="why" className="font-semibold text-sm">
          Why {status === 'pending' ? 'you are asked' : 'it was asked'}
        </h3>
        <p className="text-sm first-letter:uppercase">
          <WhyWords why={verdict.reason} rule={verdict.rule} />
        </p>
        <VerdictTrace parts={verdict.parts} />
      </section>
      <section aria-labelledby="allow" className="flex flex-col gap-2">
        <h3 id="allow" className="font-semibold text-sm">
          What would allow it
        </h3>
        {suggestion ? (
          <CodeBlock text={rulesText([suggestion])} />
        ) : (
          <p className="text-quiet text-sm">
            No rule can: it holds what nobody knows before it runs, or has no name of its own. Approve it
            once, each time.
          </p>
        )}
      </section>
    </>
  );
}
