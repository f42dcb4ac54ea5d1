import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { Check, Ellipsis, X } from 'lucide-react';
import { type Ref, Suspense, useImperativeHandle, useState } from 'react';
import { Badge } from '../../../kit/badge.tsx';
import { Button, IconButton } from '../../../kit/button.tsx';
import { cx } from '../../../kit/cx.ts';
import { Dialog } from '../../../kit/dialog.tsx';
import { lazyPart } from '../../../kit/load-part.ts';
import { Menu } from '../../../kit/menu.tsx';
import { Ago } from '../../../kit/time.tsx';
import { DenyDialog } from './deny-dialog.tsx';
import { QuestionForm } from './question-form.tsx';
import { settledTone, settledWords } from './settled-words.ts';
import { type OnSettled, useAnswer } from './use-answer.ts';

/** Only for those who keep a rule. */
const RuleDialog = lazyPart(async () => (await import('./rule-dialog.tsx')).RuleDialog);

/** What keys and swipes of the page around it do. Each does nothing where it makes no sense. */
export interface AnswerActions {
  /** Approves this call; of a question, opens its form. */
  approve(): void;
  /** Asks for the reason first. */
  deny(): void;
  /** Shows the rule first. */
  keep(grant: 'session' | 'always'): void;
}

interface Props {
  approval: Approval;
  /** row: buttons that fit into a row of a list. whole: for a page of its own, with the form of a question. */
  layout?: 'row' | 'whole';
  onSettled?: OnSettled;
  ref?: Ref<AnswerActions>;
}

type Open = { part: 'deny' | 'question' } | { part: 'rule'; grant: 'session' | 'always' } | null;

/**
 * Answers an approval: once, for the session, always, or not at all with a reason; the question of an agent by its
 * form. One that is settled says by whom.
 */
export function ApprovalAnswer({ approval, layout = 'row', onSettled, ref }: Props) {
  const [open, setOpen] = useState<Open>(null);
  const answer = useAnswer(approval, onSettled);
  const { kind, status } = approval;
  const isPending = status === 'pending';
  const hasRule = kind === 'tool' && approval.suggestion !== null;
  const close = () => setOpen(null);
  const andClose = async (done: Promise<boolean>) => {
    if (await done) close();
  };
  const approve = () => {
    if (kind === 'question') setOpen({ part: 'question' });
    else void answer.approve();
  };
  const deny = () => setOpen({ part: 'deny' });
  const keep = (grant: 'session' | 'always') => setOpen({ part: 'rule', grant });

  useImperativeHandle(ref, () => {
    const unless = (isRefused: boolean, action: () => void) => () => {
      if (isPending && !isRefused && !answer.isBusy && open === null) action();
    };
    return {
      approve: unless(false, approve),
      deny: unless(false, deny),
      keep: (grant) => unless(!hasRule, () => keep(grant))(),
    };
  });

  if (!isPending) return <Settled approval={approval} />;
  const form = (
    <QuestionForm
      approval={approval}
      isBusy={answer.isBusy}
      problem={answer.problem}
      onAnswer={(answers) => void andClose(answer.approve({ answers }))}
      onDecline={deny}
    />
  );
  return (
    <div className="flex min-w-0 flex-col gap-2">
      {kind === 'question' && layout === 'whole' ? (
        form
      ) : (
        <div
          className={cx(
            'flex flex-wrap items-center gap-2',
            layout === 'whole' && 'max-sm:grid max-sm:grid-cols-2',
          )}
        >
          <Button
            tone="primary"
            size={layout === 'row' ? 'small' : 'usual'}
            isBusy={answer.isBusy}
            onClick={approve}
          >
            {kind !== 'question' && <Check aria-hidden="true" className="size-4" />}
            {kind === 'question' ? 'Answer…' : kind === 'plan' ? 'Approve the plan' : 'Approve'}
          </Button>
          {layout === 'whole' && hasRule && (
            <>
              <Button className="max-sm:order-1" disabled={answer.isBusy} onClick={() => keep('session')}>
                For the session…
              </Button>
              <Button className="max-sm:order-1" disabled={answer.isBusy} onClick={() => keep('always')}>
                Always…
              </Button>
            </>
          )}
          <Button
            tone="danger"
            size={layout === 'row' ? 'small' : 'usual'}
            disabled={answer.isBusy}
            onClick={deny}
          >
            <X aria-hidden="true" className="size-4" />
            {kind === 'plan' ? 'Send back…' : 'Deny…'}
          </Button>
          {layout === 'row' && hasRule && (
            <Menu
              trigger={
                <IconButton label="More answers" size="small">
                  <Ellipsis aria-hidden="true" className="size-4" />
                </IconButton>
              }
              items={[
                { label: 'Approve for the session…', onSelect: () => keep('session') },
                { label: 'Approve always…', onSelect: () => keep('always') },
              ]}
            />
          )}
        </div>
      )}
      {answer.problem && open === null && kind !== 'question' && (
        <p role="alert" className="text-gone text-sm">
          {answer.problem}
        </p>
      )}
      {open?.part === 'deny' && (
        <DenyDialog
          approval={approval}
          isBusy={answer.isBusy}
          problem={answer.problem}
          onDeny={(reason) => void andClose(answer.deny(reason))}
          onClose={close}
        />
      )}
      {open?.part === 'question' && (
        <Dialog isOpen title="The agent asks" onClose={close}>
          {form}
        </Dialog>
      )}
      {open?.part === 'rule' && (
        <Suspense>
          <RuleDialog
            approval={approval}
            grant={open.grant}
            isBusy={answer.isBusy}
            problem={answer.problem}
            onKeep={(rule) => void andClose(answer.approve({ grant: open.grant, rule }))}
            onClose={close}
          />
        </Suspense>
      )}
    </div>
  );
}

function Settled({ approval }: { approval: Approval }) {
  return (
    <p role="status" className="flex flex-wrap items-center gap-2 text-sm">
      <Badge tone={settledTone[approval.status]}>{settledWords(approval)}</Badge>
      {approval.settledAt && <Ago time={approval.settledAt} suffix=" ago" className="text-quiet" />}
      {approval.note && <span className="min-w-0 break-words text-quiet">“{approval.note}”</span>}
    </p>
  );
}
