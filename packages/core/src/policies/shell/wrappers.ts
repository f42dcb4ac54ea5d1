import { unknownText } from '../parts.ts';
import type { Option, OptionGrammar } from './options.ts';
import { parseOptions } from './options.ts';
import type { Handler, ProgramCall } from './programs.ts';
import type { Arg } from './words.ts';
import { isKnown, unknownArg } from './words.ts';

const assignment = /^([A-Za-z_]\w*)=([\s\S]*)$/;
const unsure = (word: Arg) => `what ${word.shown} stands for is only known when it runs`;

/** Assignments in front of a program; what comes after them. */
function takeVariables(call: ProgramCall, words: readonly Arg[]): readonly Arg[] {
  let at = 0;
  for (; at < words.length; at++) {
    const [, name, value] = assignment.exec(words[at]?.text ?? '') ?? [];
    if (name === undefined) break;
    call.reading.variable(name, value ?? '', false);
  }
  return words.slice(at);
}

interface Wrapper extends OptionGrammar {
  /** Words between the options and the program: a time, a file. */
  skips?: number;
  /** Options with which it runs no program of ours. */
  ends?: readonly string[];
  /** Options with which what it does cannot be told. */
  refuses?: Readonly<Record<string, string>>;
  /** `NAME=value` words come before the program. */
  hasVariables?: boolean;
  /** Option whose value is the directory the program runs in. */
  directory?: readonly string[];
  /** Option whose value is a script for sh. */
  script?: readonly string[];
  /** Said when no program follows; without it that is fine. */
  alone?: string;
}

const wrapper =
  (grammar: Wrapper): Handler =>
  (call) => {
    const parsed = parseOptions(call.args, grammar);
    if (typeof parsed === 'string') return parsed;
    const { options, rest } = parsed;
    const valued = options.find(({ value }) => value && !isKnown(value.text));
    if (valued?.value) return unsure(valued.value);
    for (const { name } of options) {
      const refused = grammar.refuses?.[name];
      if (refused) return refused;
    }
    enterDirectory(call, options, grammar.directory ?? []);
    const script = options.find(({ name }) => grammar.script?.includes(name));
    if (script?.value) call.script(script.value.text, 'sh');
    if (options.some(({ name }) => grammar.ends?.includes(name))) return null;
    const skipped = rest.slice(0, grammar.skips ?? 0).find(({ text }) => !isKnown(text));
    if (skipped) return unsure(skipped);
    let words: readonly Arg[] = rest.slice(grammar.skips ?? 0);
    // `flock file -c script`: options once more.
    if (grammar.script && words[0] && grammar.script.includes(words[0].text)) {
      const text = words[1]?.text ?? unknownText;
      if (!isKnown(text)) return unsure(words[1] ?? unknownArg);
      call.script(text, 'sh');
      return null;
    }
    if (grammar.hasVariables) words = takeVariables(call, words);
    if (words.length > 0) call.run(words);
    else if (!script) return grammar.alone ?? null;
    return null;
  };

function enterDirectory(call: ProgramCall, options: readonly Option[], names: readonly string[]): void {
  for (const { name, value } of options) if (value && names.includes(name)) call.reading.enter(value.text);
}

const aShell = 'it starts a shell';
const splits = 'it takes a text apart into a command by rules of its own';

const xargs: Handler = (call) => {
  const parsed = parseOptions(call.args, {
    flags: '0rtxpo',
    valued: 'adEILnPs',
    long: [
      'null',
      'no-run-if-empty',
      'verbose',
      'exit',
      'interactive',
      'open-tty',
      'show-limits',
      'arg-file=',
      'delimiter=',
      'max-args=',
      'max-procs=',
      'max-chars=',
      'replace?',
    ],
  });
  if (typeof parsed === 'string') return parsed;
  for (const { name, value } of parsed.options)
    if (value && (name === '-a' || name === '--arg-file')) call.reading.file('read', value, true);
  const replace = parsed.options.find(({ name }) => name === '-I' || name === '--replace');
  const mark = replace ? (replace.value?.text ?? '{}') : null;
  if (mark !== null && (mark === '' || !isKnown(mark))) return 'what it replaces is only known when it runs';
  const words = parsed.rest;
  if (words.length === 0) return null;
  call.run(mark === null ? [...words, unknownArg] : words.map((word) => replaceIn(word, mark)), null);
  return null;
};

function replaceIn(word: Arg, mark: string): Arg {
  if (!word.text.includes(mark)) return word;
  return { ...word, text: word.text.replaceAll(mark, unknownText), isGlob: false };
}

const findRuns = new Set(['-exec', '-execdir', '-ok', '-okdir']);

const find: Handler = (call) => {
  for (const { text, isGlob, shown } of call.args) {
    if (!isKnown(text) && (!isGlob || text.startsWith(unknownText)))
      return `${shown} may be an option of find that runs or deletes`;
  }
  for (let at = 0; at < call.args.length; at++) {
    if (!findRuns.has(call.args[at]?.text ?? '')) continue;
    const words: Arg[] = [];
    let isClosed = false;
    for (at++; at < call.args.length; at++) {
      const word = call.args[at];
      if (!word) break;
      isClosed = word.text === ';' || (word.text === '+' && words.at(-1)?.text === '{}');
      if (isClosed) break;
      words.push(word);
    }
    if (!isClosed) return 'the command it runs has no end';
    call.run(words.map((word) => replaceIn(word, '{}')));
  }
  return null;
};

