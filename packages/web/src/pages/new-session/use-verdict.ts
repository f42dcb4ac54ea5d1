import type { DraftVerdict, SessionDraft } from '@codepiper/core/fleet/new-session.ts';
import { useEffect, useState } from 'react';
import { client } from '../../api/client.ts';
import { wordsOf } from '../../api/words-of.ts';

/** Typing is waited out for this long, in milliseconds. */
const settleMs = 250;

export interface Checked {
  /** What the daemon says of the form as it was; null before the first answer. */
  verdict: DraftVerdict | null;
  /** The verdict is about the form as it is now. */
  isFresh: boolean;
  /** Why there is none. */
  problem: string | null;
}

export async function checkDraft(request: SessionDraft, signal?: AbortSignal): Promise<DraftVerdict> {
  return client.request('POST', '/sessions/validate', { body: request, ...(signal ? { signal } : {}) });
}

/** What would be wrong with a session, while it is typed. Nothing is asked before there is a directory. */
export function useVerdict(request: SessionDraft): Checked {
  const key = JSON.stringify(request);
  const [state, setState] = useState<{ key: string; verdict: DraftVerdict | null; problem: string | null }>({
    key: '',
    verdict: null,
    problem: null,
  });
  useEffect(() => {
    const asked = JSON.parse(key) as SessionDraft;
    if (asked.cwd === '') {
      setState({ key, verdict: null, problem: null });
      return;
    }
    const controller = new AbortController();
    const timer = setTimeout(() => {
      checkDraft(asked, controller.signal).then(
        (verdict) => setState({ key, verdict, problem: null }),
        (error: unknown) => {
          if (controller.signal.aborted) return;
          setState(({ verdict }) => ({ key, verdict, problem: wordsOf(error) }));
        },
      );
    }, settleMs);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [key]);
  return { verdict: state.verdict, isFresh: state.key === key, problem: state.problem };
}
