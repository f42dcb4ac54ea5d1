import { reloadKey } from '../api/key-store.ts';

/** What the daemon answered, or why there is no answer. */
export type CallResult =
  | { kind: 'done'; body: unknown }
  | { kind: 'refused'; status: number; code: string; message: string }
  | { kind: 'unreachable' };

const timeoutMs = 20_000;

/** One request to the daemon, as whoever is signed in here. */
export async function call(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
): Promise<CallResult> {
  try {
    const key = await reloadKey();
    const reply = await fetch(`/api${path}`, {
      method,
      cache: 'no-store',
      credentials: 'same-origin',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...(key === null ? {} : { 'x-codepiper-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const answer: unknown = await reply.json().catch(() => null);
    if (reply.ok) return { kind: 'done', body: answer };
    const { code = '', error = '' } = (answer ?? {}) as { code?: string; error?: string };
    return { kind: 'refused', status: reply.status, code, message: error };
  } catch {
    return { kind: 'unreachable' };
  }
}
