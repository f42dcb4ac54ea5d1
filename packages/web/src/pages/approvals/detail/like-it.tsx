import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CopyCheck } from 'lucide-react';
import { toast } from 'sonner';
import { client } from '../../../api/client.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { Button } from '../../../kit/button.tsx';

/** Answers at once what waits and is the same by the suggested rule. */
export function LikeIt({ approval }: { approval: Approval }) {
  const queryClient = useQueryClient();
  const approve = useMutation({
    mutationFn: () =>
      client.request('POST', '/approvals/:id/approve-like', { params: { id: approval.id }, body: {} }),
    onSuccess: ({ approvals }) =>
      toast(
        approvals.length === 1
          ? 'Approved; nothing else was like it.'
          : `Approved ${approvals.length} calls.`,
      ),
    onError: (error) => toast(wordsOf(error)),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['approvals'] }),
  });
  return (
    <div className="flex flex-wrap items-center gap-3 text-quiet text-sm">
      <Button size="small" isBusy={approve.isPending} onClick={() => approve.mutate()}>
        <CopyCheck aria-hidden="true" className="size-4" />
        Approve this and all like it
      </Button>
      <span>What waits and fits the rule above, once each. No rule is kept.</span>
    </div>
  );
}
