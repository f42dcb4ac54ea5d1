import type { Command } from './command.ts';
import { clientOptions } from './options.ts';

export const transcriptCommands: readonly Command[] = [
  {
    name: 'import',
    group: 'Reading a session',
    summary: 'Bring in conversations that codepiper did not start',
    usage: ['import [directory…] [options]'],
    examples: [
      ['import', 'from where Claude Code and Codex keep them: ~/.claude/projects, ~/.codex/sessions'],
      ['import --provider codex --detach', 'in the background'],
      ['import ~/backup/projects', 'from a directory, and all below it'],
    ],
    notes: [
      'The files are read, never changed, and kept by a link beside the database. What is there already is not read',
      'twice: import as often as you like. Totals are right first; conversations and search follow.',
      'Ctrl+C leaves the import running in the daemon; the same command shows it again.',
    ],
    json: 'the import: { id, state, directories, files, allBytes, usageBytes, contentBytes, added, error }',
    positionals: [{ name: '[directory]', isOptional: true, isMany: true }],
    options: {
      provider: {
        value: 'provider',
        help: 'Only transcripts of this agent: claude-code or codex',
        complete: ['claude-code', 'codex'],
      },
      detach: { help: 'Do not wait until all is read' },
      ...clientOptions,
    },
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'verify',
    group: 'Reading a session',
    summary: 'Read all transcripts again and compare them with what is stored',
    usage: ['verify'],
    examples: [['verify', 'exit code 1 when something differs']],
    notes: [
      'Every line of every file is read again, by another way than it was brought in: lines, entries, responses and tokens',
      'have to agree one by one. Differences that have a reason, such as a file that is gone, are listed and are no failure.',
    ],
    json: 'the verification: { id, state, filesDone, files, error, result }',
    options: clientOptions,
    load: () => import('./commands/verify.ts'),
  },
];
