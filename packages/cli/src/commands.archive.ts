import type { Command } from './command.ts';
import { clientOptions, help, localOptions } from './options.ts';

export const archiveCommands: readonly Command[] = [
  {
    name: 'export',
    group: 'Reading a session',
    summary: 'Write a whole conversation as Markdown, JSON or one HTML page',
    usage: ['export <session | conversation> [-o file] [--format markdown | json | html] [--redact]'],
    examples: [
      ['export review -o review.html', 'the format is that of the file’s name'],
      ['export review --redact > review.md', 'Markdown, secrets replaced by marks'],
      ['export 0b7c --format json -o parser.json', 'a conversation that codepiper did not start'],
    ],
    notes: [
      'A session is written with all its conversations and those of the agents it started. <conversation> is a number or',
      'an id as codepiper conversations lists them. The page needs no network and runs no script.',
      'A file that is there already stays, unless --force is given; it appears when it is whole.',
    ],
    json: 'the document, as --format json',
    positionals: [{ name: '<session | conversation>', complete: 'session' }],
    options: {
      output: { short: 'o', value: 'file', help: 'Write to this file (default: stdout)', complete: 'file' },
      format: {
        short: 'f',
        value: 'format',
        help: 'markdown, json or html (default: that of the file, else markdown)',
        complete: ['markdown', 'json', 'html'],
      },
      redact: { help: 'Replace what looks like a secret' },
      force: { help: 'Write over a file that is there' },
      json: { help: '`--format json`' },
      help,
      socket: clientOptions.socket,
    },
    formats: ['markdown', 'json', 'html'],
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'backup',
    group: 'Daemon',
    summary: 'Copy everything codepiper keeps, also while it runs, and check the copy',
    usage: ['backup [directory]'],
    examples: [
      ['backup', 'to backups/<time> in the state directory'],
      ['backup /mnt/disk/codepiper-monday', 'a directory that is not there yet'],
    ],
    notes: [
      'Databases are copied as they are at one moment, transcripts as they are then. The copy holds the key of the audit',
      'trail and everything that was said: keep it as private as the state directory.',
      'Windows of running sessions are not part of it, nor are recordings of terminals.',
    ],
    json: '{ directory, createdAt, files, bytes, rows, audit: { entries, findings }, missing }',
    positionals: [{ name: '[directory]', isOptional: true }],
    options: localOptions,
    load: () => import('./commands/backup.ts'),
  },
  {
    name: 'restore',
    group: 'Daemon',
    summary: 'Put a backup in the place of what codepiper keeps',
    usage: ['restore <directory> [--check]'],
    examples: [
      ['restore /mnt/disk/codepiper-monday --check', 'only say whether the backup is whole'],
      ['restore /mnt/disk/codepiper-monday', 'with the daemon stopped'],
    ],
    notes: [
      'Everything is checked first. What was there is kept in before-restore-<time> in the state directory. A restore',
      'that is killed half-way is finished by the next restore, or by the daemon when it starts.',
      'Sessions that were live when the backup was made are compared with tmux when the daemon starts: those whose window',
      'is gone have ended. --check exits with 1 for a backup that is not whole.',
    ],
    json: '{ directory, createdAt, restored, before, liveSessions }; --check: { whole, problems, … }',
    positionals: [{ name: '<directory>' }],
    options: { check: { help: 'Only check the backup' }, ...localOptions },
    load: () => import('./commands/restore.ts'),
  },
];
