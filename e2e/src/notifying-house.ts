import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Notification as Notice } from '@codepiper/core/notifications/notification.ts';
import { createDashboard, type DashboardHouse } from '@codepiper/testkit/dashboard-house.ts';
import { createAgentHome } from '@codepiper/testkit/homes.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { PushService } from '@codepiper/testkit/push/push-service.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';

/** A dashboard whose agents ask a person about every call, and a push service. */
export interface NotifyingHouse extends AsyncDisposable {
  at: DashboardHouse;
  service: PushService;
  /** Starts a session of a real agent that waits for leave to run a command. */
  asks(name: string, command: string): Promise<{ id: string; project: string; approval: Approval }>;
  /** What was told of a session, newest first. */
  notices(sessionId: string): Promise<Notice[]>;
  /** A browser subscribes as its page would. */
  subscribe(): Promise<{ id: string; endpoint: string }>;
}

export async function openNotifyingHouse(): Promise<NotifyingHouse> {
  const model = await startAnthropicServer();
  const agentHome = await createAgentHome({ anthropicUrl: model.url });
  const at = await createDashboard({ env: { ...agentHome.env, CODEPIPER_POLICY_DEFAULT: 'ask' } });
  const service = await PushService.open();
  return {
    at,
    service,
    async asks(name, command) {
      const project = await agentHome.project(name);
      const id = await at.house.run('start', '-p', 'claude-code', '-d', project, '-n', name);
      await at.house.until(id, 'idle', (s) => s.status === 'running' && s.activity === 'idle');
      await at.house.run('send', id, `RUN ${command}`);
      const approval = await waitFor('an approval', async () => {
        const { body } = await at.owner.get(`/approvals?session=${id}`);
        return (body as { approvals: Approval[] }).approvals[0];
      });
      return { id, project, approval };
    },
    notices: async (sessionId) =>
      (await at.owner.get(`/notifications?sessionId=${sessionId}`)).body.notifications,
    async subscribe() {
      const { id, endpoint, keys } = service.subscribe();
      const body = { endpoint, keys, expirationTime: null };
      const reply = await at.owner.call('/api/notifications/push/subscriptions', { method: 'PUT', body });
      if (reply.status !== 200) throw new Error(`not subscribed: ${reply.text}`);
      return { id, endpoint };
    },
    async [Symbol.asyncDispose]() {
      await at[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await agentHome[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
    },
  };
}
