import { PassThrough } from 'node:stream';
import { streamPaths } from '@codepiper/core/events/event.endpoints.ts';
import { sessionRefSchema } from '@codepiper/core/sessions/session.endpoints.ts';
import type { FastifyInstance } from 'fastify';
import type { Log } from '../log/log.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { TextFollower } from './text-follower.ts';

export interface OutputStreamOptions {
  sessions: SessionsService;
  tmux: Tmux;
  log: Log;
}

/**
 * Mounts `GET /sessions/:id/output/stream`: the text of the pane as it is printed, line by line, without control
 * sequences, until the session ends or the reader goes. A session nobody follows costs nothing.
 */
export function mountOutputStream(app: FastifyInstance, { sessions, tmux, log }: OutputStreamOptions): void {
  const open = new Set<PassThrough>();
  app.addHook('preClose', async () => {
    for (const stream of open) stream.end();
  });

  app.get<{ Params: { id: string } }>(streamPaths.output, async (request, reply) => {
    const ref = sessionRefSchema.safeParse(request.params.id);
    const { record, pane } = await sessions.getLive(ref.success ? ref.data : '');
    const watch = await tmux.watch(pane.paneId);
    const text = new PassThrough();
    open.add(text);
    const follow = async () => {
      await using _watch = watch;
      using follower = new TextFollower({ cols: record.cols, rows: record.rows }, (lines) => {
        text.write(`${lines.join('\n')}\n`);
      });
      const stop = new Promise<IteratorReturnResult<undefined>>((resolve) => {
        text.once('close', () => resolve({ done: true, value: undefined }));
      });
      const output = watch.output[Symbol.asyncIterator]();
      for (;;) {
        const next = await Promise.race([output.next(), stop]);
        if (next.done) break;
        await follower.write(next.value);
        if (text.writableNeedDrain)
          await Promise.race([new Promise((resolve) => text.once('drain', resolve)), stop]);
      }
      follower.end();
    };
    void follow()
      .catch((error) => log.warn({ err: error, session: record.id }, 'following the output failed'))
      .finally(() => {
        open.delete(text);
        text.end();
      });
    return reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(text);
  });
}
