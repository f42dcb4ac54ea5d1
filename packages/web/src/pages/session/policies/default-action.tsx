import type { DefaultAction as Action } from '@codepiper/core/policies/policy.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { client } from '../../../api/client.ts';
import { queryClient } from '../../../api/query.ts';
import { withProof } from '../../../api/reauthenticate.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { Field, Select } from '../../../kit/field.tsx';
import { ErrorState, SkeletonRows } from '../../../kit/states.tsx';
import { defaultWords } from '../../shared/verdict/actions.ts';
import { sessionDefaultQuery } from '../session-queries.ts';

const actions: readonly Action[] = ['ask', 'deny', 'agent'];

/** What happens to calls that no rule speaks of: for this session alone, or as everywhere. */
export function DefaultAction({ session }: { session: Session }) {
  const { data, error, refetch } = useQuery(sessionDefaultQuery(session.id));
  const [isBusy, setBusy] = useState(false);
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows rows={1} />;
  const choose = async (action: Action | null) => {
    setBusy(true);
    try {
      const now = await withProof(() =>
        client.request('PUT', '/policy-default', { body: { action, session: session.id } }),
      );
      queryClient.setQueryData(sessionDefaultQuery(session.id).queryKey, now);
      await queryClient.invalidateQueries({ queryKey: ['policies', 'effective', session.id] });
    } catch (problem) {
      toast.error(wordsOf(problem));
    } finally {
      setBusy(false);
    }
  };
  const own = data.from === 'session' ? data.action : '';
  return (
    <Field
      label="Of this session"
      hint={own === '' ? `As everywhere: ${defaultWords[data.action].toLowerCase()}.` : 'Only this session.'}
    >
      {(props) => (
        <Select
          {...props}
          className="sm:max-w-sm"
          value={own}
          disabled={isBusy}
          onChange={({ target }) => void choose(target.value === '' ? null : (target.value as Action))}
        >
          <option value="">As everywhere</option>
          {actions.map((action) => (
            <option key={action} value={action}>
              {defaultWords[action]}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
