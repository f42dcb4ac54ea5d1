import type { Command, Option } from './command.ts';
import { clientOptions, session } from './options.ts';

const sessionJson = 'the session';
const wait: Option = { value: 'seconds', help: 'How long to wait for the proof of delivery (default 30)' };
const noWait: Option = { help: 'Return as soon as the text is queued' };
const sendNotes = [
  'delivered: seen by the agent, with the evidence. accepted: queued or typed, the proof is still to come.',
  'Exit code 0 for both; 1 for timed out (typed, no proof in time) and failed.',
];

/** Commands that talk to one session or read from it. */
export const talkCommands: readonly Command[] = [
  {
    name: 'attach',
    group: 'Talking to a session',
    summary: 'Work in the session at its own terminal',
    usage: ['attach <session> [-r]'],
    examples: [
      ['attach review', 'Ctrl+B D detaches; inside your own tmux press Ctrl+B twice'],
      ['attach review --read-only', 'look, do not touch'],
    ],
    notes: [
      'The session goes on after you detach. Plain tmux works too: sessions -w prints the command.',
      'Ctrl+B a opens what waits for your approval in this session (tmux 3.2 or newer).',
      'The tmux server is codepiper’s own and reads no tmux.conf; its prefix is Ctrl+B.',
    ],
    positionals: [session],
    options: {
      'read-only': { short: 'r', help: 'Look only' },
      help: clientOptions.help,
      socket: clientOptions.socket,
    },
    load: () => import('./commands/attach.ts'),
  },
  {
    name: 'send',
    group: 'Talking to a session',
    summary: 'Send text as a prompt, and prove that it arrived',
    usage: ['send <session> [text… | -]'],
    examples: [
      ['send review "Now run the tests"', ''],
      ['send review - < prompt.md', 'text from stdin'],
      ['send review --no-newline "draft"', 'type it, do not press Enter'],
      ['send review -- "- begins with a dash"', ''],
    ],
    notes: [
      ...sendNotes,
      'Text waits until the agent is ready; it is never typed into a question or a permission dialog.',
      'One line end at the end of stdin is taken off.',
    ],
    json: '{ outcome, delivery }',
    positionals: [session, { name: '[text]', isOptional: true, isMany: true }],
    options: {
      newline: { short: 'n', help: 'Press Enter behind the text (default)' },
      'no-newline': { help: 'Do not press Enter' },
      wait,
      'no-wait': noWait,
      key: { value: 'key', help: 'Idempotency key: the same key and text is delivered once' },
      ...clientOptions,
    },
    takesRest: true,
    load: () => import('./commands/send.ts'),
  },
  {
    name: 'keys',
    group: 'Talking to a session',
    summary: 'Press keys at once',
    usage: ['keys <session> <key>…'],
    examples: [
      ['keys review escape', ''],
      ['keys review ctrl+c', ''],
      ['keys review down down enter', ''],
    ],
    notes: [
      'Keys: single characters, enter, escape, tab, shift+tab, space, backspace, delete, insert, up, down, left,',
      'right, home, end, pageup, pagedown, f1…f12; with ctrl+, alt+, shift+. Keys that begin with - go behind --.',
    ],
    json: '{ success }',
    positionals: [session, { name: '<key>', isOptional: true, isMany: true }],
    options: clientOptions,
    takesRest: true,
    load: () => import('./commands/keys.ts'),
  },
  {
    name: 'slash',
    group: 'Talking to a session',
    summary: "Run one of the agent's slash commands",
    usage: ['slash <session> <command> [arguments…]'],
    examples: [['slash review compact', 'types /compact when the agent is ready']],
    notes: sendNotes,
    json: '{ outcome, delivery }',
    positionals: [session, { name: '<command>' }, { name: '[arguments]', isOptional: true, isMany: true }],
    options: { wait, 'no-wait': noWait, ...clientOptions },
    takesRest: true,
    load: () => import('./commands/slash.ts'),
  },
  {
    name: 'interrupt',
    group: 'Talking to a session',
    summary: 'Interrupt what the agent is doing',
    usage: ['interrupt <session>'],
    examples: [['interrupt review', 'nothing happens to an idle one']],
    notes: [
      'Presses Escape, or Ctrl+C in a shell session. A question or permission dialog that waits is answered by it:',
      'the agent takes Escape as a no.',
    ],
    json: '{ interrupted, session }',
    positionals: [session],
    options: clientOptions,
    load: () => import('./commands/interrupt.ts'),
  },
  {
    name: 'model',
    group: 'Talking to a session',
    summary: 'Print or switch the model',
    usage: ['model <session> [model]'],
    examples: [
      ['model review', ''],
      ['model review opus', 'for this session only'],
    ],
    json: '{ model, supportsModelSwitch } to print, the session to switch',
    positionals: [session, { name: '[model]', isOptional: true }],
    options: clientOptions,
    load: () => import('./commands/model.ts'),
  },
  {
    name: 'resize',
    group: 'Talking to a session',
    summary: 'Set the size of the terminal',
    usage: ['resize <session> <columns> <rows>'],
    examples: [['resize review 120 40', '']],
    notes: ['An attached terminal decides as long as it is attached.'],
    json: sessionJson,
    positionals: [session, { name: '<columns>' }, { name: '<rows>' }],
    options: clientOptions,
    load: () => import('./commands/resize.ts'),
  },
  {
    name: 'tail',
    group: 'Reading a session',
    summary: 'Print the last lines of the terminal',
    usage: ['tail <session> [-n lines] [-f]'],
    examples: [
      ['tail review -n 100', ''],
      ['tail review --follow', 'and what comes, as plain text'],
    ],
    notes: [
      'A full-screen agent redraws its screen: --follow then tells what is new on it when it is quiet.',
      'What scrolls by in between is not told; attach shows it.',
    ],
    json: '{ output, live }; not with --follow',
    positionals: [session],
    options: {
      lines: { short: 'n', value: 'lines', help: 'How many (default 50, at most 10000)' },
      follow: { short: 'f', help: 'Go on as more is printed' },
      ...clientOptions,
    },
    load: () => import('./commands/tail.ts'),
  },
  {
    name: 'logs',
    group: 'Reading a session',
    summary: 'Print the events of a session, the newest last',
    usage: ['logs <session> [options]'],
    examples: [
      ['logs review', 'the newest 100'],
      ['logs review -f --source hook', 'what the hooks report, as it happens'],
    ],
    json: 'an array of events; with --follow one event per line',
    positionals: [session],
    options: {
      tail: { short: 'n', value: 'count', help: 'How many (default 100)' },
      follow: { short: 'f', help: 'Go on as events happen' },
      since: { value: 'id', help: 'Only events after this one' },
      source: {
        value: 'source',
        help: 'session, delivery, hook, approval, policy or daemon',
        complete: ['session', 'delivery', 'hook', 'approval', 'policy', 'daemon'],
      },
      type: { value: 'type', help: 'Only events of this type' },
      ...clientOptions,
    },
    load: () => import('./commands/logs.ts'),
  },
];
