import { CodepiperError } from '@codepiper/core/errors.ts';
import type { FastifyInstance } from 'fastify';
import { ListenError } from './listen.ts';

export interface LoopbackListening extends AsyncDisposable {
  /** The one asked for, or the one the system chose for 0. */
  readonly port: number;
}

/**
 * Lets only this machine in by name. A page anywhere on the web may have its own name point to 127.0.0.1 (DNS
 * rebinding) and would then read what is served here; its requests carry that name.
 */
export function allowLoopbackNames(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ headers: { host = '' } }) => {
    if (/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host)) return;
    const message = `This address is only served under localhost or 127.0.0.1, not under ${JSON.stringify(host.slice(0, 200))}.`;
    throw new CodepiperError('forbidden', message);
  });
}

/**
 * Serves `app` on a port of 127.0.0.1, to everybody on this machine. Disposing of the result closes `app`.
 *
 * @throws ListenError when the port cannot be had; `app` is closed then
 */
export async function listenOnLoopback(app: FastifyInstance, port: number): Promise<LoopbackListening> {
  try {
    await app.listen({ host: '127.0.0.1', port });
  } catch (error) {
    await app.close();
    throw new ListenError(reasonOf(error, port));
  }
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    [Symbol.asyncDispose]: () => app.close(),
  };
}

function reasonOf(error: unknown, port: number): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return `Port ${port} of 127.0.0.1 is in use by another program. Choose another one with --insecure-dev, or 0 for any that is free.`;
  }
  if (code === 'EACCES') {
    return `Port ${port} needs more rights than this user has. Choose one from 1024 with --insecure-dev.`;
  }
  return `Port ${port} of 127.0.0.1 cannot be listened on: ${message}`;
}
