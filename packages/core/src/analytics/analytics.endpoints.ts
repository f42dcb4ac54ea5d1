import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { providerNameSchema } from '../providers/provider.ts';
import { sessionRefSchema } from '../sessions/session.endpoints.ts';
import {
  activitySchema,
  costDriversSchema,
  decisionDaysSchema,
  fileReadsSchema,
  modelUsageSchema,
  overviewSchema,
  providerUsageSchema,
  sessionUsageSchema,
  tokenDaysSchema,
  toolUsageSchema,
  turnUsageSchema,
  wasteSchema,
} from './analytics.ts';
import { ranges } from './periods.ts';

const limit = (usual: number) => z.coerce.number().int().min(1).max(1000).default(usual);

const periodQuery = z.strictObject({
  /** The last seven days when neither it nor since and until are given. */
  range: z.enum(ranges).optional(),
  /** A date (the whole day) or a time in ISO 8601. */
  since: z.string().min(1).max(40).optional(),
  /** A date (the whole day) or a time in ISO 8601, which is not in the period itself. */
  until: z.string().min(1).max(40).optional(),
  /** IANA name; that of the daemon's machine when absent. */
  timezone: z.string().min(1).max(60).optional(),
});

/** What happened in conversations. */
const activityQuerySchema = periodQuery.extend({
  /**
   * Id of a session, the unique beginning of one, or a name; else the agent's id of a conversation, or the unique
   * beginning of it. With what its agents started.
   */
  session: sessionRefSchema.optional(),
  /** A directory, by its absolute path: conversations in it and below. */
  workspace: z.string().max(4096).startsWith('/', 'must be an absolute path').optional(),
  provider: providerNameSchema.optional(),
});

/** What models were used for. */
const usageQuerySchema = activityQuerySchema.extend({
  /** Any spelling of a model's name. */
  model: z.string().min(1).max(200).optional(),
});

export const toolOrders = ['count', 'failures', 'slow'] as const;
const toolQuerySchema = activityQuerySchema.extend({
  /** Most often called, most often failed, or slowest (95th percentile) first. */
  order: z.enum(toolOrders).default('count'),
  limit: limit(15),
});

const errors = ['session_not_found', 'session_ambiguous', 'conversation_ambiguous'] as const;

export const analyticsEndpoints = {
  analyticsOverview: defineEndpoint({
    method: 'GET',
    path: '/analytics/overview',
    summary: 'Sessions, messages, tokens and their cost.',
    query: usageQuerySchema,
    reply: overviewSchema,
    errors,
  }),
  analyticsTokens: defineEndpoint({
    method: 'GET',
    path: '/analytics/token-usage',
    summary: 'Tokens and cost of each day.',
    query: usageQuerySchema,
    reply: tokenDaysSchema,
    errors,
  }),
  analyticsModels: defineEndpoint({
    method: 'GET',
    path: '/analytics/tokens-by-model',
    summary: 'Tokens and cost of each model.',
    query: usageQuerySchema,
    reply: modelUsageSchema,
    errors,
  }),
  analyticsProviders: defineEndpoint({
    method: 'GET',
    path: '/analytics/sessions-by-provider',
    summary: 'Sessions, conversations, tokens and cost of each provider.',
    query: usageQuerySchema,
    reply: providerUsageSchema,
    errors,
  }),
  analyticsActivity: defineEndpoint({
    method: 'GET',
    path: '/analytics/activity-timeline',
    summary: 'Prompts and answers of each day.',
    query: activityQuerySchema,
    reply: activitySchema,
    errors,
  }),
  analyticsTools: defineEndpoint({
    method: 'GET',
    path: '/analytics/tool-usage',
    summary: 'Calls, failures and durations of each tool.',
    query: toolQuerySchema,
    reply: toolUsageSchema,
    errors,
  }),
  analyticsSessions: defineEndpoint({
    method: 'GET',
    path: '/analytics/sessions',
    summary: 'Conversations by their cost.',
    query: usageQuerySchema.extend({ limit: limit(50) }),
    reply: sessionUsageSchema,
    errors,
  }),
  analyticsTurns: defineEndpoint({
    method: 'GET',
    path: '/analytics/turns',
    summary: 'The most expensive turns.',
    query: usageQuerySchema.extend({ limit: limit(20) }),
    reply: turnUsageSchema,
    errors,
  }),
  analyticsFiles: defineEndpoint({
    method: 'GET',
    path: '/analytics/file-reads',
    summary: 'Files that a conversation read again and again.',
    query: activityQuerySchema.extend({ limit: limit(20) }),
    reply: fileReadsSchema,
    errors,
  }),
  analyticsWaste: defineEndpoint({
    method: 'GET',
    path: '/analytics/waste',
    summary: 'Turns that failed or were interrupted, and what they cost.',
    query: usageQuerySchema,
    reply: wasteSchema,
    errors,
  }),
  analyticsCostDrivers: defineEndpoint({
    method: 'GET',
    path: '/analytics/cost-drivers',
    summary: 'What the money goes into: classes of tokens, sub-agents, directories.',
    query: usageQuerySchema,
    reply: costDriversSchema,
    errors,
  }),
  analyticsDecisions: defineEndpoint({
    method: 'GET',
    path: '/analytics/policy-decisions',
    summary: 'Decisions about tool calls of each day.',
    query: periodQuery.extend({ session: sessionRefSchema.optional() }),
    reply: decisionDaysSchema,
    errors: ['session_not_found', 'session_ambiguous'],
  }),
} as const;
