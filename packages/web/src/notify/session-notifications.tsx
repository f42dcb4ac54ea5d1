import type { Session } from '@codepiper/core/sessions/session.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { client } from '../api/client.ts';
import { nameOf } from '../api/session-words.ts';
import { wordsOf } from '../api/words-of.ts';
import { Dialog } from '../kit/dialog.tsx';
import { Field, Select } from '../kit/field.tsx';
import { sessionPref } from './queries.ts';

/** What one session is told of: its own say beside the settings. */
export function SessionNotifications({ session, onClose }: { session: Session; onClose: () => void }) {
  const queries = useQueryClient();
  const query = sessionPref(session.id);
  const { data } = useQuery(query);
  const change = useMutation({
    mutationFn: (enabled: boolean | null) =>
      client.request('PUT', '/sessions/:id/notifications/prefs', {
        params: { id: session.id },
        body: { enabled },
      }),
    onSuccess: (pref) => queries.setQueryData(query.queryKey, pref),
    onError: (error) => toast.error(wordsOf(error)),
  });
  return (
    <Dialog isOpen title="Notifications" description={`Of ${nameOf(session)} alone.`} onClose={onClose}>
      <Field
        label="You are told of"
        hint="In general it is chosen in the settings. Where they switch all notifications off there are none."
      >
        {(props) => (
          <Select
            {...props}
            disabled={!data || change.isPending}
            value={String(data?.enabled ?? null)}
            onChange={({ target: { value } }) => change.mutate(value === 'null' ? null : value === 'true')}
          >
            <option value="null">What the settings say</option>
            <option value="true">Everything it needs or does</option>
            <option value="false">Nothing</option>
          </Select>
        )}
      </Field>
    </Dialog>
  );
}
