import { z } from 'zod';
import { defaultActionSchema, policyIdSchema } from '../policies/policy.ts';
import { providerIdSchema } from '../providers/provider.ts';

export const sessionIdSchema = z.uuid();

/**
 * starting: the pane is being made, or the agent has not shown its prompt yet. running: see `activity`.
 * needs_permission: a tool call waits for a person. needs_input: a question or dialog does.
 * stopped: ended as asked, or with exit code 0. crashed: ended in any other way.
 */
export const sessionStatuses = [
  'starting',
  'running',
  'needs_permission',
  'needs_input',
  'stopped',
  'crashed',
] as const;
export const sessionStatusSchema = z.enum(sessionStatuses);
export type SessionStatus = z.infer<typeof sessionStatusSchema>;

/** Whether a session in this state still has a program in its pane. */
export function isLive(status: SessionStatus): boolean {
  return status !== 'stopped' && status !== 'crashed';
}

export const activitySchema = z.enum(['busy', 'idle']);
export type Activity = z.infer<typeof activitySchema>;

/** Where a state change was seen, best source first named. */
export const evidenceSourceSchema = z.enum([
  'hook',
  'registry',
  'title',
  'screen',
  'transcript',
  'approval',
  'exit',
  'tmux',
  'user',
  'daemon',
]);
export type EvidenceSource = z.infer<typeof evidenceSourceSchema>;

export const evidenceSchema = z.object({ source: evidenceSourceSchema, detail: z.string() });
export type Evidence = z.infer<typeof evidenceSchema>;

export const billingModeSchema = z.enum(['subscription', 'api']);
export type BillingMode = z.infer<typeof billingModeSchema>;

export const sessionSchema = z.object({
  id: sessionIdSchema,
  name: z.string().nullable(),
  provider: providerIdSchema,
  cwd: z.string(),
  status: sessionStatusSchema,
  /** busy or idle while `running`, else null. */
  activity: activitySchema.nullable(),
  /** What the present status rests on. */
  evidence: evidenceSchema,
  model: z.string().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  /** Process id of the program in the pane; null before it starts and after it ended. */
  pid: z.number().int().nullable(),
  /** As a shell reports it: 128 + n when signal n ended the program. Null while live, or when unknown. */
  exitCode: z.number().int().nullable(),
  /** Name of the signal that ended the program, e.g. `SIGKILL`. */
  signal: z.string().nullable(),
  ptyCols: z.number().int(),
  ptyRows: z.number().int(),
  transcriptPath: z.string().nullable(),
  /** Approvals that wait for a person. */
  approvals: z.number().int(),
  /** Prompts accepted and not yet typed. */
  queued: z.number().int(),
  /** The command that attaches with plain tmux; null once ended. */
  attachCommand: z.string().nullable(),
  metadata: z.object({
    launch: z.object({
      args: z.array(z.string()),
      billingMode: billingModeSchema,
      envKeys: z.array(z.string()),
    }),
    providerSession: z.object({
      id: z.string().nullable(),
      mode: z.enum(['new', 'resume', 'fork']),
      source: z.enum(['codepiper', 'user-supplied', 'agent']).nullable(),
      forkedFrom: z.string().nullable(),
    }),
    security: z.object({
      dangerousMode: z.boolean(),
      /** Present and true where Codex was started without its sandbox. */
      codexHostAccessProfileEnabled: z.boolean().optional(),
      /** Ids of the policy sets applied to it. */
      policySets: z.array(z.string()),
      /** Its own answer to calls no rule speaks of; null for the daemon's. */
      policyDefault: defaultActionSchema.nullable(),
    }),
    ui: z.object({ customName: z.string().nullable() }),
  }),
});
export type Session = z.infer<typeof sessionSchema>;

/** Nor those that turn the direction of writing: a name may not look like another. */
const noControlCharacters = /^[^\p{Cc}\u202a-\u202e\u2066-\u2069]*$/u;
const likeAnId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const wellFormed = (s: string): boolean => s.isWellFormed();
/** Text that a program can be given: UTF-8 has no lone surrogates, and C strings end at NUL. */
const noNul = (label: string) =>
  z
    .string()
    .refine((s) => !s.includes('\0'), `${label} must not contain NUL`)
    .refine(wellFormed, `${label} is not valid Unicode`);

export const sessionNameSchema = z
  .string()
  .trim()
  .min(1, 'a name needs at least one character')
  .max(80, 'a name has at most 80 characters')
  .regex(noControlCharacters, 'a name must not contain control characters')
  .refine((s) => !s.startsWith('-'), 'a name must not begin with "-": it would read as an option')
  .refine((s) => !likeAnId.test(s), 'a name must not look like a session id')
  .refine(wellFormed, 'the name is not valid Unicode');

/** Environment of a session: names like a shell's, values without NUL. */
export const envSchema = z
  .record(
    z
      .string()
      .regex(
        /^[A-Za-z_][A-Za-z0-9_]{0,255}$/,
        'a variable name has letters, digits and _ and starts with no digit',
      ),
    noNul('a value').max(65_536, 'a value has at most 65536 characters'),
  )
  .refine((env) => Object.keys(env).length <= 1000, 'at most 1000 variables');

export const columnsSchema = z.number().int().min(2, 'at least 2 columns').max(1000, 'at most 1000 columns');
export const rowsSchema = z.number().int().min(2, 'at least 2 rows').max(1000, 'at most 1000 rows');

export const cwdSchema = noNul('cwd')
  .min(1)
  .max(4096)
  .refine((s) => s.startsWith('/'), 'cwd must be an absolute path')
  .refine((s) => !s.split('/').includes('..'), 'cwd must not contain ".."');

const modelSchema = z
  .string()
  .min(1)
  .max(100)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:/@[\]-]*$/,
    'a model name has letters, digits and ._:/@[]- and starts with a letter or digit',
  );

/** A provider's own conversation id, as it is passed on the agent's command line. */
export const conversationIdSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'a conversation id has letters, digits and ._- only');

export const maxPromptBytes = 1_048_576;
export const promptSchema = z
  .string()
  .min(1, 'the text is empty')
  .max(maxPromptBytes, 'the text has more than 1 MB')
  .refine((s) => !s.includes('\0'), 'the text must not contain NUL')
  .refine(wellFormed, 'the text is not valid Unicode');

export const createSessionSchema = z.strictObject({
  provider: z.string().min(1),
  cwd: cwdSchema,
  name: sessionNameSchema.optional(),
  model: modelSchema.optional(),
  args: z.array(noNul('an argument').max(10_240)).max(100).default([]),
  env: envSchema.default({}),
  billingMode: billingModeSchema.default('subscription'),
  dangerousMode: z.boolean().default(false),
  /** Policy sets in the place of the default ones; an empty list for none. */
  policySets: z.array(policyIdSchema).max(100).optional(),
  policyDefault: defaultActionSchema.optional(),
  /** The person trusts the directory, as the agent would ask. Remembered. */
  trust: z.boolean().default(false),
  providerResume: z
    .strictObject({
      providerSessionId: conversationIdSchema,
      mode: z.enum(['resume', 'fork']).default('resume'),
    })
    .optional(),
  prompt: promptSchema.optional(),
  /** Whether its terminal is recorded; as the daemon is set when absent. */
  record: z.boolean().optional(),
  cols: columnsSchema.optional(),
  rows: rowsSchema.optional(),
});
export type CreateSession = z.infer<typeof createSessionSchema>;

export { modelSchema };
