import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Rule } from '@codepiper/core/policies/policy.ts';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleX } from 'lucide-react';
import { useState } from 'react';
import { client } from '../../../api/client.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { Button } from '../../../kit/button.tsx';
import { cx } from '../../../kit/cx.ts';
import { Dialog } from '../../../kit/dialog.tsx';
import { Skeleton } from '../../../kit/states.tsx';
import { RuleFields } from '../rules/rule-fields.tsx';
import { useSettled } from '../use-settled.ts';

/** What is typed is looked at when the person pauses. */
const quietMs = 250;

interface Props {
  approval: Approval;
  grant: 'session' | 'always';
  isBusy: boolean;
  problem: string | null;
  onKeep(rule: Rule): void;
  onClose(): void;
}

const words = {
  session: {
    title: 'Approve for the session',
    description: 'This rule is kept for the session: calls that fit it are not asked about again.',
    action: 'Approve, and keep the rule for the session',
  },
  always: {
    title: 'Approve always',
    description: 'This rule is kept for all sessions: calls that fit it are not asked about again.',
    action: 'Approve, and keep the rule',
  },
} as const;

/** The rule that an approval would keep: what it would have allowed, and what not. It can be changed first. */
export function RuleDialog({ approval, grant, isBusy, problem, onKeep, onClose }: Props) {
  const [edited, setEdited] = useState<Rule | null>(null);
  const rule = edited ?? approval.suggestion;
  const asked = useSettled(edited, quietMs);
  const proposal = useQuery({
    queryKey: ['proposals', approval.id, asked],
    queryFn: ({ signal }) =>
      client.request('POST', '/approvals/:id/proposal', {
        params: { id: approval.id },
        body: asked === null ? {} : { rule: asked },
        signal,
      }),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 0,
  });
  const { title, description, action } = words[grant];
  const isSure = proposal.data?.allowsThis === true && asked === edited && !proposal.isFetching;
  const formId = `keep-${approval.id}`;
  if (rule === null) return null;
  return (
    <Dialog
      isOpen
      size="wide"
      title={title}
      description={description}
      onClose={onClose}
      footer={
        <>
          {edited && (
            <Button tone="quiet" className="mr-auto" onClick={() => setEdited(null)}>
              Back to the suggestion
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" type="submit" form={formId} isBusy={isBusy} disabled={!isSure}>
            {action}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (isSure) onKeep(rule);
        }}
      >
        <div aria-live="polite">
          {proposal.error ? (
            <p role="alert" className="text-gone text-sm">
              {wordsOf(proposal.error)}
            </p>
          ) : proposal.data ? (
            <Fit allowsThis={proposal.data.allowsThis} />
          ) : (
            <Skeleton className="h-5 w-48" />
          )}
        </div>
        <RuleFields rule={rule} label="The rule to keep" isActionFixed onChange={setEdited} />
        <div aria-live="polite" className="flex flex-col gap-4">
          {proposal.data && !proposal.error && (
            <>
              <Examples
                title="It would have allowed"
                none="Nothing else of the last 1000 calls."
                texts={proposal.data.matches}
              />
              <Examples
                title="It would not allow"
                none="No call near this one is known that it leaves out."
                texts={proposal.data.nearMisses}
              />
            </>
          )}
          {problem && (
            <p role="alert" className="text-gone text-sm">
              {problem}
            </p>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function Fit({ allowsThis }: { allowsThis: boolean }) {
  const Icon = allowsThis ? CircleCheck : CircleX;
  return (
    <p className="flex items-start gap-2 font-medium text-sm">
      <Icon
        aria-hidden="true"
        className={cx('mt-0.5 size-4 shrink-0', allowsThis ? 'text-live' : 'text-gone')}
      />
      {allowsThis
        ? 'It allows this call.'
        : 'It does not allow this call: widen it, or approve the call once.'}
    </p>
  );
}

function Examples({ title, none, texts }: { title: string; none: string; texts: readonly string[] }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-1 font-medium text-quiet text-xs">{title}</h3>
      {texts.length === 0 ? (
        <p className="text-quiet text-sm">{none}</p>
      ) : (
        <ul className="max-h-40 overflow-y-auto rounded-md border border-line bg-ground py-1 font-mono text-xs">
          {texts.map((text) => (
            <li key={text} className="break-all px-3 py-0.5">
              {text}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
