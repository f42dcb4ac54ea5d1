import type { DefaultAction as Action } from '@codepiper/core/policies/policy.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { toast } from 'sonner';
import { client } from '../../api/client.ts';
import { withProof } from '../../api/reauthenticate.ts';
import { wordsOf } from '../../api/words-of.ts';
import { ConfirmDialog } from '../../kit/dialog.tsx';
import { Select } from '../../kit/field.tsx';
import { defaultWords } from '../shared/verdict/actions.ts';
import { policyDefaultQuery } from './policies-queries.ts';

/** What happens to calls no rule speaks of. Leaving them to the agent is dangerous: it is asked who is there. */
export function DefaultAction() {
  const id = useId();
  const queryClient = useQueryClient();
  const { data } = useQuery(policyDefaultQuery);
  const [isAsked, setAsked] = useState(false);
  const change = useMutation({
    mutationFn: (action: Action) =>
      withProof(() => client.request('PUT', '/policy-default', { body: { action } })),
    onSuccess: (now) => queryClient.setQueryData(policyDefaultQuery.queryKey, now),
    onError: (error) => toast.error(wordsOf(error)),
    onSettled: () => setAsked(false),
  });
  if (!data) return null;
  return (
    <div className="flex min-w-0 max-w-full items-center gap-2">
      <label htmlFor={id} className="shrink-0 text-quiet text-sm">
        <span className="max-sm:sr-only">What no rule speaks of</span>
        <span className="sm:hidden" aria-hidden="true">
          Default
        </span>
      </label>
      <Select
        id={id}
        className="w-auto min-w-0 shrink"
        value={data.action}
        disabled={change.isPending}
        onChange={({ target }) => {
          const action = target.value as Action;
          if (action === 'agent') setAsked(true);
          else change.mutate(action);
        }}
      >
        {Object.entries(defaultWords).map(([action, words]) => (
          <option key={action} value={action}>
            {words}
          </option>
        ))}
      </Select>
      <ConfirmDialog
        isOpen={isAsked}
        title="Leave it to the agents?"
        description="What no rule speaks of is then decided by each agent's own rules and prompts, as if codepiper were not there. Nobody is asked here, and it holds for all sessions without a default of their own."
        action="Leave it to the agents"
        isBusy={change.isPending}
        onConfirm={() => change.mutate('agent')}
        onClose={() => setAsked(false)}
      />
    </div>
  );
}
