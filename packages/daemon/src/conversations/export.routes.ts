import type { ServerResponse } from 'node:http';
import type { Clock } from '@codepiper/core/clock.ts';
import { sessionRefSchema } from '@codepiper/core/sessions/session.endpoints.ts';
import {
  conversationPaths,
  conversationRefSchema,
  type ExportQuery,
  exportQuerySchema,
} from '@codepiper/core/transcripts/conversation.endpoints.ts';
import type { ExportFormat } from '@codepiper/core/transcripts/export/document.ts';
import { exportRenderers } from '@codepiper/core/transcripts/export/renderers.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Ask } from '../db/transcripts/reader.ts';
import { drained } from '../http/drained.ts';
import { readInput } from '../http/mount.ts';
import type { Log } from '../log/log.ts';
import type { ExportPage, ExportQueries, ExportRequest } from './export.ts';

export interface ExportOptions {
  ask: Ask<ExportQueries>;
  sessions: {
    /** @throws CodepiperError `session_not_found`, `session_ambiguous` */
    get(ref: string): Promise<{ id: string; name: string | null }>;
  };
  clock: Clock;
  log: Log;
}

const ofSession = { params: z.strictObject({ id: sessionRefSchema }), query: exportQuerySchema };
const ofConversation = {
  params: z.strictObject({ conversation: conversationRefSchema }),
  query: exportQuerySchema,
};
const extensions: Readonly<Record<ExportFormat, string>> = { markdown: 'md', json: 'json', html: 'html' };

/**
 * Mounts the exports of a session and of a conversation: one document, made and sent page by page, no faster than it is
 * read. When it cannot be finished the connection breaks, so that half of it is never taken for all of it.
 */
export function mountExport(app: FastifyInstance, { ask, sessions, clock, log }: ExportOptions): void {
  const open = new Set<ServerResponse>();
  app.addHook('preClose', async () => {
    for (const raw of open) raw.destroy();
  });

  async function send(
    reply: FastifyReply,
    name: string,
    query: ExportQuery,
    of: ExportRequest['of'],
  ): Promise<void> {
    const request = {
      ...{ of, format: query.format, redact: query.redact === 'true' },
      exportedAt: new Date(clock.now()).toISOString(),
    };
    // What is wrong with the request comes with the first page, while there is an answer to say it in.
    let page: ExportPage = await ask('exportPage', { ...request, cursor: null });
    reply.hijack();
    const { raw } = reply;
    open.add(raw);
    const file = `${name.replaceAll(/[^\w.-]+/g, '_').slice(0, 80)}.${extensions[query.format]}`;
    raw.writeHead(200, {
      'content-type': exportRenderers[query.format].contentType,
      'content-disposition': `attachment; filename="${file}"`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    try {
      for (;;) {
        if (!raw.write(page.text)) await drained(raw);
        if (raw.destroyed || page.cursor === null) break;
        page = await ask('exportPage', { ...request, cursor: page.cursor });
      }
      raw.end();
    } catch (error) {
      log.warn({ err: error }, 'an export broke off');
      raw.destroy();
    } finally {
      open.delete(raw);
    }
  }

  app.get(conversationPaths.sessionExport, async (request, reply) => {
    const input = readInput(ofSession, { params: request.params, query: request.query, body: undefined });
    const { id, name } = await sessions.get((input.params as { id: string }).id);
    await send(reply, name ?? id.slice(0, 8), input.query as ExportQuery, { session: { id, name } });
  });

  app.get(conversationPaths.conversationExport, async (request, reply) => {
    const input = readInput(ofConversation, {
      params: request.params,
      query: request.query,
      body: undefined,
    });
    const { conversation } = input.params as { conversation: string };
    await send(reply, `conversation-${conversation}`, input.query as ExportQuery, { conversation });
  });
}
