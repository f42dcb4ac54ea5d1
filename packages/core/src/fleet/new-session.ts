import { z } from 'zod';

const words = z.string().max(4096);

/** A request for a session as far as it is typed. Everything in it may be wrong: the answer says what. */
export const sessionDraftSchema = z.strictObject({
  provider: words.optional(),
  /** Absolute, or below the home directory by `~`. */
  cwd: words,
  name: words.optional(),
  model: words.optional(),
  args: z.array(z.string().max(10_240)).max(100).optional(),
  env: z.record(z.string().max(256), z.string().max(65_536)).optional(),
  billingMode: words.optional(),
  dangerousMode: z.boolean().optional(),
  policySets: z.array(words).max(100).optional(),
  policyDefault: words.optional(),
  /** The person says that the directory is trusted. */
  trust: z.boolean().optional(),
  providerResume: z.strictObject({ providerSessionId: words, mode: words.optional() }).optional(),
});
export type SessionDraft = z.infer<typeof sessionDraftSchema>;

/** What is said about one field of the draft; `session` is the request as a whole. */
const remarkSchema = z.object({
  /** e.g. `cwd`, `env.PATH`. */
  field: z.string(),
  message: z.string(),
});
export type Remark = z.infer<typeof remarkSchema>;

export const draftVerdictSchema = z.object({
  /** `POST /sessions` would not refuse it, as far as can be said without starting it. */
  valid: z.boolean(),
  /** The directory as `POST /sessions` wants it. */
  cwd: z.string(),
  directoryExists: z.boolean(),
  isGitRepo: z.boolean(),
  /** Whether the agent starts there without asking; null when it cannot be said. */
  isTrusted: z.boolean().nullable(),
  errors: z.array(remarkSchema),
  warnings: z.array(remarkSchema),
  git: z
    .object({
      root: z.string(),
      /** Null when no branch is checked out. */
      branch: z.string().nullable(),
      /** Null when git did not say in time. */
      hasUncommittedChanges: z.boolean().nullable(),
      /** Local ones, the last used first; the beginning of them where there are many. */
      branches: z.array(z.string()),
    })
    .nullable(),
});
export type DraftVerdict = z.infer<typeof draftVerdictSchema>;

/** Folders in one listing at most. */
export const maxDirectories = 1000;

export const directoryListSchema = z.object({
  path: z.string(),
  /** Null of the root. */
  parent: z.string().nullable(),
  /** Sorted by name; at most a thousand. */
  entries: z.array(z.object({ name: z.string(), path: z.string(), isGitRepo: z.boolean() })),
  /** There are more than are listed. */
  truncated: z.boolean(),
});
export type DirectoryList = z.infer<typeof directoryListSchema>;

export const recentDirectoriesSchema = z.object({
  /** Those that are there, the last used first. */
  directories: z.array(
    z.object({
      path: z.string(),
      lastUsedAt: z.iso.datetime(),
      /** How many sessions there are, and were. */
      sessions: z.number().int(),
    }),
  ),
});
export type RecentDirectories = z.infer<typeof recentDirectoriesSchema>;
