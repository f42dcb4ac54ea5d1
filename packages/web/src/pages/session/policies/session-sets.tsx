import type { Session } from '@codepiper/core/sessions/session.ts';
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { client } from '../../../api/client.ts';
import { queryClient } from '../../../api/query.ts';
import { withProof } from '../../../api/reauthenticate.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { Badge } from '../../../kit/badge.tsx';
import { Button, IconButton } from '../../../kit/button.tsx';
import { Select } from '../../../kit/field.tsx';
import { Section } from '../../../kit/page.tsx';
import { ErrorState, SkeletonRows } from '../../../kit/states.tsx';
import { policySetsQuery, sessionSetsQuery } from '../session-queries.ts';

/** Policy sets of the session: they hold from the next call of a tool. */
export function SessionSets({ session }: { session: Session }) {
  const { data: applied, error, refetch } = useQuery(sessionSetsQuery(session.id));
  const { data: all } = useQuery(policySetsQuery);
  const [chosen, setChosen] = useState('');
  const [isBusy, setBusy] = useState(false);
  const others = (all ?? []).filter(({ id }) => !applied?.some((set) => set.id === id));

  const change = async (what: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await withProof(what);
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: ['policy-sets', 'session', session.id] }),
        queryClient.invalidateQueries({ queryKey: ['policies', 'effective', session.id] }),
      ]);
    } catch (problem) {
      toast.error(wordsOf(problem));
    } finally {
      setBusy(false);
    }
  };
  const apply = async () => {
    await change(() =>
      client.request('POST', '/sessions/:id/policy-sets', {
        ...{ params: { id: session.id }, body: { policySetId: chosen } },
      }),
    );
    setChosen('');
  };
  const withdraw = (setId: string) =>
    change(() =>
      client.request('DELETE', '/sessions/:id/policy-sets/:setId', { params: { id: session.id, setId } }),
    );

  return (
    <Section title="Policy sets" hint="They hold from the next call of a tool.">
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !applied ? (
        <SkeletonRows rows={2} />
      ) : (
        <>
          {applied.length === 0 && <p className="pb-2 text-quiet text-sm">No set is applied.</p>}
          <ul className="divide-y divide-line/60">
            {applied.map((set) => (
              <li key={set.id} className="flex items-center gap-3 py-1.5 text-sm">
                <div className="min-w-0 flex-1">
                  <p className="flex items-center gap-2 font-medium">
                    {set.name}
                    {set.isDefault && <Badge>default</Badge>}
                  </p>
                  {set.description && <p className="text-quiet text-xs">{set.description}</p>}
                </div>
                <IconButton
                  label={`Take ${set.name} from the session`}
                  size="small"
                  disabled={isBusy}
                  onClick={() => void withdraw(set.id)}
                >
                  <X aria-hidden="true" className="size-4" />
                </IconButton>
              </li>
            ))}
          </ul>
          {others.length > 0 && (
            <form
              className="mt-3 flex gap-2"
              onSubmit={(event) => {
                event.preventDefault();
                void apply();
              }}
            >
              <Select
                aria-label="Set to apply"
                className="min-w-0 flex-1 sm:max-w-sm"
                value={chosen}
                onChange={({ target }) => setChosen(target.value)}
              >
                <option value="">Choose a set…</option>
                {others.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </Select>
              <Button type="submit" disabled={chosen === ''} isBusy={isBusy}>
                Apply
              </Button>
            </form>
          )}
        </>
      )}
    </Section>
  );
}
