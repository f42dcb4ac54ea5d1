import type { ServerResponse } from 'node:http';
import {
  type CastQuery,
  castQuerySchema,
  type recordingEndpoints,
  recordingPaths,
} from '@codepiper/core/recordings/recording.endpoints.ts';
import { sessionRefSchema } from '@codepiper/core/sessions/session.endpoints.ts';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { drained } from '../http/drained.ts';
import { type Handlers, readInput } from '../http/mount.ts';
import type { Log } from '../log/log.ts';
import type { RecordingsService } from './recordings.service.ts';

export function recordingHandlers(
  recordings: Pick<RecordingsService, 'describe' | 'switch' | 'remove'>,
): Handlers<typeof recordingEndpoints> {
  return {
    getRecording: async ({ params }) => ({ recording: await recordings.describe(params.id) }),
    switchRecording: async ({ params, body }) => ({
      recording: await recordings.switch(params.id, body.on),
    }),
    removeRecording: async ({ params }) => ({ recording: await recordings.remove(params.id) }),
  };
}

const castInput = { params: z.strictObject({ id: sessionRefSchema }), query: castQuerySchema };

/**
 * Mounts `GET /sessions/:id/recording/cast`: asciicast from a moment on, made and sent piece by piece, no faster than it
 * is read. When it cannot be finished the connection breaks, so that half of it is never taken for all of it.
 */
export function mountCast(
  app: FastifyInstance,
  { recordings, log }: { recordings: Pick<RecordingsService, 'read'>; log: Log },
): void {
  const open = new Set<ServerResponse>();
  app.addHook('preClose', async () => {
    for (const raw of open) raw.destroy();
  });

  app.get(recordingPaths.cast, async (request, reply) => {
    const { params, query } = request;
    const input = readInput(castInput, { params, query, body: undefined });
    // What is wrong with the request comes while there is an answer to say it in.
    const pieces = await recordings.read((input.params as { id: string }).id, input.query as CastQuery);
    reply.hijack();
    const { raw } = reply;
    open.add(raw);
    raw.writeHead(200, {
      'content-type': 'application/x-asciicast',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    try {
      for await (const piece of pieces) {
        if (!raw.write(piece)) await drained(raw);
        if (raw.destroyed) break;
      }
      raw.end();
    } catch (error) {
      log.warn({ err: error }, 'a recording could not be read to its end');
      raw.destroy();
    } finally {
      open.delete(raw);
    }
  });
}
