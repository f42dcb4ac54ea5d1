import type { ChangeDaemonSettings } from '@codepiper/core/settings/daemon-settings.ts';
import { queryOptions, useMutation } from '@tanstack/react-query';
import { toast } from 'sonner';
import { client } from '../../api/client.ts';
import { queryClient } from '../../api/query.ts';
import { withProof } from '../../api/reauthenticate.ts';
import { wordsOf } from '../../api/words-of.ts';

export const daemonSettingsQuery = queryOptions({
  queryKey: ['settings', 'daemon'],
  queryFn: ({ signal }) => client.request('GET', '/settings/daemon', { signal }),
});

export const accountQuery = queryOptions({
  queryKey: ['auth', 'account'],
  queryFn: async ({ signal }) => (await client.request('GET', '/auth/account', { signal })).account,
});

export const devicesQuery = queryOptions({
  queryKey: ['auth', 'sessions'],
  queryFn: async ({ signal }) => (await client.request('GET', '/auth/sessions', { signal })).sessions,
});

export const passkeysQuery = queryOptions({
  queryKey: ['auth', 'passkeys'],
  queryFn: async ({ signal }) => (await client.request('GET', '/auth/passkeys', { signal })).passkeys,
});

export const healthQuery = queryOptions({
  queryKey: ['daemon', 'health'],
  queryFn: ({ signal }) => client.request('GET', '/health', { signal }),
});

export const doctorQuery = queryOptions({
  queryKey: ['daemon', 'doctor'],
  queryFn: async ({ signal }) =>
    (await client.request('GET', '/doctor', { signal, timeoutMs: 60_000 })).checks,
  // It starts programs: only when somebody asks.
  staleTime: 0,
  gcTime: 0,
});

/** Changes settings of the daemon; what is dangerous asks who is there. */
export function useDaemonSettingsChange() {
  return useMutation({
    mutationFn: (body: ChangeDaemonSettings) =>
      withProof(() => client.request('PUT', '/settings/daemon', { body })),
    onSuccess: (reply) => queryClient.setQueryData(daemonSettingsQuery.queryKey, reply),
    onError: (error) => toast.error(wordsOf(error)),
  });
}

/** Does something to the account that may need a proof, says what went wrong, and reads it anew. */
export function useAccountAction<Input, Result>(action: (input: Input) => Promise<Result>) {
  return useMutation({
    mutationFn: (input: Input) => withProof(() => action(input)),
    onError: (error) => toast.error(wordsOf(error)),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['auth'] }),
  });
}
