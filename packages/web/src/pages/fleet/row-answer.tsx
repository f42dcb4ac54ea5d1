import type { Approval, Question } from '@codepiper/core/approvals/approval.ts';
import { Link } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { Button, buttonClass } from '../../kit/button.tsx';
import { cx } from '../../kit/cx.ts';
import { DiffView } from '../../kit/diff-view.tsx';
import { type AnswerActions, ApprovalAnswer } from '../shared/approval-answer/approval-answer.tsx';
import { useAnswer } from '../shared/approval-answer/use-answer.ts';
import { setRowActions } from './row-actions.ts';

/** A question is answered on the row when one press of a few can say all. */
const mostOptions = 4;
/** An approval that took the place of another one cannot be pressed at once: the finger was on its way to that. */
const guardMs = 400;

interface Props {
  approval: Approval;
  /** How many more wait in the same session. */
  others: number;
  /** It does not wait any more, and is shown so that nothing below moves. */
  isOver: boolean;
}

/** What the agent waits for, and the answer. */
export function RowAnswer({ approval, others, isOver }: Props) {
  const block = useRef<HTMLDivElement>(null);
  const [settled, setSettled] = useState<Approval | null>(null);
  const isArmed = useArmed();
  const question = quickQuestion(approval);
  const isAnswered = settled !== null || isOver;

  const onSettled = (next: Approval) => {
    // The button that had the focus goes away.
    const element = block.current;
    if (element?.contains(document.activeElement)) {
      element
        .closest('[data-session]')
        ?.querySelector<HTMLElement>('a[data-row]')
        ?.focus({ preventScroll: true });
    }
    setSettled(next);
  };
  const register = (actions: AnswerActions | null) => {
    const isOpen = actions !== null && isArmed && !isAnswered;
    setRowActions(approval.sessionId, approval.id, isOpen ? actions : null);
  };

  return (
    <div
      ref={block}
      className={cx(
        'relative z-10 mt-2 grid gap-x-6 gap-y-2 group-data-moving/fleet:pointer-events-none',
        approval.kind !== 'question' && 'xl:grid-cols-[minmax(0,1fr)_24rem]',
      )}
    >
      <div className="flex min-w-0 flex-col gap-1.5">
        <Wanted approval={approval} question={question} />
      </div>
      <div
        className={cx(
          'flex min-h-8 flex-wrap items-center gap-2 pointer-coarse:min-h-10 xl:self-start',
          !isArmed && 'pointer-events-none',
        )}
      >
        {isOver && settled === null ? (
          <p className="text-quiet text-sm">It does not wait any more.</p>
        ) : (
          <>
            {question && !isAnswered && (
              <Options approval={approval} question={question} onSettled={onSettled} />
            )}
            <ApprovalAnswer ref={register} approval={settled ?? approval} onSettled={onSettled} />
            {!isAnswered && (
              <Link
                to="/approvals/$approval"
                params={{ approval: approval.id }}
                className={buttonClass('quiet', 'small')}
              >
                {others > 0 ? `${others} more` : 'Details'}
              </Link>
            )}
          </>
        )}
      </div>
    </div>
  );
}

/** Whether it has been there long enough to be what a finger was meant for. */
function useArmed(): boolean {
  const [isArmed, setArmed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setArmed(true), guardMs);
    return () => clearTimeout(timer);
  }, []);
  return isArmed;
}

function Wanted({ approval, question }: { approval: Approval; question: Question | null }) {
  const { diff, summary, verdict, kind } = approval;
  if (kind !== 'tool') return <p className="text-sm">{question?.question ?? summary}</p>;
  return (
    <>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        tabIndex={0}
        aria-label={`What ${approval.tool} is to do`}
        className="max-h-28 overflow-y-auto rounded-md border border-line bg-ground px-3 py-2"
      >
        <pre className="font-mono text-xs break-words whitespace-pre-wrap">
          {visible(commandOf(approval) ?? summary)}
        </pre>
      </section>
      {diff !== null && <Changes diff={diff} />}
      <p className="text-quiet text-xs first-letter:uppercase">{verdict.reason}</p>
    </>
  );
}

function Options({
  approval,
  question,
  onSettled,
}: {
  approval: Approval;
  question: Question;
  onSettled(approval: Approval): void;
}) {
  const { approve, isBusy, problem } = useAnswer(approval, onSettled);
  return (
    <>
      {question.options.map(({ label, description }) => (
        <Button
          key={label}
          size="small"
          disabled={isBusy}
          title={description ?? undefined}
          className="h-auto min-h-8 py-1 whitespace-normal pointer-coarse:min-h-10"
          onClick={() => void approve({ answers: { [question.question]: label } })}
        >
          {label}
        </Button>
      ))}
      {problem && (
        <p role="alert" className="text-gone text-sm">
          {problem}
        </p>
      )}
    </>
  );
}

function Changes({ diff }: { diff: string }) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const added = diff.match(/^\+(?!\+\+ )/gm)?.length ?? 0;
  const removed = diff.match(/^-(?!-- )/gm)?.length ?? 0;
  return (
    <div>
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
        className="flex items-center gap-1.5 rounded pr-2 text-sm hover:underline pointer-coarse:min-h-11"
      >
        <ChevronRight
          aria-hidden="true"
          className={cx('size-4 text-quiet transition-transform', isOpen && 'rotate-90')}
        />
        Changes <span className="text-live">+{added}</span> <span className="text-gone">−{removed}</span>
      </button>
      <div id={id} hidden={!isOpen}>
        {isOpen && <DiffView diff={diff} className="mt-1 max-h-96 overflow-y-auto" />}
      </div>
    </div>
  );
}

/** A command as it will run, whole: what is approved must be seen. */
function commandOf({ toolKind, input }: Approval): string | null {
  if (toolKind !== 'shell') return null;
  const line = input.command ?? input.cmd;
  if (typeof line === 'string') return line;
  return Array.isArray(line) ? line.map(String).join(' ') : null;
}

/** What turns the direction of writing, or is not seen, is shown by its number. */
function visible(text: string): string {
  return text.replace(
    /[\p{Cf}\u2028\u2029]|(?![\n\t])\p{Cc}/gu,
    (mark) => `⟨U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
}

function quickQuestion({ kind, questions }: Approval): Question | null {
  const [question, ...more] = questions;
  if (kind !== 'question' || !question || more.length > 0 || question.multiSelect) return null;
  return question.options.length > 0 && question.options.length <= mostOptions ? question : null;
}
