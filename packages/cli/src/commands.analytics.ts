import type { Command } from './command.ts';
import { clientOptions, providerNames } from './options.ts';

const actions = [
  ...['overview', 'tokens', 'costs', 'models', 'providers', 'tools', 'activity'],
  ...['sessions', 'turns', 'files', 'waste', 'decisions'],
] as const;

export const analyticsCommands: readonly Command[] = [
  {
    name: 'analytics',
    group: 'Reading a session',
    summary: 'Tokens, cost and tools, over time and by model, session and directory',
    usage: ['analytics [view] [options]'],
    examples: [
      ['analytics', 'the last seven days in one look'],
      ['analytics costs --range 30d --workspace .', 'what the money went into, in this directory and below'],
      ['analytics tokens --since 2026-11-01 --until 2026-11-15 --csv', ''],
      ['analytics tools --order failures', 'the tools that fail most'],
      ['analytics sessions --range today --json', ''],
    ],
    notes: [
      'Views: overview, tokens (by day), costs (what drives them), models, providers, tools, activity (messages by day),',
      'sessions, turns (the most expensive), files (read again and again), waste (turns that led to nothing), decisions.',
      'Cost is what the API would take at list prices. What a model without a known price used is shown as "unknown", and',
      'is in no sum of dollars.',
    ],
    json: 'the reply of the view: { period, … }; a cost is { usd, isComplete, unknownModels, unknownTokens }',
    positionals: [{ name: '[view]', isOptional: true, complete: actions }],
    options: {
      range: {
        value: 'range',
        help: 'today, 7d (default), 30d or all',
        complete: ['today', '7d', '30d', 'all'],
      },
      since: { value: 'time', help: 'From a date or time (ISO 8601), or an age like 12h or 3d' },
      until: { value: 'time', help: 'Up to a date, with it, or a time, without it' },
      timezone: { value: 'zone', help: 'IANA name; default: of this machine' },
      session: {
        value: 'session',
        help: 'Only of this session, or of a conversation by its id, with the agents it started',
      },
      workspace: { value: 'directory', help: 'Only of this directory and below', complete: 'directory' },
      model: { value: 'model', help: 'Only of this model, however it is spelled' },
      provider: { value: 'provider', help: 'Only of this provider', complete: providerNames },
      order: {
        value: 'order',
        help: 'tools: count (default), failures or slow',
        complete: ['count', 'failures', 'slow'],
      },
      limit: { short: 'n', value: 'count', help: 'tools, sessions, turns, files: how many rows' },
      csv: { help: 'Print CSV' },
      ...clientOptions,
    },
    load: () => import('./commands/analytics.ts'),
  },
];
