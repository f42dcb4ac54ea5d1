import { unknownText } from '../parts.ts';
import { isOption } from './git.ts';
import type { Arg } from './words.ts';
import { isKnown } from './words.ts';

/** Options of programs that otherwise only look: what they name is run. */
const running: Readonly<Record<string, readonly string[]>> = {
  rg: ['--pre', '--hostname-bin'],
  ag: ['--pager'],
  ack: ['--pager', '--ackrc'],
  bat: ['--pager'],
  batcat: ['--pager'],
  delta: ['--pager'],
  fd: ['-x', '-X', '--exec', '--exec-batch'],
  fdfind: ['-x', '-X', '--exec', '--exec-batch'],
  sort: ['--compress-program'],
  split: ['--filter'],
  tar: [
    '-I',
    '-F',
    '--to-command',
    '--use-compress-program',
    '--checkpoint-action',
    '--rsh-command',
    '--rmt-command',
    '--info-script',
    '--new-volume-script',
  ],
  less: ['+', '-k', '--lesskey'],
  more: ['+'],
  man: ['-P', '-H', '--pager', '--html', '-C', '--config-file'],
  rsync: ['-e', '--rsh', '--rsync-path'],
  scp: ['-S', '-o', '-F', '-D'],
  sftp: ['-S', '-o', '-F', '-D'],
  ssh: ['-o', '-F'],
  wget: ['-e', '--execute', '--use-askpass', '--config'],
  curl: ['-K', '--config'],
  zip: ['-T', '--unzip-command'],
  zipgrep: ['-'],
  tcpdump: ['-z'],
  file: ['-C', '--compile'],
  date: ['-f', '--file'],
  awk: ['-f', '-i', '-l', '-E', '--file', '--include', '--load', '--exec'],
  sed: ['-f', '--file'],
  ctags: ['--options'],
  cmake: ['-P'],
  dot: ['-c'],
};
const letters = /^-[A-Za-z]$/;

const same: Readonly<Record<string, string>> = {
  gawk: 'awk',
  mawk: 'awk',
  nawk: 'awk',
  gsed: 'sed',
  gtar: 'tar',
  bsdtar: 'tar',
  gsort: 'sort',
  gdate: 'date',
};

/** Why a program's options, or the script it is given, may run or write more than its name says. */
export function optionProblem(program: string, args: readonly Arg[]): string | null {
  const name = same[program] ?? program;
  const options = running[name];
  if (!options) return null;
  for (const { text, shown } of args) {
    if (text === '--') break;
    if (text.startsWith(unknownText)) return `${shown} may be an option that runs a command`;
    const found = options.find((option) =>
      option.startsWith('--')
        ? isOption(text, option)
        : letters.test(option)
          ? hasLetter(text, option.charAt(1))
          : text.startsWith(option),
    );
    if (found !== undefined) return `the option ${shown} may run a command, or a script we do not see`;
  }
  if (name === 'tar' && /^[A-Za-z]*[IF]/.test(args[0]?.text ?? '')) return 'its letters may name a command';
  if (name === 'awk') return awkProblem(args);
  if (name === 'sed') return sedProblem(args);
  return null;
}

/** A letter among those behind one dash: values behind other letters are taken for letters too. */
function hasLetter(text: string, letter: string): boolean {
  return /^-[^-]/.test(text) && text.includes(letter);
}

function awkProblem(args: readonly Arg[]): string | null {
  for (let at = 0; at < args.length; at++) {
    const text = args[at]?.text ?? '';
    if (text === '-F' || text === '-v') at++;
    else if (text === '--' || /^-[Fv]./.test(text)) continue;
    else if (text.startsWith('-')) return `the option ${text} of awk is not one we know`;
    else if (!isKnown(text)) return 'the script it runs is only known when it runs';
    else if (/\b(?:system|getline|close)\b|[|>@]|\binclude\b|ARG[CV]|SYMTAB|FUNCTAB/.test(text))
      return 'its script may run commands, or read and write other files';
    else return null;
  }
  return null;
}

const sedOption =
  /^--(?:quiet|silent|regexp-extended|posix|debug|separate|null-data|zero-terminated|unbuffered|sandbox|version|help|in-place(?:=[\w.~-]+)?)$/;
const sedLetters = /^-[nErsuz]*(?:i[\w.~-]*)?$/;

function sedProblem(args: readonly Arg[]): string | null {
  const scripts: string[] = [];
  const operands: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const text = args[at]?.text ?? '';
    const expression = /^(?:-[nErsuz]*e|--e[a-z]*(?:=|$))([\s\S]*)$/.exec(text);
    if (text === '--') {
      operands.push(...args.slice(at + 1).map((arg) => arg.text));
      break;
    }
    if (!text.startsWith('-') || text === '-') operands.push(text);
    else if (expression) scripts.push(expression[1] || (args[++at]?.text ?? ''));
    else if (!sedOption.test(text) && !sedLetters.test(text))
      return `the option ${text} of sed is not one we know`;
  }
  const [first, second] = operands;
  if (scripts.length === 0) {
    if (first !== undefined) scripts.push(first);
    // On macOS the word behind `-i` is an ending, and the script comes after it.
    if (second !== undefined && (first === '' || /[\s;{]/.test(second))) scripts.push(second);
  }
  const script = scripts.find((text) => !isPlainSed(text));
  return script === undefined ? null : 'its script may run commands or write files';
}

const address =
  /^(?:\d+(?:~\d+)?|\$|\/(?:[^/\\\n]|\\.)*\/I?)(?:,[ ]*(?:[+~]?\d+|\$|\/(?:[^/\\\n]|\\.)*\/I?))?\s*!?\s*/;
const single = /^(?:[pdDPgGhHnNxzlq=](?:\d+)?|[{}])\s*/;
const text = /^[aic]\\?[\s\S]*$/;

/** Only commands that change the text that is printed: no `e`, `w`, `r`, `s///e`. */
function isPlainSed(script: string): boolean {
  if (!isKnown(script) || script.length > 2000) return false;
  let rest = script.trimStart();
  while (rest !== '') {
    rest = rest.replace(/^[;\s]+/, '');
    rest = rest.slice(address.exec(rest)?.[0].length ?? 0);
    if (rest === '' || text.test(rest)) return !text.test(rest) || !rest.includes('\n');
    const taken = single.exec(rest)?.[0].length ?? substitution(rest);
    if (taken === null) return false;
    rest = rest.slice(taken).trimStart();
    if (rest !== '' && !/^[;}\n]/.test(rest) && !/[{}\s]$/.test(script.slice(0, script.length - rest.length)))
      return false;
  }
  return true;
}

/** Length of `s/a/b/flags` or `y/a/b/` at the beginning; null when it is none, or one that runs or writes. */
function substitution(script: string): number | null {
  const command = script.charAt(0);
  const mark = script.charAt(1);
  if ((command !== 's' && command !== 'y') || !/[^\w\s\\;]/.test(mark)) return null;
  let at = 2;
  for (let marks = 0; marks < 2; at++) {
    const c = script.charAt(at);
    if (c === '' || c === '\n') return null;
    if (c === '\\') at++;
    else if (c === mark) marks++;
  }
  const flags = /^[a-zA-Z0-9]*/.exec(script.slice(at))?.[0] ?? '';
  return /^[gpiI0-9]*$/.test(flags) ? at + flags.length : null;
}
