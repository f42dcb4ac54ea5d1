import type { policyEndpoints } from '@codepiper/core/policies/policy.endpoints.ts';
import type { DefaultAction } from '@codepiper/core/policies/policy.ts';
import type { ProviderInfo } from '@codepiper/core/providers/provider.ts';
import type { sessionEndpoints } from '@codepiper/core/sessions/session.endpoints.ts';
import type { Handlers } from '../http/mount.ts';
import type { PoliciesService } from '../policies/policies.service.ts';
import type { SessionPolicies } from './session-policies.ts';
import type { SessionTerminal } from './session-terminal.ts';
import type { SessionsService } from './sessions.service.ts';

type SessionVerbs =
  | 'listProviders'
  | 'listSessions'
  | 'getSession'
  | 'renameSession'
  | 'removeSession'
  | 'stopSession'
  | 'killSession'
  | 'recoverSession'
  | 'sendKeys'
  | 'interruptSession'
  | 'getModel'
  | 'resizeSession'
  | 'readOutput';

/** Endpoints about the session itself; those that send text along are the deliveries room's. */
export function sessionHandlers(
  sessions: SessionsService,
  terminal: SessionTerminal,
  describeProviders: () => ProviderInfo[],
): Pick<Handlers<typeof sessionEndpoints>, SessionVerbs> {
  const done = { success: true } as const;
  return {
    listProviders: async () => ({ providers: describeProviders() }),
    listSessions: async ({ query }) => ({ sessions: await sessions.list(query) }),
    getSession: async ({ params }) => ({ session: sessions.present(await sessions.get(params.id)) }),
    renameSession: async ({ params, body }) => ({
      session: sessions.present(await sessions.rename(params.id, body.name)),
    }),
    removeSession: async ({ params }) => {
      await sessions.remove(params.id);
      return done;
    },
    stopSession: async ({ params, body }) => ({
      session: sessions.present(await sessions.stop(params.id, body.timeoutMs)),
    }),
    killSession: async ({ params }) => ({ session: sessions.present(await sessions.kill(params.id)) }),
    recoverSession: async ({ params }) => ({ session: sessions.present(await sessions.recover(params.id)) }),
    sendKeys: async ({ params, body }) => {
      await terminal.pressKeys(params.id, body.keys);
      return done;
    },
    interruptSession: async ({ params }) => {
      const { interrupted, record } = await terminal.interrupt(params.id);
      return { interrupted, session: sessions.present(record) };
    },
    getModel: async ({ params }) => {
      const record = await sessions.get(params.id);
      const { supportsModelSwitch } = sessions.providerOf(record).capabilities;
      return { model: record.model, supportsModelSwitch };
    },
    resizeSession: async ({ params, body }) => ({
      session: sessions.present(await terminal.resize(params.id, body.cols, body.rows)),
    }),
    readOutput: async ({ params, query }) =>
      terminal.output(params.id, {
        ...(query.lines === undefined ? {} : { lines: query.lines }),
        styles: query.styles ?? false,
      }),
  };
}

/** Endpoints that change which policies a session has. */
export function sessionPolicyHandlers(
  own: SessionPolicies,
  policies: Pick<PoliciesService, 'defaultOf'> & {
    /** The daemon's default; null goes back to what holds when nobody says. */
    setDefault(action: DefaultAction | null, who: string): Promise<unknown>;
  },
): Pick<
  Handlers<typeof policyEndpoints>,
  'listSessionPolicySets' | 'applyPolicySet' | 'withdrawPolicySet' | 'setDefault'
> {
  return {
    listSessionPolicySets: async ({ params }) => ({ policySets: await own.sets(params.id) }),
    applyPolicySet: async ({ params, body }, _caller, { surface }) => ({
      policySets: await own.apply(params.id, body.policySetId, surface),
    }),
    withdrawPolicySet: async ({ params }, _caller, { surface }) => ({
      policySets: await own.withdraw(params.id, params.setId, surface),
    }),
    setDefault: async ({ body }, _caller, { requireRecent, surface }) => {
      if (body.action === 'agent') requireRecent();
      if (body.session !== undefined) {
        return policies.defaultOf(await own.setDefault(body.session, body.action, surface));
      }
      await policies.setDefault(body.action, surface);
      return policies.defaultOf(null);
    },
  };
}
