import type { Command, Option } from './command.ts';
import { clientOptions, help, session } from './options.ts';

const at: Option = {
  value: 'place',
  help: 'Where it begins: seconds, mm:ss, h:mm:ss, "turn 3", or a time as 2026-11-21T15:04Z',
};

export const recordingCommands: readonly Command[] = [
  {
    name: 'replay',
    group: 'Reading a session',
    summary: 'Play back what the terminal of a session showed',
    usage: ['replay <session> [--at place] [--speed n] [--idle-limit seconds]'],
    examples: [
      ['replay review', 'from the beginning; also while the session runs'],
      ['replay review --at "turn 3" --speed 2', 'from a turn on, twice as fast'],
      ['replay review --at 1:02:30 > words.txt', 'what was printed from there on, as text'],
    ],
    notes: [
      'Space pauses, . steps, + and - change the speed, left and right seek 5 s, up and down go from turn to turn, q quits.',
      'In a pipe it prints the text at once, as record export --format txt does.',
    ],
    json: 'asciicast, as record export writes it: one JSON value a line',
    positionals: [session],
    options: {
      at,
      speed: { value: 'factor', help: 'How fast (default 1)' },
      'idle-limit': {
        value: 'seconds',
        help: 'Longest time in which nothing happens (default 3); 0 for as it was',
      },
      json: clientOptions.json,
      help,
      socket: clientOptions.socket,
    },
    load: () => import('./commands/replay.ts'),
  },
  {
    name: 'record',
    group: 'Reading a session',
    summary: 'Recordings of terminals: on, off, status, export, delete',
    usage: [
      'record status <session>',
      'record on <session>',
      'record off <session>',
      'record export <session> [-o file] [--format v2 | v3 | txt] [--at place]',
      'record delete <session>',
    ],
    examples: [
      ['record status review', 'how much there is, and its turns'],
      ['record off review', 'before you show a secret'],
      ['record export review -o review.cast', 'for asciinema and its kin'],
    ],
    notes: [
      'A recording holds everything the terminal showed, secrets too. It is yours alone (0600), no larger than the setting',
      'recordings.maxMegabytes, and goes with the session. Only a person may switch it or delete it.',
      'off keeps what was recorded; delete removes it, and a live session that is recorded begins anew.',
    ],
    json: 'the recording: { sessionId, on, because, startedAt, from, to, bytes, segments, markers }',
    positionals: [
      { name: '<action>', complete: ['status', 'on', 'off', 'export', 'delete'] },
      { name: '<session>', complete: 'session' },
    ],
    options: {
      output: { short: 'o', value: 'file', help: 'Write to this file (default: stdout)', complete: 'file' },
      format: {
        short: 'f',
        value: 'format',
        help: 'export: v2, v3 (asciicast) or txt (default: that of the file, else v2)',
        complete: ['v2', 'v3', 'txt'],
      },
      at,
      force: { help: 'Write over a file that is there' },
      json: clientOptions.json,
      help,
      socket: clientOptions.socket,
    },
    formats: ['v2', 'v3', 'txt', 'json'],
    load: () => import('./commands/record.ts'),
  },
];
