import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { providerInfoSchema } from '../providers/provider.ts';
import { deliverySchema, sendOutcomeSchema, sendSchema } from './delivery.ts';
import {
  columnsSchema,
  createSessionSchema,
  modelSchema,
  rowsSchema,
  sessionNameSchema,
  sessionSchema,
  sessionStatusSchema,
} from './session.ts';

/** A whole id, a unique prefix of one, or a name. */
export const sessionRefSchema = z.string().min(1).max(80);
const ref = z.strictObject({ id: sessionRefSchema });
const one = z.object({ session: sessionSchema });
const done = z.object({ success: z.literal(true) });
const refErrors = ['session_not_found', 'session_ambiguous'] as const;
const liveErrors = [...refErrors, 'session_ended'] as const;

/** Query flags come as text. */
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');

export const stopSchema = z.strictObject({
  /** How long the agent may take to end by itself, in milliseconds; then it is killed. */
  timeoutMs: z.number().int().min(0).max(600_000).default(10_000),
});

export const sessionEndpoints = {
  listProviders: defineEndpoint({
    method: 'GET',
    path: '/providers',
    summary: 'Providers with their capabilities, and whether their programs are installed.',
    reply: z.object({ providers: z.array(providerInfoSchema) }),
  }),
  listSessions: defineEndpoint({
    method: 'GET',
    path: '/sessions',
    summary: 'Sessions, newest first.',
    query: z.strictObject({
      provider: z.string().optional(),
      status: sessionStatusSchema.optional(),
      /** Only live sessions. */
      live: flag.optional(),
    }),
    reply: z.object({ sessions: z.array(sessionSchema) }),
  }),
  createSession: defineEndpoint({
    method: 'POST',
    path: '/sessions',
    summary: 'Start a session: one program in its own tmux pane.',
    body: createSessionSchema,
    reply: one,
    status: 201,
    errors: [
      'trust_required',
      'provider_unavailable',
      'session_limit',
      'name_taken',
      'unsupported',
      'tmux_failed',
    ],
  }),
  getSession: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id',
    summary: 'One session.',
    params: ref,
    reply: one,
    errors: refErrors,
  }),
  renameSession: defineEndpoint({
    method: 'PUT',
    path: '/sessions/:id/name',
    summary: 'Give the session a name, or take it away with null.',
    params: ref,
    body: z.strictObject({ name: sessionNameSchema.nullable() }),
    reply: one,
    errors: [...refErrors, 'name_taken'],
  }),
  removeSession: defineEndpoint({
    method: 'DELETE',
    path: '/sessions/:id',
    summary: 'Forget an ended session.',
    params: ref,
    reply: done,
    errors: [...refErrors, 'session_live'],
  }),
  stopSession: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/stop',
    summary: 'Ask the program to end; kill it after the deadline. An ended session is a success.',
    params: ref,
    body: stopSchema,
    reply: one,
    errors: refErrors,
  }),
  killSession: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/kill',
    summary: 'Kill the whole process tree of the session at once.',
    params: ref,
    reply: one,
    errors: refErrors,
  }),
  resumeSession: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/resume',
    summary: 'Start an ended session again, in the same row, with the same conversation.',
    params: ref,
    body: z.strictObject({ model: modelSchema.optional(), prompt: sendSchema.shape.text.optional() }),
    reply: one,
    errors: [...refErrors, 'session_live', 'conversation_unknown', 'session_limit', 'tmux_failed'],
  }),
  forkSession: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/fork',
    summary: "Start a new session from a copy of this one's conversation.",
    params: ref,
    body: z.strictObject({ name: sessionNameSchema.optional(), prompt: sendSchema.shape.text.optional() }),
    reply: one,
    status: 201,
    errors: [...refErrors, 'unsupported', 'conversation_unknown', 'session_limit', 'tmux_failed'],
  }),
  recoverSession: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/recover',
    summary: 'Compare the session with tmux again and take up its live pane.',
    params: ref,
    reply: one,
    errors: [...refErrors, 'session_ended'],
  }),
  sendText: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/send',
    summary: 'Queue a prompt; it is typed when the agent is ready, and its arrival is proven.',
    params: ref,
    body: sendSchema,
    reply: z.object({ outcome: sendOutcomeSchema, delivery: deliverySchema }),
    errors: [...liveErrors, 'idempotency_conflict'],
  }),
  listDeliveries: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/deliveries',
    summary: 'Texts sent to the session, newest first.',
    params: ref,
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(50) }),
    reply: z.object({ deliveries: z.array(deliverySchema) }),
    errors: refErrors,
  }),
  cancelDelivery: defineEndpoint({
    method: 'DELETE',
    path: '/sessions/:id/deliveries/:delivery',
    summary: 'Withdraw a text that is still queued.',
    params: z.strictObject({ id: sessionRefSchema, delivery: z.uuid() }),
    reply: z.object({ delivery: deliverySchema }),
    errors: [...refErrors, 'delivery_not_found', 'session_busy'],
  }),
  sendKeys: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/keys',
    summary: 'Press keys, at once.',
    personal: true,
    params: ref,
    body: z.strictObject({ keys: z.array(z.string().min(1).max(40)).min(1).max(100) }),
    reply: done,
    errors: liveErrors,
  }),
  slashCommand: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/slash',
    summary: "Run one of the agent's own slash commands when it is ready.",
    params: ref,
    body: z.strictObject({
      command: z
        .string()
        .max(100)
        .regex(/^\/?[A-Za-z0-9][A-Za-z0-9_:.-]*$/, 'a slash command has letters, digits and _:.- only'),
      args: z
        .array(
          z
            .string()
            .max(10_000)
            .regex(/^[^\p{Cc}]*$/u, 'an argument is one line'),
        )
        .max(50)
        .default([]),
      waitMs: sendSchema.shape.waitMs,
    }),
    reply: z.object({ outcome: sendOutcomeSchema, delivery: deliverySchema }),
    errors: [...liveErrors, 'unsupported'],
  }),
  interruptSession: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/interrupt',
    summary: 'Interrupt what the agent is doing; nothing happens to an idle one.',
    params: ref,
    reply: z.object({ interrupted: z.boolean(), session: sessionSchema }),
    errors: liveErrors,
  }),
  getModel: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/model',
    summary: 'The model the session uses, as far as known.',
    params: ref,
    reply: z.object({ model: z.string().nullable(), supportsModelSwitch: z.boolean() }),
    errors: refErrors,
  }),
  setModel: defineEndpoint({
    method: 'PUT',
    path: '/sessions/:id/model',
    summary: "Switch the model of this session only; the user's own default is untouched.",
    params: ref,
    body: z.strictObject({ model: modelSchema }),
    reply: one,
    errors: [...liveErrors, 'unsupported', 'session_busy'],
  }),
  resizeSession: defineEndpoint({
    method: 'POST',
    path: '/sessions/:id/resize',
    summary: 'Set the size of the pane; an attached terminal decides as long as it is attached.',
    params: ref,
    body: z.strictObject({ cols: columnsSchema, rows: rowsSchema }),
    reply: one,
    errors: liveErrors,
  }),
  readOutput: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/output',
    summary: 'The screen and the last lines of history; for an ended session, its last words.',
    params: ref,
    query: z.strictObject({
      /** Lines from the end; the visible screen when absent. */
      lines: z.coerce.number().int().min(1).max(10_000).optional(),
      /** Keep colours and styles as SGR sequences. */
      styles: flag.optional(),
    }),
    reply: z.object({ output: z.string(), live: z.boolean() }),
    errors: refErrors,
  }),
} as const;