/** Runs its words as a script, joined by spaces. */
const watch: Handler = (call) => {
  const parsed = parseOptions(call.args, {
    flags: 'bcdegtxw',
    valued: 'nq',
    long: ['beep', 'color', 'differences?', 'errexit', 'chgexit', 'no-title', 'exec', 'interval=', 'precise'],
  });
  if (typeof parsed === 'string') return parsed;
  const line = parsed.rest.map((word) => word.text).join(' ');
  if (parsed.options.some(({ name }) => name === '-x' || name === '--exec')) call.run(parsed.rest);
  else if (!isKnown(line)) return 'the script it runs is only known when it runs';
  else call.script(line, 'sh');
  return null;
};

const applets: Handler = (call) => {
  if (call.args[0] && !call.args[0].text.startsWith('--')) call.run(call.args);
  return null;
};

/** The program `command` looks up is not run. */
const command: Handler = (call) => {
  const parsed = parseOptions(call.args, { flags: 'pvV' });
  if (typeof parsed === 'string') return parsed;
  const isLookup = parsed.options.some(({ name }) => name !== '-p');
  if (!isLookup && parsed.rest.length > 0) call.run(parsed.rest);
  return null;
};

const sudo = wrapper({
  flags: 'AbEHknPSBNKlvVis',
  valued: 'ugCDhpRrtTU',
  long: [
    'user=',
    'group=',
    'chdir=',
    'preserve-env?',
    'non-interactive',
    'stdin',
    'set-home',
    'background',
    'login',
    'shell',
    'edit',
    'list',
    'validate',
    'reset-timestamp',
    'remove-timestamp',
    'version',
  ],
  hasVariables: true,
  ends: ['-l', '-v', '-V', '-K', '--list', '--validate', '--remove-timestamp', '--version'],
  refuses: {
    '-i': aShell,
    '-s': aShell,
    '--login': aShell,
    '--shell': aShell,
    '--edit': 'it starts an editor',
    '-R': 'it runs in another root directory',
  },
  directory: ['-D', '--chdir'],
});

/** Programs that run another one which their arguments name. */
export const wrappers: Readonly<Record<string, Handler>> = {
  env: wrapper({
    flags: 'i0v',
    valued: 'uCS',
    long: [
      'ignore-environment',
      'null',
      'unset=',
      'chdir=',
      'split-string=',
      'debug',
      'block-signal?',
      'default-signal?',
      'ignore-signal?',
    ],
    hasVariables: true,
    directory: ['-C', '--chdir'],
    refuses: { '-S': splits, '--split-string': splits },
  }),
  sudo,
  doas: wrapper({ flags: 'nL', valued: 'uC', alone: aShell, ends: ['-L', '-C'] }),
  nohup: wrapper({}),
  timeout: wrapper({
    flags: 'vfp',
    valued: 'ks',
    long: ['preserve-status', 'foreground', 'verbose', 'kill-after=', 'signal='],
    skips: 1,
  }),
  gtimeout: wrapper({ flags: 'v', valued: 'ks', long: ['preserve-status', 'foreground'], skips: 1 }),
  nice: wrapper({ valued: 'n', long: ['adjustment='], isNumberOption: true }),
  ionice: wrapper({
    flags: 't',
    valued: 'cnpPu',
    long: ['class=', 'classdata=', 'pid=', 'ignore'],
    ends: ['-p', '-P', '-u', '--pid'],
  }),
  stdbuf: wrapper({ valued: 'ioe', long: ['input=', 'output=', 'error='] }),
  setsid: wrapper({ flags: 'cfw', long: ['ctty', 'fork', 'wait'] }),
  time: wrapper({
    flags: 'apqvhl',
    valued: 'f',
    long: ['portability', 'verbose', 'quiet', 'format='],
  }),
  command,
  builtin: wrapper({}),
  exec: wrapper({ flags: 'cl', valued: 'a' }),
  noglob: wrapper({}),
  nocorrect: wrapper({}),
  '-': wrapper({}),
  xargs,
  gxargs: xargs,
  find,
  gfind: find,
  watch,
  parallel: () => 'it builds commands by rules of its own',
  busybox: applets,
  toybox: applets,
  flock: wrapper({
    flags: 'nxseuoF',
    valued: 'wE',
    long: ['nonblock', 'nb', 'exclusive', 'shared', 'unlock', 'close', 'no-fork', 'timeout=', 'wait='],
    skips: 1,
    script: ['-c', '--command'],
  }),
  strace: wrapper({
    flags: 'fFcCqtTrvxyiwk',
    valued: 'eopsuaOSb',
    refuses: { '-o': 'its output may go to a command' },
  }),
  ltrace: wrapper({ flags: 'fcCSitTr', valued: 'epsun' }),
  unbuffer: wrapper({ flags: 'p' }),
  nsenter: wrapper({ alone: aShell }),
  chroot: () => 'it runs in another root directory',
  unshare: wrapper({ flags: 'fmuinpUCTr', long: ['fork', 'map-root-user'], alone: aShell }),
  firejail: wrapper({ long: ['quiet'], alone: aShell }),
  chrt: wrapper({ flags: 'bfiorv', skips: 1 }),
  taskset: wrapper({ flags: 'c', skips: 1, long: ['cpu-list'] }),
  caffeinate: wrapper({ flags: 'dimsu', valued: 'tw' }),
  arch: wrapper({ flags: 'h', long: ['x86_64', 'arm64'] }),
};
