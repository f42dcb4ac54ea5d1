import { request } from 'node:http';
import type { PushPayload } from '@codepiper/core/notifications/notification.ts';
import { asReplacedError } from '../platform/replaced.ts';
import type { SubscriptionRecord } from './push.store.ts';
import { guardedLookup, readEndpoint } from './push-address.ts';
import type { PushKeys } from './push-keys.ts';

/** sent: the push service has it. gone: the browser is no more. later: worth another try. failed: not. */
export type PushOutcome =
  | { kind: 'sent' }
  | { kind: 'gone' }
  | { kind: 'later'; retryAfterMs: number | null; detail: string }
  | { kind: 'failed'; detail: string };

export interface PushOrder {
  payload: PushPayload;
  /** How long the push service may keep it, in seconds. */
  ttl: number;
  urgency: 'low' | 'normal' | 'high';
  /** A later one of the same name takes its place while the device is away. */
  topic: string | null;
}

export type SendPush = (
  subscription: SubscriptionRecord,
  order: PushOrder,
  signal: AbortSignal,
) => Promise<PushOutcome>;

const timeoutMs = 15_000;
/** What every push service takes, encrypted (RFC 8030). */
const mostBytes = 4096;

/** Encrypts a message for its browser and hands it to its push service. Redirections are not followed. */
export function createPushSender(keys: PushKeys): SendPush {
  return async (subscription, { payload, ttl, urgency, topic }, signal) => {
    try {
      const url = readEndpoint(subscription.endpoint);
      // Most daemons never need it, and it takes its time to load.
      const { default: webPush } = await import('web-push');
      const { endpoint, p256dh, auth } = subscription;
      const made = webPush.generateRequestDetails(
        { endpoint, keys: { p256dh, auth } },
        JSON.stringify(payload),
        {
          vapidDetails: keys,
          TTL: ttl,
          urgency,
          contentEncoding: 'aes128gcm',
          ...(topic !== null && { topic }),
        },
      );
      const body = made.body ?? Buffer.alloc(0);
      if (body.length > mostBytes) return { kind: 'failed', detail: `the message has ${body.length} bytes` };
      const headers = Object.fromEntries(
        Object.entries(made.headers).map(([name, value]) => [name, String(value)]),
      );
      return outcomeOf(await post(url, headers, body, signal));
    } catch (error) {
      const replaced = asReplacedError(error);
      if (replaced) return { kind: 'later', retryAfterMs: null, detail: replaced.message };
      const detail = error instanceof Error ? error.message : String(error);
      const isFinal = error instanceof Error && error.name === 'AddressError';
      return isFinal ? { kind: 'failed', detail } : { kind: 'later', retryAfterMs: null, detail };
    }
  };
}

interface Answer {
  status: number;
  retryAfter: string | undefined;
}

async function post(
  url: URL,
  headers: Record<string, string>,
  body: Buffer,
  signal: AbortSignal,
): Promise<Answer> {
  const send = url.protocol === 'https:' ? (await import('node:https')).request : request;
  return new Promise((resolve, reject) => {
    const call = send(
      url,
      {
        method: 'POST',
        headers,
        lookup: guardedLookup(url),
        // Nothing of ours is kept open for it.
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      },
      (reply) => {
        resolve({ status: reply.statusCode ?? 0, retryAfter: reply.headers['retry-after'] });
        // What it says besides is of no use, and may be long.
        reply.on('error', () => undefined);
        reply.destroy();
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

function outcomeOf({ status, retryAfter }: Answer): PushOutcome {
  if (status >= 200 && status < 300) return { kind: 'sent' };
  if (status === 404 || status === 410) return { kind: 'gone' };
  const detail = `the push service answered ${status}`;
  if (status === 429 || status >= 500) {
    return { kind: 'later', retryAfterMs: readRetryAfter(retryAfter), detail };
  }
  return { kind: 'failed', detail };
}

/** Seconds or a date, in milliseconds from now. */
function readRetryAfter(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds * 1000);
}
