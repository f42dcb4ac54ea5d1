import type { ServerResponse } from 'node:http';
import { streamPaths } from '@codepiper/core/events/event.endpoints.ts';
import { sessionRefSchema } from '@codepiper/core/sessions/session.endpoints.ts';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { readInput } from '../http/mount.ts';
import type { Log } from '../log/log.ts';
import type { TerminalsService } from './terminals.service.ts';

export interface OutputStreamOptions {
  terminals: Pick<TerminalsService, 'watch'>;
  log: Log;
}

const streamInput = { params: z.strictObject({ id: sessionRefSchema }) };

/**
 * Mounts `GET /sessions/:id/output/stream`: the text of the pane as it is printed, line by line, without control
 * sequences, until the session ends or the reader goes. A session nobody follows costs nothing.
 */
export function mountOutputStream(app: FastifyInstance, { terminals, log }: OutputStreamOptions): void {
  const open = new Set<ServerResponse>();
  app.addHook('preClose', async () => {
    for (const reply of open) reply.end();
  });

  app.get<{ Params: { id: string } }>(streamPaths.output, async (request, reply) => {
    readInput(streamInput, request);
    using watched = await terminals.watch(request.params.id);
    const { terminal, record } = watched;
    await terminal.ready; // from here on everything is told
    const { epoch, end } = terminal.log;
    reply.hijack();
    const { raw } = reply;
    open.add(raw);
    raw.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    raw.flushHeaders();
    try {
      // The emulator it reads with is loaded for those who ask.
      const { followText } = await import('./text-reader.ts');
      await followText(terminal, { epoch, seq: end }, raw);
    } catch (error) {
      log.warn({ err: error, session: record.id }, 'following the output failed');
    } finally {
      open.delete(raw);
      raw.end();
    }
  });
}
