import { type Transport, TransportError, type TransportRequest } from '@codepiper/client/transport.ts';
import { loadKey, reloadKey } from './key-store.ts';

const prefix = '/api';
const usualTimeoutMs = 20_000;

/** Called when the daemon says that nobody is signed in here, or not any more. */
type SignedOut = () => void;
let onSignedOut: SignedOut = () => undefined;

export function whenSignedOut(listener: SignedOut): void {
  onSignedOut = listener;
}

/** Reaches the daemon that served the page. */
export const webTransport: Transport = {
  async request(request) {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? usualTimeoutMs);
    const reply = await send(request, timeout);
    return { status: reply.status, body: await reply.text().catch(asFailure(timeout)) };
  },
  async stream(request) {
    const reply = await send(request, null);
    return { status: reply.status, chunks: chunksOf(reply) };
  },
};

async function send(request: TransportRequest, timeout: AbortSignal | null): Promise<Response> {
  const key = await loadKey();
  const first = await sendOnce(request, timeout, key);
  if (first.status !== 401 || !(await saysSignIn(first))) return first;
  // Another tab may have signed in meanwhile: its key goes with the cookie that we all have.
  const newer = await reloadKey();
  if (newer !== key && newer !== null) {
    const second = await sendOnce(request, timeout, newer);
    if (second.status !== 401 || !(await saysSignIn(second))) return second;
  }
  onSignedOut();
  return first;
}

async function sendOnce(
  { method, path, body, signal }: TransportRequest,
  timeout: AbortSignal | null,
  key: string | null,
): Promise<Response> {
  const signals = [signal, timeout].filter((each) => each != null);
  try {
    return await fetch(prefix + path, {
      method,
      cache: 'no-store',
      signal: signals.length > 0 ? AbortSignal.any(signals) : null,
      headers: {
        ...(key === null ? {} : { 'x-codepiper-key': key }),
        // A blob says itself what it is.
        ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
      },
      body: body ?? null,
    });
  } catch (error) {
    return asFailure(timeout)(error);
  }
}

async function saysSignIn(reply: Response): Promise<boolean> {
  const body: unknown = await reply
    .clone()
    .json()
    .catch(() => null);
  return typeof body === 'object' && body !== null && 'code' in body && body.code === 'sign_in_required';
}

function asFailure(timeout: AbortSignal | null): (error: unknown) => never {
  return (error) => {
    if (timeout?.aborted) throw new TransportError('timeout', 'The daemon did not answer in time.');
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new TransportError(
      'unreachable',
      'The daemon cannot be reached. Is it running, and this device online?',
    );
  };
}

async function* chunksOf(reply: Response): AsyncGenerator<Uint8Array> {
  const reader = reply.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw new TransportError('broken', `The connection to the daemon broke: ${String(error)}`);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
