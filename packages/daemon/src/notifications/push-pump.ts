import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { notificationTag, notificationUrl } from '@codepiper/core/notifications/names.ts';
import type { PushPayload } from '@codepiper/core/notifications/notification.ts';
import type { Log } from '../log/log.ts';
import type { Looking } from './looking.ts';
import { waitingEvents } from './needs.ts';
import type { NotificationRecord } from './notification-records.ts';
import type { NotificationsStore } from './notifications.store.ts';
import type { MessageRecord, PushStore, SubscriptionRecord } from './push.store.ts';
import type { PushOrder, PushOutcome, SendPush } from './push-sender.ts';

export interface PushPumpOptions {
  store: PushStore;
  notifications: Pick<NotificationsStore, 'get'>;
  /** null: nothing can be sent. */
  send: SendPush | null;
  looking: Looking;
  /** Ids of the sign-ins there are. */
  signedIn: () => Promise<ReadonlySet<string>>;
  clock: Clock;
  log: Log;
  /** How long after the first failure it is tried again, in milliseconds; each time twice as long. */
  firstRetryMs?: number;
}

const atOnce = 6;
/** An attempt that nobody heard of again is made anew then, in milliseconds. */
const leaseMs = 60_000;
const usualFirstRetryMs = 15_000;
const longestRetryMs = 60 * 60_000;
/** While somebody looks at a session, what it asks is not pushed; it is looked again after this, in milliseconds. */
const lookAgainMs = 10_000;
/** What a timer can wait, in milliseconds. */
const longestDelayMs = 2_147_483_647;

/** Sends what browsers should show, and takes back what they should show no more. */
export class PushPump implements AsyncDisposable {
  readonly #o: PushPumpOptions;
  readonly #closing = new AbortController();
  #running: Promise<void> | null = null;
  #isAsked = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: PushPumpOptions) {
    this.#o = options;
  }

  /** There may be something to send. */
  wake(): void {
    this.#isAsked = true;
    if (this.#running || this.#closing.signal.aborted || !this.#o.send) return;
    this.#running = this.#work()
      .catch((error: unknown) => {
        if (this.#closing.signal.aborted) return;
        this.#o.log.error({ err: error }, 'push messages could not be sent; they are tried again');
        this.#arm(leaseMs);
      })
      .finally(() => {
        this.#running = null;
        if (this.#isAsked) this.wake();
      });
  }

  /** Resolves when what was due is sent, or has failed. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /**
   * Sends one message outside of the order; a browser that is no more is forgotten.
   *
   * @throws CodepiperError `shutting_down`
   */
  async sendNow(subscription: SubscriptionRecord, order: PushOrder): Promise<PushOutcome> {
    const { send, store, clock } = this.#o;
    const { signal } = this.#closing;
    if (!send) return { kind: 'failed', detail: 'push messages are not sent' };
    const outcome = await send(subscription, order, signal);
    if (signal.aborted) throw new CodepiperError('shutting_down', 'The daemon is stopping.');
    if (outcome.kind === 'sent') await store.noteSent(subscription.id, clock.now());
    else if (outcome.kind === 'gone') await store.remove({ ids: [subscription.id] });
    else await store.noteFailure(subscription.id, outcome.detail);
    return outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    if (this.#timer) clearTimeout(this.#timer);
    await this.idle();
  }

  async #work(): Promise<void> {
    const { store, clock } = this.#o;
    while (this.#isAsked && !this.#closing.signal.aborted) {
      this.#isAsked = false;
      for (;;) {
        const due = await store.due(clock.now(), atOnce);
        if (due.length === 0 || this.#closing.signal.aborted) break;
        await Promise.all(due.map((message) => this.#handle(message)));
      }
    }
    this.#isAsked = false;
    const next = await store.nextDue();
    if (next !== null) this.#arm(next - clock.now());
  }

  #arm(delayMs: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#closing.signal.aborted) return;
    const delay = Math.min(Math.max(delayMs, 0), longestDelayMs);
    this.#timer = setTimeout(() => this.wake(), delay).unref();
  }

  async #handle(message: MessageRecord): Promise<void> {
    const { store, notifications, looking, clock, signedIn } = this.#o;
    const now = clock.now();
    const subscription = await store.subscription(message.subscriptionId);
    if (!subscription) return;
    if (subscription.webSession !== null && !(await signedIn()).has(subscription.webSession)) {
      await store.remove({ ids: [subscription.id] });
      return;
    }
    const notification =
      message.notificationId === null ? null : await notifications.get(message.notificationId);
    const isMoot = message.kind === 'show' && (notification === null || notification.readAt !== null);
    if (isMoot || message.expiresAt <= now) return store.drop(message);
    if (message.kind === 'show' && notification) {
      const isAsking = waitingEvents.includes(notification.eventType);
      if (isAsking && looking.isLookedAt(notification.sessionId)) {
        return store.postpone(message, now + lookAgainMs);
      }
    }
    const order = orderOf(message, notification, subscription, now);
    if (!order) return store.drop(message);
    if (!(await store.begin(message, now + leaseMs))) return;
    await this.#conclude(message, await this.sendNow(subscription, order));
  }

  async #conclude(message: MessageRecord, outcome: PushOutcome): Promise<void> {
    const { store, clock, log, firstRetryMs = usualFirstRetryMs } = this.#o;
    const now = clock.now();
    if (outcome.kind === 'sent') return store.finish(message, now);
    // Its messages went with the browser.
    if (outcome.kind === 'gone') return;
    log.warn({ detail: outcome.detail, subscription: message.subscriptionId }, 'a push message was not sent');
    if (outcome.kind === 'failed') return store.drop(message);
    const growing = Math.min(firstRetryMs * 2 ** message.attempts, longestRetryMs);
    const dueAt = now + Math.max(growing, outcome.retryAfterMs ?? 0);
    if (dueAt >= message.expiresAt) return store.drop(message);
    await store.postpone(message, dueAt);
  }
}

/** What is sent; null where it cannot be. */
function orderOf(
  { kind, tag, expiresAt }: MessageRecord,
  notification: NotificationRecord | null,
  { endpoint }: SubscriptionRecord,
  now: number,
): PushOrder | null {
  const ttl = Math.max(1, Math.floor((expiresAt - now) / 1000));
  const topic = topicOf(tag);
  if (kind === 'close') {
    // Whoever shows nothing for a message there loses the right to be sent any.
    if (new URL(endpoint).hostname.endsWith('.push.apple.com')) return null;
    return { payload: { type: 'close', tag }, ttl, urgency: 'low', topic };
  }
  if (!notification) return null;
  const isAsking = waitingEvents.includes(notification.eventType);
  return { payload: payloadOf(notification), ttl, urgency: isAsking ? 'high' : 'normal', topic };
}

function payloadOf(record: NotificationRecord): PushPayload {
  const { id, eventType, title, body, sessionId, approvalId, sound } = record;
  // A question has more answers than yes and no.
  const isAnswerable = eventType === 'session.permission_required';
  return {
    ...{ type: 'show', id, kind: eventType, title, body, sessionId, sound },
    tag: notificationTag(record),
    url: notificationUrl(record),
    approvalId: isAnswerable ? approvalId : null,
  };
}

/** The tag as push services take it: at most 32 characters of Base64URL (RFC 8030). */
function topicOf(tag: string): string {
  return tag.replaceAll(/[^A-Za-z0-9]/g, '').slice(-32);
}
