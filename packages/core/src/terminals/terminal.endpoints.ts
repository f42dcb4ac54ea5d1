import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { roleSchema } from './messages.ts';

/** What a ticket looks like: the query of the socket is held against it. */
export const ticketSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'a ticket has 43 letters, digits, - and _');

export const terminalEndpoints = {
  createTerminalTicket: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/terminal/tickets',
    summary:
      'A ticket for one connection to the live terminal of this session alone; for a viewer that should see nothing else.',
    personal: true,
    params: z.strictObject({ id: sessionRefSchema }),
    body: z.strictObject({
      role: roleSchema.default('follow'),
      /** How long it may be used, in seconds; the connection itself has no end. */
      ttlSeconds: z.number().int().min(1).max(3600).default(60),
    }),
    reply: z.object({ ticket: ticketSchema, expiresAt: z.iso.datetime() }),
    status: 201,
    errors: ['session_not_found', 'session_ambiguous', 'session_ended'],
  }),
} as const;

/**
 * The WebSocket of live terminals, for any number of sessions: `/terminals/ws?ticket=<ticket>`. Frames: `frames.ts`;
 * text messages: `messages.ts`.
 */
export const terminalPaths = { socket: '/terminals/ws' } as const;
