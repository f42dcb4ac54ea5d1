import type { ServerResponse } from 'node:http';
import { streamPaths } from '@codepiper/core/events/event.endpoints.ts';
import { sessionRefSchema } from '@codepiper/core/sessions/session.endpoints.ts';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { readInput } from '../http/mount.ts';
import type { Log } from '../log/log.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import type { OutputWatch, Tmux } from '../tmux/tmux.ts';
import { TextFollower } from './text-follower.ts';

export interface OutputStreamOptions {
  sessions: SessionsService;
  tmux: Tmux;
  log: Log;
}

const streamInput = { params: z.strictObject({ id: sessionRefSchema }) };

/**
 * Mounts `GET /sessions/:id/output/stream`: the text of the pane as it is printed, line by line, without control
 * sequences, until the session ends or the reader goes. A session nobody follows costs nothing.
 */
export function mountOutputStream(app: FastifyInstance, { sessions, tmux, log }: OutputStreamOptions): void {
  const open = new Set<ServerResponse>();
  app.addHook('preClose', async () => {
    for (const reply of open) reply.end();
  });

  app.get<{ Params: { id: string } }>(streamPaths.output, async (request, reply) => {
    readInput(streamInput, request);
    const { record, pane } = await sessions.getLive(request.params.id);
    const watch = await tmux.watch(pane.paneId);
    reply.hijack();
    const { raw } = reply;
    open.add(raw);
    raw.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    raw.flushHeaders();
    try {
      await follow(watch, { cols: record.cols, rows: record.rows }, raw);
    } catch (error) {
      log.warn({ err: error, session: record.id }, 'following the output failed');
    } finally {
      open.delete(raw);
      raw.end();
    }
  });
}

/** Tells the lines of a pane until it ends or its reader goes; a slow reader slows the watch, never the program. */
async function follow(
  watch: OutputWatch,
  size: { cols: number; rows: number },
  reader: ServerResponse,
): Promise<void> {
  await using _watch = watch;
  using follower = new TextFollower(size, (lines) => reader.write(`${lines.join('\n')}\n`));
  const gone = new Promise<IteratorReturnResult<undefined>>((resolve) => {
    const end = () => resolve({ done: true, value: undefined });
    // It may have gone while the watch was being set up.
    if (reader.destroyed) end();
    else reader.once('close', end);
  });
  const output = watch.output[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([output.next(), gone]);
    if (next.done) break;
    await follower.write(next.value);
    if (reader.writableNeedDrain) {
      await Promise.race([new Promise((resolve) => reader.once('drain', resolve)), gone]);
    }
  }
  follower.end();
}
