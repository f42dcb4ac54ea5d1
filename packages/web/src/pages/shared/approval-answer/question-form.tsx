import type { Approval, Question } from '@codepiper/core/approvals/approval.ts';
import { useId, useState } from 'react';
import { Badge } from '../../../kit/badge.tsx';
import { Button } from '../../../kit/button.tsx';
import { cx } from '../../../kit/cx.ts';
import { Input } from '../../../kit/field.tsx';

interface Props {
  approval: Approval;
  isBusy: boolean;
  problem: string | null;
  onAnswer(answers: Record<string, string>): void;
  onDecline(): void;
}

interface Choice {
  labels: readonly string[];
  /** In words of one's own. */
  other: string;
}

const none: Choice = { labels: [], other: '' };

/** Every question of an agent with the answers it proposes, and room for another one. */
export function QuestionForm({ approval, isBusy, problem, onAnswer, onDecline }: Props) {
  const [choices, setChoices] = useState<Readonly<Record<string, Choice>>>({});
  const answers = Object.fromEntries(
    approval.questions.map(({ question }) => [question, textOf(choices[question] ?? none)]),
  );
  const isWhole = Object.values(answers).every((answer) => answer !== '');
  return (
    <form
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (isWhole) onAnswer(answers);
      }}
    >
      {approval.questions.map((question) => (
        <OneQuestion
          key={question.question}
          question={question}
          choice={choices[question.question] ?? none}
          onChange={(choice) => setChoices((now) => ({ ...now, [question.question]: choice }))}
        />
      ))}
      {problem && (
        <p role="alert" className="text-gone text-sm">
          {problem}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" tone="primary" isBusy={isBusy} disabled={!isWhole}>
          Send {approval.questions.length > 1 ? 'the answers' : 'the answer'}
        </Button>
        <Button tone="danger" disabled={isBusy} onClick={onDecline}>
          Do not answer…
        </Button>
      </div>
    </form>
  );
}

function textOf({ labels, other }: Choice): string {
  return [...labels, other.trim()].filter((text) => text !== '').join(', ');
}

interface OneProps {
  question: Question;
  choice: Choice;
  onChange(choice: Choice): void;
}

function OneQuestion({ question: { question, header, options, multiSelect }, choice, onChange }: OneProps) {
  const name = useId();
  const choose = (label: string, isChosen: boolean) => {
    if (!multiSelect) onChange({ labels: [label], other: '' });
    else if (isChosen) onChange({ ...choice, labels: [...choice.labels, label] });
    else onChange({ ...choice, labels: choice.labels.filter((one) => one !== label) });
  };
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-2 font-medium">
        {header && <Badge className="mr-2">{header}</Badge>}
        {question}
        {multiSelect && <span className="ml-2 text-quiet text-sm">several may be chosen</span>}
      </legend>
      {options.map(({ label, description }) => {
        const isChosen = choice.labels.includes(label);
        return (
          <label
            key={label}
            className={cx(
              'flex cursor-pointer items-start gap-3 rounded-md border px-3 py-2.5 text-sm has-focus-visible:outline-2 has-focus-visible:outline-accent',
              isChosen ? 'border-accent bg-accent/10' : 'border-line bg-ground hover:border-edge',
            )}
          >
            <input
              type={multiSelect ? 'checkbox' : 'radio'}
              name={name}
              checked={isChosen}
              onChange={({ target }) => choose(label, target.checked)}
              className="mt-0.5 size-4 shrink-0 accent-accent outline-none"
            />
            <span className="min-w-0">
              <span className="font-medium">{label}</span>
              {description && <span className="block text-quiet">{description}</span>}
            </span>
          </label>
        );
      })}
      <Input
        aria-label={`Another answer to: ${question}`}
        placeholder={options.length > 0 ? 'Or in your own words' : 'Your answer'}
        value={choice.other}
        onChange={({ target }) => onChange({ labels: multiSelect ? choice.labels : [], other: target.value })}
      />
    </fieldset>
  );
}
