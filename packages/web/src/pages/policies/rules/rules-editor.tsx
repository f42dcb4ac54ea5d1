import type { Rule } from '@codepiper/core/policies/policy.ts';
import { ArrowDown, ArrowUp, ChevronRight, Plus, Trash2 } from 'lucide-react';
import { Badge } from '../../../kit/badge.tsx';
import { Button, IconButton } from '../../../kit/button.tsx';
import { CodeBlock } from '../../../kit/code.tsx';
import { cx } from '../../../kit/cx.ts';
import { TextArea } from '../../../kit/field.tsx';
import { Section } from '../../../kit/page.tsx';
import { RuleFields } from '../../shared/rules/rule-fields.tsx';
import { rulesText } from '../../shared/rules/rules-text.ts';
import { actionWords } from '../../shared/verdict/actions.ts';

interface Props {
  rules: readonly Rule[];
  /** The same as YAML while that is written; null while the fields are. */
  text: string | null;
  isFixed: boolean;
  problems: readonly string[];
  onChange(rules: readonly Rule[]): void;
  onText(text: string | null): void;
}

/** Rules one below the other: from the top, the first that matches decides. As fields, or as YAML. */
export function RulesEditor({ rules, text, isFixed, problems, onChange, onText }: Props) {
  const isText = text !== null;
  const swap = (at: number, to: number) => {
    const next = [...rules];
    const [moved] = next.splice(at, 1);
    if (moved) next.splice(to, 0, moved);
    onChange(next);
  };
  return (
    <Section
      title="Rules"
      hint="From the top, the first that matches decides."
      actions={
        <Button
          size="small"
          tone="quiet"
          aria-pressed={isText}
          // What cannot be read has no fields.
          disabled={isText && problems.length > 0}
          onClick={() => onText(isText ? null : rulesText(rules))}
        >
          {isText ? 'As fields' : 'As YAML'}
        </Button>
      }
    >
      {isText ? (
        isFixed ? (
          <CodeBlock text={text} />
        ) : (
          <TextArea
            aria-label="Rules as YAML"
            aria-invalid={problems.length > 0}
            value={text}
            onChange={({ target }) => onText(target.value)}
            className="field-sizing-content max-h-[60vh] min-h-48 font-mono text-xs leading-5"
          />
        )
      ) : (
        <ol className="flex flex-col gap-3">
          {rules.map((rule, at) => (
            <li key={at}>
              <details
                open={rules.length <= 3 || undefined}
                className={cx(
                  'group rounded-md border bg-ground',
                  problems.some((problem) => problem.startsWith(`rule ${at + 1}:`))
                    ? 'border-gone'
                    : 'border-line',
                )}
              >
                <summary className="flex cursor-pointer list-none items-center gap-2 px-3 py-2 text-sm">
                  <ChevronRight
                    aria-hidden="true"
                    className="size-4 shrink-0 text-quiet transition-transform group-open:rotate-90"
                  />
                  <span className="w-4 shrink-0 text-quiet tabular-nums">{at + 1}</span>
                  <Badge tone={actionWords[rule.action].tone}>{actionWords[rule.action].word}</Badge>
                  <span className="min-w-0 flex-1 truncate font-mono text-xs">{summaryOf(rule)}</span>
                </summary>
                <div className="border-line border-t px-3 py-3">
                  {isFixed ? (
                    <CodeBlock text={rulesText([rule])} />
                  ) : (
                    <RuleFields
                      rule={rule}
                      label={`Rule ${at + 1}`}
                      onChange={(next) => onChange(rules.map((one, index) => (index === at ? next : one)))}
                    />
                  )}
                  {!isFixed && (
                    <div className="mt-3 flex gap-1 border-line border-t pt-2">
                      <IconButton
                        label={`Move rule ${at + 1} up`}
                        size="small"
                        disabled={at === 0}
                        onClick={() => swap(at, at - 1)}
                      >
                        <ArrowUp aria-hidden="true" className="size-4" />
                      </IconButton>
                      <IconButton
                        label={`Move rule ${at + 1} down`}
                        size="small"
                        disabled={at === rules.length - 1}
                        onClick={() => swap(at, at + 1)}
                      >
                        <ArrowDown aria-hidden="true" className="size-4" />
                      </IconButton>
                      <IconButton
                        label={`Remove rule ${at + 1}`}
                        size="small"
                        disabled={rules.length === 1}
                        onClick={() => onChange(rules.filter((_, index) => index !== at))}
                      >
                        <Trash2 aria-hidden="true" className="size-4" />
                      </IconButton>
                    </div>
                  )}
                </div>
              </details>
            </li>
          ))}
          {!isFixed && (
            <li>
              <Button
                size="small"
                onClick={() => onChange([...rules, { action: 'ask', tool: 'shell', args: { command: '' } }])}
              >
                <Plus aria-hidden="true" className="size-4" />
                Rule
              </Button>
            </li>
          )}
        </ol>
      )}
    </Section>
  );
}

/** A rule in a line: its tool and what it matches. */
function summaryOf({ tool, args = {}, cwd, session }: Rule): string {
  const parts = [
    [tool ?? 'any tool'].flat().join(', '),
    ...Object.entries(args).map(([name, value]) => `${name} ${[value].flat().join(' | ')}`),
    ...(cwd === undefined ? [] : [`in ${[cwd].flat().join(' | ')}`]),
    ...(session === undefined ? [] : [`session ${[session].flat().join(' | ')}`]),
  ];
  return parts.join(' · ');
}
