import { z } from 'zod';
import { eventStreamQuerySchema, socketPaths, streamPaths } from './events/event.endpoints.ts';
import { feedPaths } from './feed/feed.ts';
import { fleetPaths } from './fleet/fleet.endpoints.ts';
import { castQuerySchema, recordingPaths } from './recordings/recording.endpoints.ts';
import { sessionRefSchema } from './sessions/session.endpoints.ts';
import { terminalPaths, ticketSchema } from './terminals/terminal.endpoints.ts';
import {
  conversationPaths,
  conversationRefSchema,
  entryStreamQuerySchema,
  exportQuerySchema,
} from './transcripts/conversation.endpoints.ts';

/** What is answered piece by piece, and so is no endpoint: for the description of the API. */
export interface Stream {
  readonly summary: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  /** `websocket`: the connection is upgraded. */
  readonly contentType: string;
  /** Nobody need be signed in. */
  readonly isPublic?: true;
}

/** Where the description of the API is. */
export const descriptionPath = '/openapi.json';

const ofSession = z.strictObject({ id: sessionRefSchema });
const sse = 'text/event-stream';

/** By path; all of them are asked for with GET. */
export const streams: Readonly<Record<string, Stream>> = {
  [descriptionPath]: {
    summary: 'This description, as OpenAPI 3.1.',
    contentType: 'application/json',
    isPublic: true,
  },
  [streamPaths.events]: {
    summary: 'Events of the ledger as they happen, each with its id. `Last-Event-ID` resumes.',
    query: eventStreamQuerySchema,
    contentType: sse,
  },
  [socketPaths.events]: {
    summary:
      'The same over a WebSocket: `{ type: "hello", version, lastId }`, then a text frame for each event.',
    query: eventStreamQuerySchema,
    contentType: 'websocket',
  },
  [feedPaths.socket]: {
    summary: 'Events, the fleet and conversations over one WebSocket, by topics that are subscribed to.',
    contentType: 'websocket',
  },
  [fleetPaths.stream]: {
    summary: 'The fleet: `snapshot` first, then `card` and `removed` as sessions change.',
    contentType: sse,
  },
  [streamPaths.output]: {
    summary: 'Text of the pane as it is printed, without control sequences.',
    params: ofSession,
    contentType: 'text/plain',
  },
  [terminalPaths.socket]: {
    summary: 'Live terminals, any number of them over one WebSocket. Frames: docs/reference/terminal.md.',
    query: z.strictObject({ ticket: ticketSchema.optional() }),
    contentType: 'websocket',
  },
  [conversationPaths.sessionStream]: {
    summary: "Entries of a session's conversations as they are stored. `Last-Event-ID` resumes.",
    params: ofSession,
    query: entryStreamQuerySchema,
    contentType: sse,
  },
  [conversationPaths.sessionExport]: {
    summary: "A session's conversations as one document.",
    params: ofSession,
    query: exportQuerySchema,
    contentType: 'text/markdown',
  },
  [conversationPaths.conversationExport]: {
    summary: 'A conversation as one document.',
    params: z.strictObject({ conversation: conversationRefSchema }),
    query: exportQuerySchema,
    contentType: 'text/markdown',
  },
  [recordingPaths.cast]: {
    summary: 'What the terminal showed, as asciicast.',
    params: ofSession,
    query: castQuerySchema,
    contentType: 'application/x-asciicast',
  },
};
