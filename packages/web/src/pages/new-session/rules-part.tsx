import type { DefaultAction } from '@codepiper/core/policies/policy.ts';
import { useQuery } from '@tanstack/react-query';
import { ShieldAlert } from 'lucide-react';
import { Badge } from '../../kit/badge.tsx';
import { Field, Select } from '../../kit/field.tsx';
import { Skeleton } from '../../kit/states.tsx';
import { Switch } from '../../kit/switch.tsx';
import type { Draft } from './draft.ts';
import { policyDefaultQuery, policySetsQuery } from './queries.ts';

interface Props {
  draft: Draft;
  agent: string;
  hasDangerousMode: boolean;
  errors: { policySets: string | undefined; dangerousMode: string | undefined };
  onChange(change: Partial<Draft>): void;
}

const defaultWords: Readonly<Record<DefaultAction, string>> = {
  ask: 'ask a person',
  deny: 'deny',
  agent: 'leave it to the agent’s own rules',
};

/** What the agent may do. */
export function RulesPart({ draft, agent, hasDangerousMode, errors, onChange }: Props) {
  const { data: fallback } = useQuery(policyDefaultQuery);
  return (
    <>
      <PolicySets draft={draft} error={errors.policySets} onChange={onChange} />
      <Field label="When no rule speaks of a call">
        {(props) => (
          <Select
            {...props}
            value={draft.policyDefault ?? ''}
            onChange={({ target }) =>
              onChange({
                policyDefault: target.value === '' ? null : (target.value as DefaultAction),
              })
            }
          >
            <option value="">As the daemon is set{fallback && `: ${defaultWords[fallback.action]}`}</option>
            <option value="ask">Ask a person</option>
            <option value="deny">Deny</option>
            <option value="agent">Leave it to the agent’s own rules</option>
          </Select>
        )}
      </Field>
      {hasDangerousMode && (
        <div className={draft.dangerousMode ? 'rounded-md border border-gone bg-gone/10 px-3' : ''}>
          <Switch
            label="Dangerous mode"
            hint={`${agent} asks nobody and runs what it likes. Only what a rule denies is held back.`}
            checked={draft.dangerousMode}
            onChange={(dangerousMode) => onChange({ dangerousMode })}
          />
          {draft.dangerousMode && (
            <p role="alert" className="flex items-start gap-2 pb-3 text-gone text-sm">
              <ShieldAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
              It can delete files, use your keys and send your code away without a question. Use it in a
              directory and on a machine that you can lose.
            </p>
          )}
          {errors.dangerousMode && (
            <p role="alert" className="pb-2 text-gone text-sm">
              {errors.dangerousMode}
            </p>
          )}
        </div>
      )}
    </>
  );
}

function PolicySets({
  draft,
  error,
  onChange,
}: {
  draft: Draft;
  error: string | undefined;
  onChange(change: Partial<Draft>): void;
}) {
  const { data: sets, isError } = useQuery(policySetsQuery);
  const usual = sets?.filter(({ isDefault }) => isDefault).map(({ id }) => id) ?? [];
  const chosen = draft.policySets ?? usual;
  const toggle = (id: string) => {
    const next = chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id];
    const isUsual = next.length === usual.length && usual.every((each) => next.includes(each));
    onChange({ policySets: isUsual ? null : next });
  };
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-sm">Policy sets</legend>
      {isError && <p className="text-gone text-sm">The policy sets could not be had.</p>}
      {!sets && !isError && <Skeleton className="h-16" />}
      {sets?.length === 0 && <p className="text-quiet text-sm">There are none. Global rules hold anyway.</p>}
      {sets?.map(({ id, name, description, isDefault }) => (
        <label key={id} className="flex min-h-9 items-start gap-2.5 py-1.5 text-sm pointer-coarse:min-h-11">
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={() => toggle(id)}
            className="mt-0.5 size-4 accent-accent pointer-coarse:size-5"
          />
          <span className="min-w-0">
            <span className="flex flex-wrap items-center gap-2">
              {name}
              {isDefault && <Badge>default</Badge>}
            </span>
            {description && <span className="block text-quiet text-xs">{description}</span>}
          </span>
        </label>
      ))}
      {error && (
        <p role="alert" className="text-gone text-sm">
          {error}
        </p>
      )}
    </fieldset>
  );
}
