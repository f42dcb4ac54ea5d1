import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';

const count = z.number().int();
const id = z.coerce.number().int().min(0);

export const importSchema = z.object({
  id: count,
  state: z.enum(['running', 'done', 'failed']),
  /** Where transcripts are looked for. */
  directories: z.array(z.string()),
  files: count,
  /** Bytes of all files; each is read for usage first and for content later. */
  allBytes: count,
  usageBytes: count,
  contentBytes: count,
  /** What was not known before; null until it is done. */
  added: z.object({ conversations: count, responses: count, tokens: count }).nullable(),
  /** Why it failed. */
  error: z.string().nullable(),
});
export type TranscriptImport = z.output<typeof importSchema>;

const tokenCounts = z.object({
  input: count,
  output: count,
  cacheRead: count,
  cacheWrite5m: count,
  cacheWrite1h: count,
  reasoning: count,
});
const difference = z.object({
  /** File, response or conversation. */
  about: z.string(),
  message: z.string(),
});
export const verificationSchema = z.object({
  id: count,
  state: z.enum(['running', 'done', 'failed']),
  filesDone: count,
  files: count,
  error: z.string().nullable(),
  /** Null until it is done. */
  result: z
    .object({
      lines: count,
      entries: count,
      responses: count,
      tokens: tokenCounts,
      /** Empty when all agrees. */
      differences: z.array(difference),
      /** Differences that have a reason and are no fault. */
      explained: z.array(difference),
    })
    .nullable(),
});
export type TranscriptVerification = z.output<typeof verificationSchema>;

export const transcriptEndpoints = {
  startImport: defineEndpoint({
    method: 'POST',
    path: '/transcripts/imports',
    summary:
      'Begins to bring in conversations that codepiper did not start; the same import that runs already is joined.',
    body: z.strictObject({
      provider: z.string().min(1).max(80).optional(),
      /** Absolute paths; the places where the agents keep their transcripts when absent. */
      directories: z.array(z.string().min(1).max(4096).startsWith('/')).min(1).max(100).optional(),
    }),
    reply: z.object({ import: importSchema }),
    status: 202,
  }),
  getImport: defineEndpoint({
    method: 'GET',
    path: '/transcripts/imports/:import',
    summary: 'How far an import has come.',
    params: z.strictObject({ import: id }),
    reply: z.object({ import: importSchema }),
    errors: ['job_not_found'],
  }),
  startVerification: defineEndpoint({
    method: 'POST',
    path: '/transcripts/verifications',
    summary: 'Begins to read all transcripts again and to compare them with what is stored.',
    reply: z.object({ verification: verificationSchema }),
    status: 202,
  }),
  getVerification: defineEndpoint({
    method: 'GET',
    path: '/transcripts/verifications/:verification',
    summary: 'How far a verification has come, and what it found.',
    params: z.strictObject({ verification: id }),
    reply: z.object({ verification: verificationSchema }),
    errors: ['job_not_found'],
  }),
  transcriptStatus: defineEndpoint({
    method: 'GET',
    path: '/transcripts/status',
    summary: 'What is stored of transcripts, how large it is, and what could not be understood.',
    reply: z.object({
      files: count,
      conversations: count,
      entries: count,
      responses: count,
      lines: count,
      unknownLines: count,
      invalidLines: count,
      /** Bytes of transcripts that were not read yet: for usage, and for content. */
      pending: z.object({ usageBytes: count, contentBytes: count }),
      /**
       * Of the transcripts that were read; of the database, and of its search index within it; of the files in the archive, and
       * of those among them that only the archive has.
       */
      bytes: z.object({
        transcripts: count,
        database: count,
        search: count,
        archive: count,
        archiveOnly: count,
      }),
      retention: z.object({
        /** Null: nothing is removed. */
        keepDays: count.nullable(),
        /** Conversations whose texts are removed within a day. */
        due: count,
        /** Conversations whose texts were removed. */
        removed: count,
      }),
      /** Files whose lines were not understood, or that cannot be read; those first, then those with most; 20 at most. */
      problems: z.array(
        z.object({
          file: z.string(),
          provider: z.string().nullable(),
          /** Of the agent that wrote it. */
          version: z.string().nullable(),
          unknownLines: count,
          invalidLines: count,
          /** The beginning of the first line that was not understood. */
          sample: z.string().nullable(),
          /** Why it cannot be read. */
          error: z.string().nullable(),
        }),
      ),
    }),
  }),
} as const;
