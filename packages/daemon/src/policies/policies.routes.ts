import type { ToolCall } from '@codepiper/core/policies/call.ts';
import type { policyEndpoints } from '@codepiper/core/policies/policy.endpoints.ts';
import type { Policy, PolicyFile } from '@codepiper/core/policies/policy.ts';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import type { Handlers } from '../http/mount.ts';
import { callOf, draftPolicies } from './drafts.ts';
import type { JudgedSession } from './judging.ts';
import type { Laboratory } from './laboratory.ts';
import type { PoliciesService } from './policies.service.ts';
import type { PolicyBook } from './policy-book.ts';
import type { PolicyJudge } from './policy-judge.ts';
import type { PolicySetsService } from './policy-sets.service.ts';

/** A session as the endpoints of the policies need it. */
export interface PolicySession extends JudgedSession {
  provider: ProviderId;
}

export interface PolicyHandlersOptions {
  policies: PoliciesService;
  policySets: PolicySetsService;
  book: PolicyBook;
  judge: PolicyJudge;
  laboratory: Laboratory;
  /** Throws `session_not_found` or `session_ambiguous`. */
  findSession(ref: string): Promise<PolicySession>;
}

type PolicyVerbs = Exclude<
  keyof typeof policyEndpoints,
  'listSessionPolicySets' | 'applyPolicySet' | 'withdrawPolicySet' | 'setDefault'
>;

/** Endpoints about policies; those that change what a session has of them are the sessions room's. */
export function policyHandlers(
  options: PolicyHandlersOptions,
): Pick<Handlers<typeof policyEndpoints>, PolicyVerbs> {
  const { policies, policySets, book, judge, laboratory, findSession } = options;
  const find = async (ref: string | null | undefined) =>
    ref === null || ref === undefined ? null : findSession(ref);
  const done = { success: true } as const;
  return {
    listPolicies: async ({ query }) => {
      const { enabled, sessionId } = query;
      // `null` as text is what a query has for none.
      const owner = sessionId === undefined || sessionId === 'null' ? null : await findSession(sessionId);
      const id = sessionId === undefined ? undefined : (owner?.id ?? null);
      return { policies: policies.list({ enabled, sessionId: id }) };
    },
    createPolicy: async ({ body }, _caller, { surface }) => ({
      policy: await policies.create(body, await find(body.sessionId), surface),
    }),
    getPolicy: async ({ params }) => ({ policy: book.policy(params.id) }),
    updatePolicy: async ({ params, body }, _caller, { surface }) => ({
      policy: await policies.update(params.id, body, await find(body.sessionId), surface),
    }),
    removePolicy: async ({ params }, _caller, { surface }) => {
      await policies.remove(params.id, surface);
      return done;
    },
    listPolicySets: async () => ({ policySets: [...policySets.list()] }),
    createPolicySet: async ({ body }, _caller, { surface }) => ({
      policySet: await policySets.create(body, surface),
    }),
    getPolicySet: async ({ params }) => policySets.get(params.id),
    updatePolicySet: async ({ params, body }, _caller, { surface }) => ({
      policySet: await policySets.update(params.id, body, surface),
    }),
    removePolicySet: async ({ params }, _caller, { surface }) => {
      await policySets.remove(params.id, surface);
      return done;
    },
    addPolicyToSet: async ({ params, body }, _caller, { surface }) => ({
      policySet: await policySets.addPolicy(params.id, body.policyId, surface),
    }),
    removePolicyFromSet: async ({ params }, _caller, { surface }) => ({
      policySet: await policySets.removePolicy(params.id, params.policyId, surface),
    }),
    effectivePolicies: async ({ params }) => {
      const session = await findSession(params.id);
      return {
        policies: [...book.effective(session).policies],
        defaultAction: session.policyDefault ?? book.defaultAction.action,
        dangerousMode: session.dangerousMode,
      };
    },
    getSessionPolicy: async ({ params }) => ({ policy: policies.ofSession(await findSession(params.id)) }),
    setSessionPolicy: async ({ params, body }, _caller, { surface }) =>
      policies.setOfSession(await findSession(params.id), body.policy, surface),
    getDefault: async ({ query }) => policies.defaultOf(await find(query.session)),
    explain: async ({ body }) => {
      const verdictOf = (session: JudgedSession, call: ToolCall) =>
        body.draft === undefined
          ? judge.judge(session, call, session.cwd)
          : judge.judgeWith(draftInPlace(book, body.draft), session, call, session.cwd);
      if (body.session !== undefined) {
        const session = await findSession(body.session);
        return { verdict: verdictOf(session, callOf(session.provider, body.tool, body.input)) };
      }
      const sets = body.policySets?.map((id) => book.policySet(id).id) ?? book.defaultSets;
      return { verdict: verdictOf(nobody(body.cwd ?? '/', sets), callOf(null, body.tool, body.input)) };
    },
    readRules: async ({ body }) => laboratory.read(body.text),
    lintPolicies: async ({ body }) => ({ findings: laboratory.lint(body.draft) }),
    replayPolicies: async ({ body }) =>
      laboratory.replay({
        draft: body.draft,
        defaultAction: body.defaultAction,
        since: body.since === undefined ? null : Date.parse(body.since),
      }),
  };
}

/** A draft with the ages of what it replaces: among equal priorities the order stays. */
function draftInPlace(book: PolicyBook, draft: PolicyFile): Policy[] {
  const ages = new Map(book.policies.map(({ id, createdAt }) => [id, createdAt]));
  const newest = new Date(8.64e15).toISOString();
  return draftPolicies(draft).map((policy) => ({ ...policy, createdAt: ages.get(policy.id) ?? newest }));
}

/** A session that was not started yet. */
function nobody(cwd: string, policySets: readonly string[]): JudgedSession {
  return { id: '', name: null, cwd, policySets, policyDefault: null, dangerousMode: false };
}
