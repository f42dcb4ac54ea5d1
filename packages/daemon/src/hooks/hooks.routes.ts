import { CodepiperError } from '@codepiper/core/errors.ts';
import { asObject } from '@codepiper/providers/json.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hangUpSignal } from '../http/mount.ts';
import type { Caller } from '../http/server.ts';
import type { Log } from '../log/log.ts';
import { Turns } from '../platform/turns.ts';
import type { DecisionsService } from './decisions.service.ts';

export interface DecideParts {
  decisions: Pick<DecisionsService, 'decide' | 'refuse'>;
  /** Aborted when the daemon stops. */
  closing: AbortSignal;
  log: Log;
}

const requestId = /^[A-Za-z0-9._-]{1,100}$/;

/**
 * `POST /hooks/decide`: an agent's hook asks what to do. By hand, for its reply is text that a shell script can tell
 * from anything else a server may say: `codepiper 1 answer` and what the hook prints, or `codepiper 1 silence`.
 */
export function mountDecide(app: FastifyInstance, { decisions, closing, log }: DecideParts): void {
  const turns = new Turns();
  const arrivals = new WeakMap<FastifyRequest, number>();
  const arrivalOf = (request: FastifyRequest) => arrivals.get(request) ?? performance.now();
  app.route({
    method: 'POST',
    url: '/hooks/decide',
    onRequest: async (request) => {
      arrivals.set(request, performance.now());
      await requireOwnHook(request, log);
    },
    handler: async (request, reply) => {
      const arrivedAt = arrivalOf(request);
      const { sessionId } = callingSession(request);
      const id = request.headers['x-codepiper-request'];
      const payload = asObject(request.body);
      if (typeof id !== 'string' || !requestId.test(id)) {
        return decisions.refuse(
          sessionId,
          arrivedAt,
          new CodepiperError(
            'invalid_request',
            'The header X-Codepiper-Request must name the request: 1 to 100 letters, digits and ._-',
          ),
        );
      }
      if (!payload) {
        return decisions.refuse(
          sessionId,
          arrivedAt,
          new CodepiperError('invalid_request', "The body must be the hook's JSON object."),
        );
      }
      const signal = hangUpSignal(reply, closing);
      await turns.take();
      const { output, delivered } = await decisions.decide({
        sessionId,
        request: id,
        payload,
        arrivedAt,
        signal,
      });
      reply.raw.once('finish', () => {
        delivered().catch((error) =>
          log.error({ err: error, session: sessionId }, 'an answer was not noted'),
        );
      });
      return reply
        .type('text/plain; charset=utf-8')
        .send(output === null ? 'codepiper 1 silence\n' : `codepiper 1 answer\n${output}\n`);
    },
    errorHandler: async (error, request) => {
      const unread = unreadBody(error);
      const { caller } = request;
      if (unread && caller.kind === 'session') {
        return decisions.refuse(caller.sessionId, arrivalOf(request), unread);
      }
      throw error;
    },
  });
}

/** A body that is no JSON, or too large, never becomes a call: the error is its denial. */
function unreadBody(error: Error & { statusCode?: number }): CodepiperError | null {
  if (error instanceof CodepiperError) return error.code === 'invalid_json' ? error : null;
  return error.statusCode === 413
    ? new CodepiperError(
        'body_too_large',
        'The call is larger than codepiper reads (8 MB), so it does not run.',
      )
    : null;
}

/** @throws CodepiperError `unauthorized` without a token */
function callingSession({ caller }: FastifyRequest): Extract<Caller, { kind: 'session' }> {
  if (caller.kind === 'session') return caller;
  throw new CodepiperError(
    'unauthorized',
    'A hook says whose it is: send the token of its session as `Authorization: Bearer <token>`.',
  );
}

/**
 * A hook is its session's by its token, and by its process where that can be seen. Asked before its body is read.
 *
 * @throws CodepiperError `unauthorized` without a token, `forbidden` when the process is another session's
 */
async function requireOwnHook(request: FastifyRequest, log: Log): Promise<void> {
  const { sessionId } = callingSession(request);
  const place = await request.whereabouts();
  if (typeof place === 'string' || place.sessionId === sessionId) return;
  log.warn({ session: sessionId, from: place.sessionId }, "a hook came with another session's token");
  throw new CodepiperError(
    'forbidden',
    `This hook runs inside session ${place.sessionId.slice(0, 8)} and has the token of another.`,
  );
}
