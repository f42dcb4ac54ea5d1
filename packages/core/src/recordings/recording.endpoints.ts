import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import { recordingSchema } from './recording.ts';

const params = z.strictObject({ id: sessionRefSchema });
const refErrors = ['session_not_found', 'session_ambiguous'] as const;

/** What is sent piece by piece, beside the endpoints. */
export const recordingPaths = { cast: '/sessions/:id/recording/cast' } as const;

/** Seconds since the recording began, or a time. */
const placeSchema = z
  .string()
  .max(40)
  .transform((value, context): { seconds: number } | { time: number } => {
    if (/^\d{1,9}(\.\d{1,6})?$/.test(value)) return { seconds: Number(value) };
    const time = z.iso.datetime({ offset: true }).safeParse(value);
    if (time.success) return { time: Date.parse(value) };
    context.addIssue({
      code: 'custom',
      message: 'seconds since the beginning, or a time as 2026-11-21T15:04:05Z',
    });
    return z.NEVER;
  });

export const castQuerySchema = z.strictObject({
  /** Where it begins: seconds since the recording began, or a time. The beginning when absent. */
  from: placeSchema.optional(),
  /** Of asciicast. */
  version: z
    .enum(['2', '3'])
    .default('2')
    .transform((version) => (version === '2' ? 2 : 3)),
});
export type CastQuery = z.output<typeof castQuerySchema>;
export type CastPlace = z.output<typeof placeSchema>;

export const recordingEndpoints = {
  getRecording: defineEndpoint({
    method: 'GET',
    path: '/sessions/:id/recording',
    summary: 'What is recorded of the terminal: spans, size, markers of turns, tools and approvals.',
    params,
    reply: z.object({ recording: recordingSchema }),
    errors: refErrors,
  }),
  switchRecording: defineEndpoint({
    method: 'PUT',
    path: '/sessions/:id/recording',
    summary: 'Record the session, or stop recording it; what was recorded stays.',
    personal: true,
    params,
    body: z.strictObject({ on: z.boolean() }),
    reply: z.object({ recording: recordingSchema }),
    errors: refErrors,
  }),
  removeRecording: defineEndpoint({
    method: 'DELETE',
    path: '/sessions/:id/recording',
    summary: 'Remove what was recorded so far.',
    personal: true,
    params,
    reply: z.object({ recording: recordingSchema }),
    errors: refErrors,
  }),
} as const;
