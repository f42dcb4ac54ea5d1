import { z } from 'zod';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { columnsSchema, rowsSchema, sessionIdSchema } from '../sessions/session.ts';
import { FrameError } from './frames.ts';

/** JSON text messages of the terminal's WebSocket. Binary messages: see `frames.ts`. */

/** Version of the frames and messages; a daemon and a viewer with different ones do not talk. */
export const wireVersion = 1;
/** Longest text message, in characters. */
export const maxMessageLength = 64 * 1024;

const channel = z.number().int().min(0).max(0xffff);
const n = z.number().int().min(0).max(0xffff_ffff);

/**
 * Made up once by each viewer, e.g. a UUID, and kept over reconnects: what it types is numbered under it. It is no
 * credential, but who knows it can settle another's input: it is not shown to other viewers.
 */
const clientIdSchema = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/, '8 to 64 letters, digits, - and _');

/** follow: watches, never decides the size. typist: may type and take the size. */
export const roleSchema = z.enum(['follow', 'typist']);
export type TerminalRole = z.infer<typeof roleSchema>;

/** First message in both directions. */
const viewerHelloSchema = z.strictObject({
  type: z.literal('hello'),
  version: z.number().int().min(1),
  client: clientIdSchema,
  /** What it can do beyond the version; unknown ones are passed over. */
  features: z.array(z.string().max(40)).max(40).default([]),
  /** How the others see this viewer, e.g. "laptop". */
  label: z
    .string()
    .min(1)
    .max(60)
    .regex(/^[^\p{Cc}]*$/u, 'a label is one line')
    .default('viewer'),
});

const subscribeSchema = z
  .strictObject({
    type: z.literal('subscribe'),
    /** Any number that is free on this connection. */
    channel,
    session: sessionRefSchema,
    /** Stream and place up to which this viewer has everything. Without them it gets a snapshot. */
    epoch: z.number().int().min(0).max(0xffff_ffff).optional(),
    seq: z.number().int().min(0).optional(),
    /** Lines of history above the screen that a snapshot should have. */
    lines: z.number().int().min(0).max(100_000).default(1000),
    role: roleSchema.default('follow'),
  })
  .refine(({ epoch, seq }) => (epoch === undefined) === (seq === undefined), 'epoch and seq go together');

const unsubscribeSchema = z.strictObject({ type: z.literal('unsubscribe'), channel });

const takeSizeSchema = z.strictObject({
  type: z.literal('size'),
  channel,
  action: z.literal('take'),
  cols: columnsSchema,
  rows: rowsSchema,
});
const releaseSizeSchema = z.strictObject({
  type: z.literal('size'),
  channel,
  action: z.literal('release'),
});

/** Answered with a heartbeat at once: whoever was asleep knows then that the connection lives. */
const viewerHeartbeatSchema = z.strictObject({ type: z.literal('heartbeat') });

export const viewerMessageSchema = z.union([
  viewerHelloSchema,
  subscribeSchema,
  unsubscribeSchema,
  takeSizeSchema,
  releaseSizeSchema,
  viewerHeartbeatSchema,
]);
export type ViewerMessage = z.infer<typeof viewerMessageSchema>;

export const serverMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    version: z.number().int(),
    features: z.array(z.string()),
    /** Nothing heard for three times this long, in milliseconds: the connection is gone. */
    heartbeatMs: z.number().int().positive(),
  }),
  z.object({
    type: z.literal('subscribed'),
    channel,
    session: sessionIdSchema,
    role: roleSchema,
    /**
     * Number of this client's last settled input in this session, 0 before the first; what was sent with a higher one
     * is sent again. null for a client that is not known, or not any more: numbering begins at 1, and what is still
     * unsettled from before may or may not have been typed, so it is not sent again.
     */
    settled: n.nullable(),
  }),
  /**
   * A subscription was refused, or the daemon ended it; the channel is free again. `reason` is for people. It follows
   * ENDED, and the `error` that says why where there is one; an `error` alone ends no subscription.
   */
  z.object({ type: z.literal('unsubscribed'), channel, reason: z.string() }),
  z.object({
    type: z.literal('size'),
    channel,
    cols: z.number().int(),
    rows: z.number().int(),
    /** Who decides: this viewer, another one, a terminal attached on the machine, or nobody. */
    decides: z.enum(['you', 'other', 'local', 'nobody']),
  }),
  z.object({
    type: z.literal('presence'),
    channel,
    /** Those who watch the session, oldest first, at most 50; terminals attached on the machine are not among them. */
    viewers: z.array(
      z.object({ label: z.string(), role: roleSchema, you: z.boolean(), typing: z.boolean() }),
    ),
    /** A terminal is attached on the machine. */
    attached: z.boolean(),
  }),
  /** Sent every `heartbeatMs`, so that a viewer whose platform hides pings hears something. */
  z.object({ type: z.literal('heartbeat') }),
  z.object({
    type: z.literal('error'),
    /** Absent when it is about the whole connection, which is then closed. */
    channel: channel.optional(),
    /** The input it is about, which was not typed. */
    n: n.optional(),
    /** After the next INPUT_ACK all that is unsettled then is to be sent again. Otherwise that input is settled. */
    again: z.boolean().optional(),
    /** A code of the error table. */
    code: z.string(),
    message: z.string(),
  }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;

/** A text message of a viewer. Throws `FrameError`, with reason `too_large` or `malformed`. */
export function parseViewerMessage(text: string): ViewerMessage {
  return parse(viewerMessageSchema, text);
}

/** A text message of the daemon. Throws `FrameError`, with reason `too_large` or `malformed`. */
export function parseServerMessage(text: string): ServerMessage {
  return parse(serverMessageSchema, text);
}

function parse<T>(schema: z.ZodType<T>, text: string): T {
  if (text.length > maxMessageLength) {
    const message = `A message of ${text.length} characters is too long: at most ${maxMessageLength}.`;
    throw new FrameError('too_large', message);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FrameError('malformed', 'The message is not valid JSON.');
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FrameError('malformed', z.prettifyError(result.error));
}
