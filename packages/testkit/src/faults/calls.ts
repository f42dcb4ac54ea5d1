import type { House, HttpReply } from '../house.ts';

/** One request of a careful client: it is sent again when its answer did not come. */
export interface Call {
  /** For the trace. */
  label: string;
  method: string;
  path: string;
  body: unknown;
  /** Takes the answer. `isRetry` when the first one was cut off. Returns what is wrong with it. */
  settle(reply: HttpReply, isRetry: boolean): string | null;
}

/** The answer; null when the connection broke first. */
export async function attempt(house: House, call: Call): Promise<HttpReply | null> {
  const reply = await house.http(call.method, call.path, call.body).catch(() => null);
  // A daemon that is killed while it writes leaves half an answer.
  return reply && (reply.status === 0 || typeof reply.body !== 'object') ? null : reply;
}

/** Code of the error table in an answer. */
export function errorCode(reply: HttpReply): string | null {
  const { code } = (reply.body ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : null;
}

/** An answer in short, for a message. */
export function show(reply: HttpReply): string {
  return `${reply.status} ${reply.text.slice(0, 400)}`;
}
