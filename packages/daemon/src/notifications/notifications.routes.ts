import type { notificationEndpoints } from '@codepiper/core/notifications/notification.endpoints.ts';
import type { HandlerContext, Handlers } from '../http/mount.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import { presentNotification } from './notification-records.ts';
import type { NotificationsRoom } from './notifications.ts';

export function notificationHandlers(
  { notifications, push }: Pick<NotificationsRoom, 'notifications' | 'push'>,
  sessions: Pick<SessionsService, 'get'>,
): Handlers<typeof notificationEndpoints> {
  const idOf = async (ref: string) => (await sessions.get(ref)).id;
  const maybeIdOf = async (ref: string | undefined) => (ref === undefined ? undefined : idOf(ref));
  return {
    listNotifications: async ({ query }) => {
      const filter = { ...query, sessionId: await maybeIdOf(query.sessionId) };
      const { records, hasMore } = await notifications.list(filter);
      return { notifications: records.map(presentNotification), hasMore };
    },
    countNotifications: async () => ({ counts: await notifications.counts() }),
    readNotification: async ({ params, body }) => ({
      notification: presentNotification(await notifications.read(params.id, body.readSource)),
    }),
    readNotifications: async ({ body }) => ({
      success: true,
      updated: await notifications.readAll(await maybeIdOf(body.sessionId), body.readSource),
    }),
    lookAtSession: async ({ body }) => {
      await notifications.look(body.page, body.sessionId === null ? null : await idOf(body.sessionId));
      return { success: true };
    },
    getNotificationPrefs: async ({ params }) => ({
      enabled: await notifications.pref(await idOf(params.id)),
    }),
    setNotificationPrefs: async ({ params, body }) => {
      await notifications.setPref(await idOf(params.id), body.enabled);
      return { enabled: body.enabled };
    },
    pushStatus: async () => ({ status: push.status() }),
    testPush: async ({ body }) => ({
      results: await push.test({ ...body, sessionId: (await maybeIdOf(body.sessionId)) ?? null }),
    }),
    listPushSubscriptions: async (_input, _caller, context) => ({
      subscriptions: await push.list(signInOf(context)),
    }),
    putPushSubscription: async ({ body }, _caller, context) => ({
      subscription: await push.subscribe(body, {
        device: context.web?.device ?? 'a program on this machine',
        webSession: signInOf(context),
      }),
    }),
    removePushSubscription: async ({ body }) => ({
      success: true,
      removed: await push.unsubscribe(body.endpoint),
    }),
  };
}

function signInOf({ web }: HandlerContext): string | null {
  return web?.session?.id ?? null;
}
