import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { sessionsQuery } from '../../api/queries.ts';
import { Field, Input } from '../../kit/field.tsx';

/** Names to begin with; every other one that the agent knows can be typed. */
const known: Readonly<Record<ProviderId, readonly string[]>> = {
  'claude-code': ['opus', 'sonnet', 'haiku'],
  codex: ['gpt-6.1-sol', 'gpt-6.1-terra', 'gpt-6-luna'],
  shell: [],
};

interface Props {
  provider: ProviderId;
  value: string;
  error: string | undefined;
  onChange(model: string): void;
}

export function ModelField({ provider, value, error, onChange }: Props) {
  const { data: sessions = [] } = useQuery(sessionsQuery);
  const list = useId();
  const used = sessions.flatMap((session) =>
    session.provider === provider && session.model !== null ? [session.model] : [],
  );
  return (
    <Field label="Model" error={error} hint="Empty: the agent’s own choice.">
      {(props) => (
        <>
          <Input
            {...props}
            list={list}
            value={value}
            autoCapitalize="none"
            onChange={({ target }) => onChange(target.value)}
          />
          <datalist id={list}>
            {[...new Set([...known[provider], ...used])].map((model) => (
              <option key={model} value={model} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
