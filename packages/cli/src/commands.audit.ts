import type { Command } from './command.ts';
import { clientOptions } from './options.ts';

export const auditCommands: readonly Command[] = [
  {
    name: 'audit',
    group: 'Permissions',
    summary: 'Read the audit trail, and prove that nobody changed it',
    usage: ['audit [options]', 'audit show <entry>', 'audit verify [--db path] [--expect entry:hash]'],
    examples: [
      ['audit', 'the newest 50 entries, the newest last'],
      ['audit --session review --decision deny --since 2d', ''],
      ['audit --csv > decisions.csv', 'all of it: CSV and JSON stop at --limit only'],
      ['audit show 812', 'every part of the call, and the rule that spoke'],
      ['audit verify', 'works without the daemon; exit code 1 when something was changed'],
    ],
    notes: [
      'Secrets are replaced by marks, the same secret by the same mark. In CSV a cell that a spreadsheet would take for',
      'a formula begins with an apostrophe.',
      'verify prints the end of the trail as `head`. Kept elsewhere, it shows later, as --expect, that the trail was not',
      'cut together with its checkpoints.',
    ],
    json: 'an array of decisions, the newest last; show: the decision; verify: { intact, entries, first, last, checkpoints, signedUpTo, findings, findingCount }',
    positionals: [
      { name: '[action]', isOptional: true, complete: ['show', 'verify'] },
      { name: '[entry]', isOptional: true },
    ],
    options: {
      session: { value: 'session', help: 'Only of this session; of a removed one by its whole id' },
      decision: {
        value: 'decision',
        help: 'Only these: allow, deny, ask, agent or change',
        complete: ['allow', 'deny', 'ask', 'agent', 'change'],
      },
      tool: { value: 'tool', help: 'Only of this tool: its name or kind (shell, write, …)' },
      since: { value: 'time', help: 'Only later ones: a time (ISO 8601) or an age like 30m, 1h, 2d' },
      limit: { short: 'n', value: 'count', help: 'How many (default 50; CSV and JSON: all)' },
      csv: { help: 'Print CSV' },
      db: { value: 'path', help: 'verify: the database file (default: of this home)', complete: 'file' },
      expect: { value: 'entry:hash', help: 'verify: a head that was noted earlier' },
      ...clientOptions,
    },
    load: () => import('./commands/audit.ts'),
  },
];
