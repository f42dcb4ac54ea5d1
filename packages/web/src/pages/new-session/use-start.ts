import type { CreateSession } from '@codepiper/core/sessions/session.ts';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { withProof } from '../../api/reauthenticate.ts';
import { wordsOf } from '../../api/words-of.ts';
import { type Draft, toRequest } from './draft.ts';
import { checkDraft } from './use-verdict.ts';

/** A session may take a while to be there: the agent's program is started. */
const startTimeoutMs = 60_000;

/**
 * Starts what is filled in, and goes there.
 *
 * @param onStarted told when it runs, and not before
 */
export function useStart(draft: Draft, onStarted: () => void) {
  const navigate = useNavigate();
  const [isStarting, setStarting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  /** @returns whether there was nothing to mend first */
  const start = async (): Promise<boolean> => {
    if (isStarting) return true;
    setStarting(true);
    setProblem(null);
    try {
      const request = toRequest(draft);
      const verdict = await checkDraft(request);
      if (!verdict.valid) return false;
      const body = {
        ...(request as Omit<CreateSession, 'prompt' | 'record'>),
        cwd: verdict.cwd,
        ...(draft.prompt.trim() === '' ? {} : { prompt: draft.prompt }),
        ...(draft.record === null ? {} : { record: draft.record }),
      };
      const { session } = await withProof(() =>
        client.request('POST', '/sessions', { body, timeoutMs: startTimeoutMs }),
      );
      onStarted();
      await navigate({ to: '/sessions/$session', params: { session: session.id } });
      return true;
    } catch (error) {
      setProblem(wordsOf(error));
      return true;
    } finally {
      setStarting(false);
    }
  };
  return { start, isStarting, problem };
}
