import { CodepiperError } from '@codepiper/core/errors.ts';
import { maxFrameBytes } from '@codepiper/core/terminals/frames.ts';
import {
  type terminalEndpoints,
  terminalPaths,
  ticketSchema,
} from '@codepiper/core/terminals/terminal.endpoints.ts';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Handlers, requirePerson } from '../http/mount.ts';
import { describeProblems } from '../http/problems.ts';
import { isOwnLoopbackPage, type WebSocketDoor } from '../http/ws.ts';
import type { Log } from '../log/log.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import type { SharedTerminals } from './shared-terminal.ts';
import { TerminalSocket } from './terminal-socket.ts';
import type { TerminalsService } from './terminals.service.ts';
import type { TerminalTickets } from './tickets.ts';

export interface TerminalRoutesOptions {
  terminals: Pick<TerminalsService, 'watch'>;
  shared: SharedTerminals;
  tickets: TerminalTickets;
  log: Log;
  door: WebSocketDoor;
  /** Between two signs of life on a quiet connection, in milliseconds. */
  heartbeatMs?: number;
  /** How long a viewer may not read before it is closed, in milliseconds. */
  stallMs?: number;
}

const usualHeartbeatMs = 15_000;
/** A laptop that sleeps for a while, or a page in the background, need not begin anew. */
const usualStallMs = 120_000;

const querySchema = z.strictObject({ ticket: ticketSchema.optional() });

/** Mounts the WebSocket of live terminals. */
export function mountTerminalSocket(app: FastifyInstance, options: TerminalRoutesOptions): void {
  const { terminals, shared, tickets, log, door } = options;
  const { heartbeatMs = usualHeartbeatMs, stallMs = usualStallMs } = options;
  app.get(terminalPaths.socket, async (request, reply) => {
    const { ticket } = readQuery(request.query);
    // It is used only once the connection is there.
    const grant = ticket === undefined ? null : tickets.look(ticket);
    const socket = door.open(request, reply, {
      heartbeatMs,
      stallMs,
      longest: maxFrameBytes,
      compression: true,
      allowsPage: isOwnLoopbackPage,
      onText: (text) => viewer.takeText(text),
      onBinary: (bytes) => viewer.takeFrame(bytes),
      onDrained: () => viewer.drained(),
    });
    if (ticket !== undefined) tickets.use(ticket);
    const viewer = new TerminalSocket({
      socket,
      terminals,
      shared,
      grant,
      requirePerson: () => requirePerson(request),
      heartbeatMs,
      log,
    });
  });
}

/** Endpoints about live terminals. */
export function terminalHandlers(
  sessions: Pick<SessionsService, 'getLive'>,
  tickets: TerminalTickets,
): Handlers<typeof terminalEndpoints> {
  return {
    createTerminalTicket: async ({ params, body }) => {
      const { record } = await sessions.getLive(params.id);
      const { ticket, expiresAt } = tickets.create(
        { sessionId: record.id, role: body.role },
        body.ttlSeconds,
      );
      return { ticket, expiresAt: new Date(expiresAt).toISOString() };
    },
  };
}

function readQuery(query: unknown): z.infer<typeof querySchema> {
  const result = querySchema.safeParse(query ?? {});
  if (result.success) return result.data;
  const problems = describeProblems('query', querySchema, result.error.issues);
  throw new CodepiperError('invalid_request', problems.join('; '), { problems });
}
