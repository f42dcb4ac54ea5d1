import { type Transport, TransportError } from '@codepiper/client/transport.ts';

const usualTimeoutMs = 15_000;

/** Reaches the daemon that served the page. */
export const fetchTransport: Transport = {
  async request({ method, path, body, timeoutMs = usualTimeoutMs, signal }) {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const reply = await fetch(path, {
        method,
        cache: 'no-store',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
      });
      return { status: reply.status, body: await reply.text() };
    } catch (error) {
      if (timeout.aborted) throw new TransportError('timeout', 'The daemon did not answer in time.');
      throw new TransportError('unreachable', `The daemon cannot be reached: ${String(error)}`);
    }
  },
  stream: () => Promise.reject(new TransportError('broken', 'This page reads no streams over HTTP.')),
};
