import type { Approve } from '@codepiper/core/approvals/approval.endpoints.ts';
import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { client } from '../../../api/client.ts';
import { approvalQuery, pendingApprovals } from '../../../api/queries.ts';
import { wordsOf } from '../../../api/words-of.ts';

export interface Answer {
  isBusy: boolean;
  /** Why the last answer was not taken. */
  problem: string | null;
  /** Both resolve to whether it is settled now, by this answer or another one. */
  approve(body?: Partial<Approve>): Promise<boolean>;
  deny(reason: string): Promise<boolean>;
}

/** Told of what an approval became; `isOurs` when it was answered here, and nobody was quicker. */
export type OnSettled = (approval: Approval, isOurs: boolean) => void;

/**
 * Answers an approval. Whoever was too late is told who was first, and sees that answer: it is no error.
 *
 * @param onSettled told of what it became, and whether by this answer
 */
export function useAnswer(approval: Approval, onSettled?: OnSettled): Answer {
  const queryClient = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const params = { id: approval.id };

  const settle = async (answer: () => Promise<{ approval: Approval }>): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    try {
      let isOurs = true;
      const { approval: settled } = await answer().catch(async (error: unknown) => {
        if (!(error instanceof CodepiperError) || error.code !== 'approval_settled') throw error;
        isOurs = false;
        toast(wordsOf(error));
        return client.request('GET', '/approvals/:id', { params });
      });
      queryClient.setQueryData(approvalQuery(approval.id).queryKey, settled);
      queryClient.setQueryData(pendingApprovals.queryKey, (waiting) =>
        waiting?.filter(({ id }) => id !== approval.id),
      );
      onSettled?.(settled, isOurs);
      return true;
    } catch (error) {
      setProblem(wordsOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };

  return {
    isBusy,
    problem,
    approve: (body = {}) =>
      settle(() =>
        client.request('POST', '/approvals/:id/approve', { params, body: { grant: 'once', ...body } }),
      ),
    deny: (reason) =>
      settle(() =>
        client.request('POST', '/approvals/:id/deny', {
          params,
          body: reason.trim() === '' ? {} : { reason: reason.trim() },
        }),
      ),
  };
}
