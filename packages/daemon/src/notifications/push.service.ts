import { randomUUID } from 'node:crypto';
import type { Clock } from '@codepiper/core/clock.ts';
import type { EndpointReply } from '@codepiper/core/endpoint.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type {
  notificationEndpoints,
  Subscribe,
} from '@codepiper/core/notifications/notification.endpoints.ts';
import type {
  NotificationSettings,
  PushSubscriptionInfo,
} from '@codepiper/core/notifications/notification.ts';
import type { Ledger } from '../events/ledger.ts';
import type { PushStore, SubscriptionRecord } from './push.store.ts';
import { checkSubscription } from './push-address.ts';
import type { PushAvailability } from './push-keys.ts';
import type { PushPump } from './push-pump.ts';

export interface PushOptions {
  ledger: Ledger;
  store: PushStore;
  availability: PushAvailability;
  pump: Pick<PushPump, 'sendNow'>;
  settings: () => Pick<NotificationSettings, 'enabled' | 'system'>;
  clock: Clock;
}

/** Who subscribes. */
export interface Subscriber {
  /** What the browser calls itself, in words. */
  device: string;
  /** Its sign-in; null over the Unix socket. */
  webSession: string | null;
}

/** What became of a test. */
export interface TestResult {
  id: string;
  device: string;
  outcome: 'sent' | 'gone' | 'failed';
  detail: string | null;
}

const mostSubscriptions = 50;
const testTtlSeconds = 60;

/** Browsers that are sent notifications. */
export class PushService {
  readonly #o: PushOptions;

  constructor(options: PushOptions) {
    this.#o = options;
  }

  status(): EndpointReply<typeof notificationEndpoints.pushStatus>['status'] {
    const { keys, isEnabled, reasons } = this.#o.availability;
    const { enabled, system } = this.#o.settings();
    return {
      enabled: isEnabled,
      configured: keys !== null,
      reasons: [...reasons],
      publicKey: keys?.publicKey ?? null,
      system: enabled && system,
    };
  }

  async list(webSession: string | null): Promise<PushSubscriptionInfo[]> {
    return (await this.#o.store.subscriptions()).map((record) => present(record, webSession));
  }

  /** @throws CodepiperError `push_unavailable`, `invalid_request` */
  async subscribe(body: Subscribe, subscriber: Subscriber): Promise<PushSubscriptionInfo> {
    this.#requireEnabled();
    checkSubscription(body);
    const { ledger, store, clock } = this.#o;
    const record: SubscriptionRecord = {
      id: randomUUID(),
      ...{ endpoint: body.endpoint, p256dh: body.keys.p256dh, auth: body.keys.auth },
      ...{ device: subscriber.device, webSession: subscriber.webSession, createdAt: clock.now() },
      ...{ expiresAt: body.expirationTime ?? null, sentAt: null, lastError: null },
    };
    const kept = await ledger.record(async (tx) => {
      const inTx = store.in(tx);
      if (body.replaces !== undefined) await inTx.remove({ endpoints: [body.replaces] });
      const put = await inTx.put(record);
      // Whoever subscribes without end pushes out their own oldest.
      const over = (await inTx.subscriptions()).slice(mostSubscriptions);
      if (over.length > 0) await inTx.remove({ ids: over.map(({ id }) => id) });
      return put;
    });
    return present(kept, subscriber.webSession);
  }

  /** @returns whether there was such a browser */
  async unsubscribe(endpoint: string): Promise<boolean> {
    return (await this.#o.store.remove({ endpoints: [endpoint] })) > 0;
  }

  /** Sign-ins that ended take the browsers that were subscribed in them along. */
  async forgetSignIns(ids: readonly string[]): Promise<void> {
    await this.#o.store.remove({ webSessions: ids });
  }

  /** @throws CodepiperError `push_unavailable` */
  async test(message: {
    title: string;
    body: string;
    sessionId: string | null;
    endpoint?: string | undefined;
  }): Promise<TestResult[]> {
    this.#requireEnabled();
    const { title, body, sessionId, endpoint } = message;
    const all = await this.#o.store.subscriptions();
    const to = all.filter((record) => endpoint === undefined || record.endpoint === endpoint);
    const payload = {
      ...{ type: 'show' as const, id: null, kind: 'test' as const, title, body, sessionId },
      ...{ tag: 'test', url: sessionId === null ? '/' : `/sessions/${sessionId}` },
      ...{ approvalId: null, sound: 'none' as const },
    };
    return Promise.all(
      to.map(async (record) => {
        const order = { payload, ttl: testTtlSeconds, urgency: 'high', topic: 'test' } as const;
        const outcome = await this.#o.pump.sendNow(record, order);
        return {
          ...{ id: record.id, device: record.device },
          outcome: outcome.kind === 'later' ? 'failed' : outcome.kind,
          detail: 'detail' in outcome ? outcome.detail : null,
        };
      }),
    );
  }

  #requireEnabled(): void {
    const { isEnabled, reasons } = this.#o.availability;
    if (isEnabled) return;
    throw new CodepiperError('push_unavailable', `Push messages are not sent: ${reasons.join('; ')}.`, {
      reasons,
    });
  }
}

const iso = (at: number) => new Date(at).toISOString();

function present(record: SubscriptionRecord, webSession: string | null): PushSubscriptionInfo {
  const { id, endpoint, device, createdAt, sentAt, lastError } = record;
  return {
    ...{ id, endpoint, device, createdAt: iso(createdAt), lastError },
    sentAt: sentAt === null ? null : iso(sentAt),
    isCurrent: webSession !== null && record.webSession === webSession,
  };
}
