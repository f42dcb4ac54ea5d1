import { unknownText } from '../parts.ts';
import { arithmeticProblem, hasCommandInSubscript } from './arithmetic.ts';
import type { Handler, ProgramCall } from './programs.ts';
import type { Arg } from './words.ts';
import { isKnown } from './words.ts';

/** Words after the options; `--` ends them. Options with values are not told from others. */
function operands(args: readonly Arg[]): readonly Arg[] {
  const end = args.findIndex((arg) => arg.text === '--');
  if (end >= 0) return args.slice(end + 1);
  return args.filter((arg) => !/^[-+]./.test(arg.text));
}

/** Bash reads `a[$(cmd)]` as an array's element wherever the name of a variable is wanted, and runs cmd. */
function subscriptProblem(args: readonly Arg[]): string | null {
  const arg = args.find(({ text }) => hasCommandInSubscript(text));
  return arg ? `the shell may run the command in the subscript ${arg.shown}` : null;
}

const enter: Handler = ({ reading, args }) => {
  const targets = args.filter(({ text }) => !/^-[LPe@qs]+$/.test(text) && text !== '--');
  const [target] = targets;
  if (!target) reading.enter(reading.place.home);
  else if (targets.length > 1 || !isKnown(target.text) || /^(?:-|[-+]\d+)$/.test(target.text)) {
    reading.enter(unknownText);
  } else reading.enter(target.text);
  return null;
};

const assignment = /^([A-Za-z_]\w*)(?:\[[\s\S]*\])?\+?=([\s\S]*)$/;

/** `export NAME=value` and its like. */
const declares: Handler = ({ reading, name, args }) => {
  const isExported = name === 'export' || args.some(({ text }) => /^-\w*x/.test(text));
  for (const { text, shown } of args) {
    if (text.startsWith(unknownText)) return `which variable ${shown} sets is only known when it runs`;
    const [, variable, value] = assignment.exec(text) ?? [];
    if (variable !== undefined) reading.variable(variable, value ?? '', !isExported);
    else if (isExported && /^[A-Za-z_]\w*$/.test(text)) reading.variable(text, unknownText, false);
  }
  return subscriptProblem(args);
};

/** `read NAME…` and its like. */
const reads: Handler = ({ reading, args }) => {
  for (const { text } of operands(args)) {
    if (text.startsWith(unknownText)) return 'which variable it sets is only known when it runs';
    if (/^[A-Za-z_]\w*$/.test(text)) reading.variable(text, unknownText, true);
  }
  if (args.some(({ text }) => /^-\w*C/.test(text))) return 'it runs a command for the lines it reads';
  return subscriptProblem(args);
};

const prints: Handler = ({ reading, args }) => {
  const [option, variable] = args;
  if (!option?.text.startsWith('-v')) return null;
  const name = option.text.slice(2) || (variable?.text ?? '');
  if (!isKnown(name)) return 'which variable it sets is only known when it runs';
  reading.variable(name, unknownText, true);
  return subscriptProblem(args.slice(0, 2));
};

const tests: Handler = ({ args, scope }) => {
  const isCompared = args.some(({ text }) => /^-(?:eq|ne|lt|le|gt|ge)$/.test(text));
  if (isCompared) {
    // zsh evaluates what `[ … -eq … ]` compares.
    for (const { shown } of args) {
      const name = /^"?\$\{?([A-Za-z_]\w*)\}?"?$/.exec(shown)?.[1];
      const problem = name ? arithmeticProblem(name, scope.tainted) : null;
      if (problem) return problem;
    }
  }
  return subscriptProblem(args);
};

const lets: Handler = ({ args, scope }) => {
  for (const { text } of args) {
    const problem = isKnown(text) ? arithmeticProblem(text, scope.tainted) : 'what it computes is not known';
    if (problem) return problem;
  }
  return subscriptProblem(args);
};

const reserved =
  /^(?:if|then|else|elif|fi|do|done|case|esac|while|until|for|select|in|function|time|coproc|repeat|foreach|end)$/;

const aliases: Handler = ({ reading, args }) => {
  if (args.some(({ text }) => !isKnown(text) || /^-[a-zA-Z]*[gsm]/.test(text)))
    return 'what it stands for afterwards cannot be followed';
  for (const { text } of args) {
    const at = text.indexOf('=');
    if (at < 0) continue;
    const name = text.slice(0, at);
    if (!/^[\w.+:-]+$/.test(name) || reserved.test(name))
      return `${name} is no name for an alias we can follow`;
    reading.alias(name);
  }
  return null;
};

const always =
  (why: string): Handler =>
  () =>
    why;

const withOption =
  (pattern: RegExp, why: string): Handler =>
  ({ args }: ProgramCall) =>
    args.some(({ text }) => pattern.test(text) || text.startsWith(unknownText)) ? why : null;

const later = always('it has a command run later, or by name');

/** What the shell does itself. */
export const builtins: Readonly<Record<string, Handler>> = {
  cd: enter,
  chdir: enter,
  pushd: enter,
  popd: () => null,
  export: declares,
  declare: declares,
  typeset: declares,
  local: declares,
  readonly: declares,
  integer: declares,
  float: declares,
  read: reads,
  mapfile: reads,
  readarray: reads,
  getopts: reads,
  vared: reads,
  unset: ({ reading, args }) => {
    for (const { text } of args) reading.forget(text);
    return subscriptProblem(args);
  },
  wait: ({ args }) => subscriptProblem(args),
  printf: prints,
  test: tests,
  '[': tests,
  let: lets,
  alias: aliases,
  hash: withOption(/^-\w*p|=/, 'it decides what a command name runs'),
  enable: withOption(/^-\w*f/, 'it loads a program into the shell'),
  set: withOption(/^[-+]\w*[ak]|^(?:allexport|keyword)$/, 'it makes later variables part of the environment'),
  fc: later,
  complete: later,
  compgen: later,
  bind: later,
  bindkey: later,
  sched: later,
  emulate: later,
  zpty: later,
  zle: later,
  autoload: later,
  zmodload: later,
  'add-zsh-hook': later,
};
