import type { Command } from './command.ts';
import { clientOptions, session } from './options.ts';

const ref = { name: '<approval>' } as const;
const refNote = '<approval> is an id, or the unique beginning of one.';
const approvalJson = 'the approval';

/** Commands that answer what waits for a person. */
export const approvalCommands: readonly Command[] = [
  {
    name: 'approvals',
    group: 'Permissions',
    summary: 'List what waits for a person; show one, or answer them as they come',
    usage: ['approvals [options]', 'approvals [show] <approval>'],
    examples: [
      ['approvals', 'what waits, the oldest first'],
      ['approvals --watch', 'keep the list, and answer with the keys below it'],
      ['approvals 4f1c', 'everything about one: the command and its parts, the diff, why it was asked'],
      ['approvals --status denied --session review', 'what was denied in a session'],
    ],
    notes: [
      refNote,
      'In an attached session Ctrl+B a opens the list of that session (tmux 3.2 or newer).',
      'With --watch and no terminal each approval is a line when it is asked and when it is settled.',
    ],
    json: 'an array of approvals, one approval with <approval>; with --watch one approval per line',
    positionals: [
      { name: '[show]', isOptional: true, complete: ['show'] },
      { name: '[approval]', isOptional: true },
    ],
    options: {
      watch: { short: 'w', help: 'Keep the list up to date; on a terminal also answer' },
      session: { value: 'session', help: 'Only of this session' },
      status: {
        value: 'status',
        help: 'pending (default), approved, denied, expired or withdrawn',
        complete: ['pending', 'approved', 'denied', 'expired', 'withdrawn'],
      },
      popup: { help: 'For the tmux popup: answer, and leave when nothing waits any more' },
      ...clientOptions,
    },
    load: () => import('./commands/approvals.ts'),
  },
  {
    name: 'approve',
    group: 'Permissions',
    summary: 'Let a tool run, or answer a question',
    usage: ['approve <approval> [options]'],
    examples: [
      ['approve 4f1c', 'this call'],
      ['approve 4f1c --session', 'this call, and calls like it in this session'],
      ['approve 4f1c --always', 'and everywhere: shows the rule first'],
      ['approve 4f1c --like', 'and whatever else waits that the same rule would allow'],
      ['approve 4f1c --answer "Postgres"', 'a question: a proposed answer or your own words'],
    ],
    notes: [
      refNote,
      '--session and --always keep the narrowest rule that allows the call, or the one of --rule; codepiper policy',
      'lists and removes it. On a terminal it is shown first and can be edited; --yes keeps it unseen.',
      'Whoever answers first wins: an approval that was settled before is exit code 1, with who it was.',
    ],
    json: '{ approval, policy }; an array of approvals with --like',
    positionals: [ref],
    options: {
      once: { help: 'This call only (default)' },
      session: { help: 'Keep a rule for the session' },
      always: { help: 'Keep a rule for every session' },
      rule: { value: 'rule', help: 'The rule to keep, as JSON or YAML, in the place of the proposed one' },
      like: { help: 'Approve everything that waits and is like it, once each' },
      answer: {
        value: 'text',
        isMany: true,
        help: 'Answer to a question: text, or question=text where there are several',
      },
      note: { value: 'text', help: 'A remark for the audit trail' },
      yes: { short: 'y', help: 'Keep the rule without showing it first' },
      ...clientOptions,
    },
    load: () => import('./commands/approve.ts'),
  },
  {
    name: 'deny',
    group: 'Permissions',
    summary: 'Refuse a call; the reason reaches the model',
    usage: ['deny <approval> [--reason text]'],
    examples: [['deny 4f1c --reason "Use the staging database"', '']],
    notes: [refNote],
    json: approvalJson,
    positionals: [ref],
    options: {
      reason: { short: 'r', value: 'text', help: 'What the model is told' },
      ...clientOptions,
    },
    load: () => import('./commands/deny.ts'),
  },
  {
    name: 'trust',
    group: 'Permissions',
    summary: 'Answer every question of the rules in a session with yes, for a time',
    usage: ['trust <session> --for <time>', 'trust <session> --end'],
    examples: [
      ['trust review --for 30m', 'what waits is approved as well; denials still hold'],
      ['trust review --end', ''],
    ],
    notes: ['<time> is a number with s, m or h: up to 24h. Questions and plans still wait for you.'],
    json: '{ policy, approvals }',
    positionals: [session],
    options: {
      for: { value: 'time', help: 'How long, e.g. 90s, 30m, 2h' },
      end: { help: 'End the trust now' },
      ...clientOptions,
    },
    load: () => import('./commands/trust.ts'),
  },
];
