import { fleetPaths } from '@codepiper/core/fleet/fleet.endpoints.ts';
import type { FleetEvent } from '@codepiper/core/fleet/fleet.ts';
import type { FastifyInstance } from 'fastify';
import { readInput } from '../http/mount.ts';
import { openSse, type SseStream } from '../http/sse.ts';
import type { Log } from '../log/log.ts';
import type { FleetService } from './fleet.service.ts';

export interface FleetStreamOptions {
  fleet: Pick<FleetService, 'feed'>;
  log: Log;
  /** Between two signs of life on a quiet connection, in milliseconds. */
  heartbeatMs?: number;
  /** How long a reader may not read before it is closed, in milliseconds. */
  stallMs?: number;
}

/**
 * Mounts `GET /fleet/stream`: all cards, then each that changes, as server-sent events. They have no ids: a reader that
 * comes back begins with all cards again.
 */
export function mountFleetStream(app: FastifyInstance, options: FleetStreamOptions): void {
  const { fleet, log, heartbeatMs = 15_000, stallMs = 30_000 } = options;
  const open = new Set<SseStream>();
  // Before the server waits for requests to end: these would not.
  app.addHook('preClose', async () => {
    for (const stream of open) stream.close();
  });

  app.get(fleetPaths.stream, async (request, reply) => {
    readInput({}, { params: request.params, query: request.query, body: undefined });
    let stream: SseStream | undefined;
    try {
      await fleet.feed(() => {
        const opened = openSse(reply, { heartbeatMs, stallMs });
        stream = opened;
        open.add(opened);
        return { closed: opened.closed, send: (event) => opened.send(frame(event)) };
      });
    } catch (error) {
      if (!stream) throw error;
      // The answer has begun; the reader comes back.
      log.warn({ err: error }, 'a stream of cards failed');
    } finally {
      stream?.close();
      if (stream) open.delete(stream);
    }
  });
}

function frame(event: FleetEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
