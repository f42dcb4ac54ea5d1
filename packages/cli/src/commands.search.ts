import type { EntryKind } from '@codepiper/core/transcripts/transcript.ts';
import type { Command } from './command.ts';
import { clientOptions, providerNames } from './options.ts';

/** What search finds; written out, because the schema would be loaded with every command. */
export const searchedKinds = [
  ...(['prompt', 'answer', 'thinking', 'tool_call', 'tool_result', 'error', 'compaction'] as const),
] satisfies EntryKind[];

export const searchCommands: readonly Command[] = [
  {
    name: 'search',
    group: 'Reading a session',
    summary: 'Find what was said and done, in all conversations with all agents',
    usage: ['search <words> [options]', 'search [options] -- <words>'],
    examples: [
      ['search rate limiter', 'both words, wherever they are'],
      ["search 'throttl* OR limiter'", 'quotes keep the shell away from * and parentheses'],
      ['search parseHeader', 'also parse_header and parse-header'],
      ['search "connection refused" --tool bash --since 3d', 'in what commands printed'],
      ['search migration --workspace . --kind prompt', 'what was asked for, in this directory and below'],
    ],
    notes: [
      'All words; "…" for words in a row, -word for without it, word* for words that begin so, OR between alternatives,',
      '(…) around them. Identifiers and paths are found by their parts and however they are written; other signs count for',
      'nothing. The best come first: by what they say, how new they are, people and answers before tools.',
      'Read on with codepiper tail <session> --conversation, or codepiper conversations show <conversation>.',
    ],
    json: '{ results: [{ entry, conversation, snippet }], isCapped, hasMore }; odd pieces of a snippet are hits',
    positionals: [{ name: '<words>', isMany: true, isOptional: true }],
    options: {
      session: {
        value: 'session',
        help: 'Only in this session, or the conversation of this id of the agent’s, and what it started',
      },
      provider: { value: 'provider', help: 'Only with this provider', complete: providerNames },
      workspace: {
        value: 'directory',
        help: 'Only in conversations held in this directory and below',
        complete: 'directory',
      },
      cwd: { value: 'directory', help: '--workspace', complete: 'directory' },
      tool: { value: 'tool', help: 'Only calls and results of this tool' },
      kind: { value: 'kind', help: `Only ${searchedKinds.join(', ')}`, complete: searchedKinds },
      since: { value: 'time', help: 'From a date or time (ISO 8601), or an age like 12h or 3d' },
      until: { value: 'time', help: 'Up to a date, with it, or a time, without it' },
      limit: { short: 'n', value: 'count', help: 'How many results (default 20)' },
      ...clientOptions,
    },
    takesRest: true,
    load: () => import('./commands/search.ts'),
  },
];
