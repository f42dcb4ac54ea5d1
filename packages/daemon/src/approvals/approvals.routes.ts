import type { approvalEndpoints } from '@codepiper/core/approvals/approval.endpoints.ts';
import type { Handlers } from '../http/mount.ts';
import { Turns } from '../platform/turns.ts';
import type { ApprovalAnswers } from './answers.ts';

export function approvalHandlers(answers: ApprovalAnswers): Handlers<typeof approvalEndpoints> {
  /** Many answers at once must not keep hooks and typing waiting. */
  const turns = new Turns();
  return {
    listApprovals: async ({ query }) => ({
      approvals: (await answers.list(query)).map((record) => answers.present(record)),
    }),
    getApproval: async ({ params }) => ({ approval: answers.present(await answers.get(params.id)) }),
    proposeRule: async ({ params, body }) => answers.propose(params.id, body.rule),
    approve: async ({ params, body }, _caller, { surface }) => {
      await turns.take();
      const { approval, policy } = await answers.approve(params.id, body, surface);
      return { approval: answers.present(approval), policy };
    },
    deny: async ({ params, body }, _caller, { surface }) => {
      await turns.take();
      return { approval: answers.present(await answers.deny(params.id, body.reason, surface)) };
    },
    approveLike: async ({ params, body }, _caller, { surface }) => ({
      approvals: (await answers.approveLike(params.id, body.note, surface)).map((record) =>
        answers.present(record),
      ),
    }),
    trustSession: async ({ params, body }, _caller, { surface }) => {
      const { policy, approvals } = await answers.trust(params.id, body.seconds, surface);
      return { policy, approvals: approvals.map((record) => answers.present(record)) };
    },
  };
}
