import type { approvalEndpoints } from '@codepiper/core/approvals/approval.endpoints.ts';
import type { HandlerContext, Handlers } from '../http/mount.ts';
import { Turns } from '../platform/turns.ts';
import type { ApprovalAnswers } from './answers.ts';

/** Where a person answers: whoever speaks on the Unix socket does so with the command line. */
const surfaceOf = ({ web }: HandlerContext) => (web === null ? 'cli' : 'dashboard');

export function approvalHandlers(answers: ApprovalAnswers): Handlers<typeof approvalEndpoints> {
  /** Many answers at once must not keep hooks and typing waiting. */
  const turns = new Turns();
  return {
    listApprovals: async ({ query }) => ({
      approvals: (await answers.list(query)).map((record) => answers.present(record)),
    }),
    getApproval: async ({ params }) => ({ approval: answers.present(await answers.get(params.id)) }),
    proposeRule: async ({ params, body }) => answers.propose(params.id, body.rule),
    approve: async ({ params, body }, _caller, context) => {
      await turns.take();
      const { approval, policy } = await answers.approve(params.id, body, surfaceOf(context));
      return { approval: answers.present(approval), policy };
    },
    deny: async ({ params, body }, _caller, context) => {
      await turns.take();
      return { approval: answers.present(await answers.deny(params.id, body.reason, surfaceOf(context))) };
    },
    approveLike: async ({ params, body }, _caller, context) => ({
      approvals: (await answers.approveLike(params.id, body.note, surfaceOf(context))).map((record) =>
        answers.present(record),
      ),
    }),
    trustSession: async ({ params, body }, _caller, context) => {
      const { policy, approvals } = await answers.trust(params.id, body.seconds, surfaceOf(context));
      return { policy, approvals: approvals.map((record) => answers.present(record)) };
    },
  };
}
