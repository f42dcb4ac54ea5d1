import type { Session } from '@codepiper/core/sessions/session.ts';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { toast } from 'sonner';
import { client } from '../../api/client.ts';
import { queryClient } from '../../api/query.ts';
import { nameOf } from '../../api/session-words.ts';
import { wordsOf } from '../../api/words-of.ts';

/** Time that `stop` gives the program, and then some for the daemon to see its end. In milliseconds. */
const stopMs = 30_000;

/** Shows at once what the daemon answered; the feed says the same a moment later. */
export function keepSession(session: Session): void {
  for (const [key] of queryClient.getQueriesData({ queryKey: ['sessions'] })) {
    const isOne = key.length === 2 && (key[1] === session.id || key[1] === session.name);
    if (isOne) queryClient.setQueryData(key, session);
  }
}

/** What a person does with a session. Each says what went wrong, and whether it was done. */
export function useSessionActions(session: Session) {
  const [busy, setBusy] = useState<string | null>(null);
  const navigate = useNavigate();
  const params = { id: session.id };

  const run = async (what: string, action: () => Promise<Session | null>): Promise<boolean> => {
    setBusy(what);
    try {
      const after = await action();
      if (after) keepSession(after);
      return true;
    } catch (error) {
      toast.error(wordsOf(error));
      return false;
    } finally {
      setBusy(null);
    }
  };
  const resume = () =>
    run(
      'resume',
      async () => (await client.request('POST', '/sessions/:id/resume', { params, body: {} })).session,
    );

  return {
    /** Name of the action under way. */
    busy,
    interrupt: () =>
      run('interrupt', async () => {
        const reply = await client.request('POST', '/sessions/:id/interrupt', { params });
        if (!reply.interrupted) toast('There was nothing to interrupt: the agent is idle.');
        return reply.session;
      }),
    escape: () =>
      run('escape', async () => {
        await client.request('POST', '/sessions/:id/keys', { params, body: { keys: ['escape'] } });
        return null;
      }),
    stop: () =>
      run('stop', async () => {
        const reply = await client.request('POST', '/sessions/:id/stop', {
          params,
          body: {},
          timeoutMs: stopMs,
        });
        toast(`${nameOf(session)} has stopped.`, {
          action: { label: 'Resume', onClick: () => void resume() },
        });
        return reply.session;
      }),
    kill: () =>
      run('kill', async () => (await client.request('POST', '/sessions/:id/kill', { params })).session),
    resume,
    recover: () =>
      run('recover', async () => {
        const reply = await client.request('POST', '/sessions/:id/recover', { params });
        toast('Compared with tmux: this is how the session is.');
        return reply.session;
      }),
    rename: (name: string | null) =>
      run(
        'rename',
        async () => (await client.request('PUT', '/sessions/:id/name', { params, body: { name } })).session,
      ),
    setModel: (model: string) =>
      run(
        'model',
        async () => (await client.request('PUT', '/sessions/:id/model', { params, body: { model } })).session,
      ),
    fork: (body: { name?: string; prompt?: string }) =>
      run('fork', async () => {
        const { session: fork } = await client.request('POST', '/sessions/:id/fork', { params, body });
        await navigate({ to: '/sessions/$session', params: { session: fork.id } });
        return null;
      }),
    remove: () =>
      run('remove', async () => {
        await client.request('DELETE', '/sessions/:id', { params });
        await navigate({ to: '/' });
        return null;
      }),
  };
}
export type SessionActions = ReturnType<typeof useSessionActions>;
