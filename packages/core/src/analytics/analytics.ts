import { z } from 'zod';
import { costSchema } from './pricing.ts';

const count = z.number().int();
const time = z.iso.datetime();

export const periodSchema = z.object({
  since: time.nullable(),
  until: time.nullable(),
  timezone: z.string(),
});

/** Sums over responses of models. Each token is in one class only; `reasoning` is a part of `output`. */
export const usageSchema = z.object({
  responses: count,
  /** Read anew: neither from a cache nor into one. */
  input: count,
  output: count,
  cacheRead: count,
  cacheWrite5m: count,
  cacheWrite1h: count,
  reasoning: count,
  /** All but `reasoning`. */
  total: count,
  /** Of what models read, the part that came from a cache, from 0 to 1; null when they read nothing. */
  cacheHitRate: z.number().nullable(),
  cost: costSchema,
});
export type Usage = z.infer<typeof usageSchema>;

export const overviewSchema = z.object({
  period: periodSchema,
  /** codepiper's sessions with something in the period. */
  sessionsCount: count,
  /** Live sessions now. */
  activeSessions: count,
  conversationsCount: count,
  totalTokens: count,
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheCreationTokens: count,
  reasoningTokens: count,
  /** Prompts and answers. */
  totalMessages: count,
  requests: count,
  cacheHitRate: z.number().nullable(),
  cost: costSchema,
});
export type Overview = z.infer<typeof overviewSchema>;

export const tokenDaysSchema = z.object({
  period: periodSchema,
  days: z.array(usageSchema.extend({ date: z.iso.date() })),
  total: usageSchema,
});
export type TokenDays = z.infer<typeof tokenDaysSchema>;

export const modelUsageSchema = z.object({
  period: periodSchema,
  models: z.array(usageSchema.extend({ model: z.string() })),
  total: usageSchema,
});
export type ModelUsage = z.infer<typeof modelUsageSchema>;

export const providerUsageSchema = z.object({
  period: periodSchema,
  providers: z.array(usageSchema.extend({ provider: z.string(), sessions: count, conversations: count })),
  total: usageSchema,
});
export type ProviderUsage = z.infer<typeof providerUsageSchema>;

export const activityDaySchema = z.object({
  date: z.iso.date(),
  /** Prompts. */
  userMessages: count,
  /** Answers. */
  assistantMessages: count,
  total: count,
});
export const activitySchema = z.object({ period: periodSchema, days: z.array(activityDaySchema) });
export type Activity = z.infer<typeof activitySchema>;

/** As the agent measured it, else from the call to its result; in milliseconds. Null when no call ended. */
const duration = z.number().nullable();
export const toolUsageSchema = z.object({
  period: periodSchema,
  tools: z.array(
    z.object({
      provider: z.string(),
      tool: z.string(),
      count,
      failures: count,
      /** Refused or broken off: no failures of the tool. */
      denied: count,
      /** Of the calls that ended, from 0 to 1; null when none did. */
      failureRate: z.number().nullable(),
      /** Calls without a result. */
      unfinished: count,
      p50Ms: duration,
      p95Ms: duration,
      p99Ms: duration,
    }),
  ),
});
export type ToolUsage = z.infer<typeof toolUsageSchema>;

export const sessionUsageSchema = z.object({
  period: periodSchema,
  /** Conversations, the most expensive first. */
  conversations: z.array(
    usageSchema.extend({
      /** Of codepiper; several when a conversation was resumed in another one. */
      sessionIds: z.array(z.string()),
      provider: z.string(),
      conversationId: z.string(),
      title: z.string().nullable(),
      cwd: z.string().nullable(),
      models: z.array(z.string()),
      lastAt: time.nullable(),
    }),
  ),
  total: usageSchema,
  /** How many there are beyond `limit`. */
  leftOff: count,
});
export type SessionUsage = z.infer<typeof sessionUsageSchema>;

export const turnUsageSchema = z.object({
  period: periodSchema,
  /** Turns that began in the period, the most expensive first. */
  turns: z.array(
    usageSchema.extend({
      provider: z.string(),
      conversationId: z.string(),
      turnId: z.string(),
      startedAt: time.nullable(),
    }),
  ),
});
export type TurnUsage = z.infer<typeof turnUsageSchema>;

export const fileReadsSchema = z.object({
  period: periodSchema,
  /** Files that one conversation read more than once, the most often read first. */
  files: z.array(
    z.object({ path: z.string(), conversationId: z.string(), provider: z.string(), reads: count }),
  ),
});
export type FileReads = z.infer<typeof fileReadsSchema>;

export const wasteSchema = z.object({
  period: periodSchema,
  /** Turns that led to nothing: they failed, or somebody interrupted them. */
  phases: z.array(usageSchema.extend({ phase: z.enum(['failed', 'interrupted']), turns: count })),
  total: usageSchema,
});
export type Waste = z.infer<typeof wasteSchema>;

export const costDriversSchema = z.object({
  period: periodSchema,
  /** What each class of tokens cost. */
  classes: z.array(
    z.object({
      class: z.enum(['input', 'output', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h']),
      tokens: count,
      cost: costSchema,
    }),
  ),
  /** Conversations themselves, and the sub-agents they started. */
  agents: z.array(usageSchema.extend({ agent: z.enum(['main', 'subagent']) })),
  workspaces: z.array(usageSchema.extend({ cwd: z.string().nullable() })),
  total: usageSchema,
});
export type CostDrivers = z.infer<typeof costDriversSchema>;

export const decisionDaysSchema = z.object({
  period: periodSchema,
  days: z.array(z.object({ date: z.iso.date(), decision: z.string(), count })),
});
export type DecisionDays = z.infer<typeof decisionDaysSchema>;
