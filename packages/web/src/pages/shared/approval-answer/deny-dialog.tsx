import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { useState } from 'react';
import { Button } from '../../../kit/button.tsx';
import { Dialog } from '../../../kit/dialog.tsx';
import { Field, TextArea } from '../../../kit/field.tsx';

interface Props {
  approval: Approval;
  isBusy: boolean;
  problem: string | null;
  onDeny(reason: string): void;
  onClose(): void;
}

const longestReason = 2000;
const titles = { tool: 'Deny this call', plan: 'Send the plan back', question: 'Do not answer' } as const;

/** Asks for a reason, which the agent reads; without one it is told that a person said no. */
export function DenyDialog({ approval, isBusy, problem, onDeny, onClose }: Props) {
  const [reason, setReason] = useState('');
  const formId = `deny-${approval.id}`;
  return (
    <Dialog
      isOpen
      title={titles[approval.kind]}
      description={<span className="line-clamp-3 break-all font-mono text-xs">{approval.summary}</span>}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="danger" type="submit" form={formId} isBusy={isBusy}>
            {reason.trim() === '' ? 'Deny without a reason' : 'Deny'}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        onSubmit={(event) => {
          event.preventDefault();
          onDeny(reason);
        }}
      >
        <Field
          label="Reason"
          hint="The agent reads it: say what to do instead. Ctrl+Enter sends."
          error={problem}
        >
          {(props) => (
            <TextArea
              {...props}
              autoFocus
              rows={3}
              maxLength={longestReason}
              value={reason}
              placeholder="Use the staging database."
              onChange={({ target }) => setReason(target.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
                event.preventDefault();
                if (!isBusy) onDeny(reason);
              }}
            />
          )}
        </Field>
      </form>
    </Dialog>
  );
}
