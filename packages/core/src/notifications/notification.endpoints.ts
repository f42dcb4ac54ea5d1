import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { notificationEventSchema, notificationSchema, pushSubscriptionSchema } from './notification.ts';

const success = z.object({ success: z.literal(true) });
const refErrors = ['session_not_found', 'session_ambiguous'] as const;
const ofSession = z.strictObject({ id: sessionRefSchema });
const readSource = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc}]*$/u, 'a read source is one line');
/** Query flags come as text. */
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');

const prefs = z.object({
  /** null: as the settings say. true: of every event. false: of none. */
  enabled: z.boolean().nullable(),
});

const endpoint = z.url().max(2048);
const base64Url = z.string().regex(/^[A-Za-z0-9_-]+={0,2}$/, 'Base64URL');

/** What a browser's `PushSubscription.toJSON()` gives. */
export const subscribeSchema = z.strictObject({
  /** https, without a user name; loopback addresses may be http. */
  endpoint,
  keys: z.strictObject({ p256dh: base64Url.min(80).max(512), auth: base64Url.min(16).max(512) }),
  expirationTime: z.number().nullable().optional(),
  /** The address it takes the place of. */
  replaces: endpoint.optional(),
});
export type Subscribe = z.infer<typeof subscribeSchema>;

export const notificationEndpoints = {
  listNotifications: defineEndpoint({
    method: 'GET',
    path: '/notifications',
    summary: 'What a person was told of, newest first.',
    query: z.strictObject({
      sessionId: sessionRefSchema.optional(),
      eventType: notificationEventSchema.optional(),
      unreadOnly: flag.optional(),
      /** Only those with a smaller id. */
      before: z.coerce.number().int().min(1).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    reply: z.object({ notifications: z.array(notificationSchema), hasMore: z.boolean() }),
    errors: refErrors,
  }),
  countNotifications: defineEndpoint({
    method: 'GET',
    path: '/notifications/counts',
    summary: 'How many are unread, in all and by session.',
    reply: z.object({
      counts: z.object({
        totalUnread: z.number().int(),
        bySession: z.record(z.string(), z.number().int()),
      }),
    }),
  }),
  readNotification: defineEndpoint({
    method: 'POST',
    path: '/notifications/:id/read',
    summary: 'One was read; devices that show it take it back.',
    personal: true,
    params: z.strictObject({ id: z.coerce.number().int().min(1) }),
    body: z.strictObject({ readSource: readSource.default('click') }),
    reply: z.object({ notification: notificationSchema }),
    errors: ['notification_not_found'],
  }),
  readNotifications: defineEndpoint({
    method: 'POST',
    path: '/notifications/read',
    summary: 'All were read, or those of a session.',
    personal: true,
    body: z.strictObject({
      sessionId: sessionRefSchema.optional(),
      readSource: readSource.default('bulk'),
    }),
    reply: z.object({ success: z.literal(true), updated: z.number().int() }),
    errors: refErrors,
  }),
  lookAtSession: defineEndpoint({
    method: 'POST',
    path: '/notifications/looking',
    summary: 'A page in front of a person shows this session, for a minute from now; null: it does no more.',
    personal: true,
    body: z.strictObject({
      /** Made up by the page, once. */
      page: z.string().regex(/^[A-Za-z0-9_-]{8,64}$/, '8 to 64 letters, digits, - and _'),
      sessionId: sessionRefSchema.nullable(),
    }),
    reply: success,
    errors: refErrors,
  }),
  getNotificationPrefs: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/notifications/prefs',
    summary: 'Whether a session makes notifications.',
    params: ofSession,
    reply: prefs,
    errors: refErrors,
  }),
  setNotificationPrefs: defineEndpoint({
    method: 'PUT',
    path: '/sessions/:id/notifications/prefs',
    summary: 'Say whether a session makes notifications.',
    personal: true,
    params: ofSession,
    body: z.strictObject({ enabled: z.boolean().nullable() }),
    reply: prefs,
    errors: refErrors,
  }),
  pushStatus: defineEndpoint({
    method: 'GET',
    path: '/notifications/push/status',
    summary: 'Whether push messages are sent, and the key a browser subscribes with.',
    reply: z.object({
      status: z.object({
        /** Messages are sent. */
        enabled: z.boolean(),
        /** There are keys. */
        configured: z.boolean(),
        /** Why not, in words. */
        reasons: z.array(z.string()),
        publicKey: z.string().nullable(),
        /** The settings want devices to be told: by push, and from pages in the background. */
        system: z.boolean(),
      }),
    }),
  }),
  testPush: defineEndpoint({
    method: 'POST',
    path: '/notifications/push/test',
    summary: 'Send a message to every browser that subscribed, or to one, and say what became of it.',
    personal: true,
    body: z.strictObject({
      title: z.string().min(1).max(120).default('codepiper'),
      body: z.string().min(1).max(500).default('Notifications reach this device.'),
      sessionId: sessionRefSchema.optional(),
      /** Only to this address. */
      endpoint: endpoint.optional(),
    }),
    reply: z.object({
      results: z.array(
        z.object({
          id: z.string(),
          device: z.string(),
          outcome: z.enum(['sent', 'gone', 'failed']),
          detail: z.string().nullable(),
        }),
      ),
    }),
    errors: [...refErrors, 'push_unavailable'],
  }),
  listPushSubscriptions: defineEndpoint({
    method: 'GET',
    path: '/notifications/push/subscriptions',
    summary: 'Browsers that are sent messages.',
    personal: true,
    reply: z.object({ subscriptions: z.array(pushSubscriptionSchema) }),
  }),
  putPushSubscription: defineEndpoint({
    method: 'PUT',
    path: '/notifications/push/subscriptions',
    summary: 'Send messages to this browser, until it signs out or its device is revoked.',
    personal: true,
    body: subscribeSchema,
    reply: z.object({ subscription: pushSubscriptionSchema }),
    errors: ['push_unavailable'],
  }),
  removePushSubscription: defineEndpoint({
    method: 'DELETE',
    path: '/notifications/push/subscriptions',
    summary: 'Send no more messages to an address.',
    personal: true,
    body: z.strictObject({ endpoint }),
    reply: z.object({ success: z.literal(true), removed: z.boolean() }),
  }),
} as const;
