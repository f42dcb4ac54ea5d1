import type { Action, Rule } from '@codepiper/core/policies/policy.ts';
import { Plus, X } from 'lucide-react';
import { useId } from 'react';
import { Button, IconButton } from '../../../kit/button.tsx';
import { Field, Input, Select } from '../../../kit/field.tsx';
import { PatternsInput } from './patterns-input.tsx';

interface Props {
  rule: Rule;
  /** Says which one it is, for those who do not see where it stands: `Rule 2`. */
  label: string;
  onChange(rule: Rule): void;
  /** What it does cannot be chosen: an approval's rule allows. */
  isActionFixed?: boolean;
}

const actions: readonly { value: Action; label: string }[] = [
  { value: 'allow', label: 'Allow' },
  { value: 'ask', label: 'Ask a person' },
  { value: 'deny', label: 'Deny' },
];

/** Names of arguments that the house gives to every agent's calls. */
const usualArguments = [
  'command',
  'program',
  'line',
  'path',
  'url',
  'host',
  'server',
  'name',
  'arguments',
  'input',
];

/** One rule as fields: what it does, and which calls it speaks of. */
export function RuleFields({ rule, label, onChange, isActionFixed = false }: Props) {
  const id = useId();
  const entries = Object.entries(rule.args ?? {});
  const set = <Key extends keyof Rule>(key: Key, value: Rule[Key] | undefined) => {
    const { [key]: _gone, ...rest } = rule;
    onChange((value === undefined ? rest : { ...rest, [key]: value }) as Rule);
  };
  const setEntries = (next: [string, NonNullable<Rule['args']>[string]][]) =>
    set('args', next.length === 0 ? undefined : Object.fromEntries(next));
  const free = usualArguments.find((name) => !entries.some(([known]) => known === name));
  return (
    <fieldset aria-label={label} className="flex min-w-0 flex-col gap-3">
      <div className="grid gap-3 sm:grid-cols-[10rem_1fr]">
        <Field label="Action">
          {(props) => (
            <Select
              {...props}
              disabled={isActionFixed}
              value={rule.action}
              onChange={({ target }) => set('action', target.value as Action)}
            >
              {actions.map(({ value, label: text }) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Tool" hint="A kind (shell, write, …) or the agent's own name; any when empty.">
          {(props) => (
            <PatternsInput
              {...props}
              value={rule.tool}
              placeholder="any tool"
              onChange={(value) => set('tool', value)}
            />
          )}
        </Field>
      </div>
      <fieldset className="flex min-w-0 flex-col gap-2">
        <legend className="mb-1.5 font-medium text-sm">Arguments</legend>
        <datalist id={`${id}-names`}>
          {usualArguments.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        {entries.map(([name, pattern], at) => (
          <div key={at} className="grid grid-cols-[1fr_auto] items-start gap-2 sm:grid-cols-[9rem_1fr_auto]">
            <Input
              aria-label={`Name of argument ${at + 1}`}
              list={`${id}-names`}
              value={name}
              className="font-mono text-xs"
              onChange={({ target }) =>
                setEntries(entries.map((entry, index) => (index === at ? [target.value, entry[1]] : entry)))
              }
            />
            <PatternsInput
              aria-label={`Patterns of ${name}`}
              className="max-sm:col-span-2 max-sm:row-start-2"
              placeholder="one pattern in each line"
              value={pattern}
              onChange={(value) =>
                setEntries(entries.map((entry, index) => (index === at ? [entry[0], value ?? ''] : entry)))
              }
            />
            <IconButton
              label={`Remove ${name}`}
              onClick={() => setEntries(entries.filter((_, index) => index !== at))}
            >
              <X aria-hidden="true" className="size-4" />
            </IconButton>
          </div>
        ))}
        <div>
          <Button
            size="small"
            tone="quiet"
            disabled={free === undefined}
            onClick={() => setEntries([...entries, [free ?? '', '']])}
          >
            <Plus aria-hidden="true" className="size-4" />
            Argument
          </Button>
        </div>
      </fieldset>
      <details className="text-sm" open={rule.cwd !== undefined || rule.session !== undefined}>
        <summary className="cursor-pointer text-quiet hover:text-text">Directory and session</summary>
        <div className="mt-2 grid gap-3 sm:grid-cols-2">
          <Field label="Directory" hint="Of the call. ${workspace} is where the session started.">
            {(props) => (
              <PatternsInput
                {...props}
                value={rule.cwd}
                placeholder="anywhere"
                onChange={(value) => set('cwd', value)}
              />
            )}
          </Field>
          <Field label="Session" hint="Its name or id.">
            {(props) => (
              <PatternsInput
                {...props}
                value={rule.session}
                placeholder="any session"
                onChange={(value) => set('session', value)}
              />
            )}
          </Field>
        </div>
      </details>
      <Field label="Reason" hint="Said to the person who is asked, and to the agent that is denied.">
        {(props) => (
          <Input
            {...props}
            maxLength={1000}
            value={rule.reason ?? ''}
            onChange={({ target }) => set('reason', target.value === '' ? undefined : target.value)}
          />
        )}
      </Field>
    </fieldset>
  );
}
