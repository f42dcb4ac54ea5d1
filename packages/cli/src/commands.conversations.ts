import type { Command } from './command.ts';
import { clientOptions, providerNames } from './options.ts';

export const conversationCommands: readonly Command[] = [
  {
    name: 'conversations',
    group: 'Reading a session',
    summary: 'List the conversations there are transcripts of, or print one',
    usage: ['conversations [options]', 'conversations show <conversation> [-n entries]'],
    examples: [
      ['conversations', 'those with the newest entries first, also of agents codepiper did not start'],
      ['conversations --workspace . --provider codex', 'held in this directory and below'],
      ['conversations show 12', 'the last 50 entries of one'],
      ['conversations show 0b7c -n 1000 --json', ''],
    ],
    notes: [
      '<conversation> is the number in the list, the agent’s own id, or the unique beginning of that.',
      'What was said before a fork of Codex is in the conversation it was forked from. Agents that codepiper did not start',
      'come in with codepiper import; the newest of a session: codepiper tail --conversation.',
    ],
    json: 'an array of conversations; show: { conversations, entries }',
    positionals: [
      { name: '[show]', isOptional: true, complete: ['show'] },
      { name: '[conversation]', isOptional: true },
    ],
    options: {
      provider: { value: 'provider', help: 'Only of this provider', complete: providerNames },
      workspace: { value: 'directory', help: 'Only held in this directory and below', complete: 'directory' },
      session: { value: 'session', help: 'Only of this session and the agents it started' },
      limit: {
        short: 'n',
        value: 'count',
        help: 'How many conversations, or entries with show (default 50)',
      },
      wide: { short: 'w', help: 'With the agent’s own ids' },
      ...clientOptions,
    },
    load: () => import('./commands/conversations.ts'),
  },
];
