import { parseOptions } from './options.ts';
import type { Dialect, Handler, ProgramCall } from './programs.ts';
import { isKnown } from './words.ts';

/** Options of shells that only change how a script runs. */
const longFlags = new Set([
  '--login',
  '--norc',
  '--noprofile',
  '--posix',
  '--restricted',
  '--verbose',
  '--noediting',
  '--no-rcs',
]);

const fromInput = 'it runs what it is given on its standard input';

const shell =
  (dialect: Dialect): Handler =>
  (call) => {
    const { args, scope } = call;
    let isScript = false;
    let isInput = false;
    let at = 0;
    for (; at < args.length; at++) {
      const arg = args[at];
      if (!arg || !isKnown(arg.text)) break;
      const { text } = arg;
      if (text === '--' || text === '-') {
        at++;
        break;
      }
      if (text === '--version' || text === '--help') return null;
      if (longFlags.has(text)) continue;
      if (!/^[-+][a-zA-Z]+$/.test(text)) {
        if (/^[-+]/.test(text)) return `the option ${text} of a shell is not one we know`;
        break;
      }
      if (text.startsWith('-')) {
        isScript ||= text.includes('c');
        isInput ||= text.includes('s');
      }
      at += text.match(/[oO]/g)?.length ?? 0;
    }
    const file = args[at];
    if (isScript) {
      if (!file) return 'the script it runs is missing';
      if (!isKnown(file.text)) return 'the script it runs is only known when it runs';
      call.script(file.text, dialect);
      return null;
    }
    if (file && !isInput) {
      if (!isKnown(file.text)) return 'the script it runs is only known when it runs';
      call.reading.file('read', file, true);
      return null;
    }
    return runInput(call, scope.stdin, dialect);
  };

/** A script that is written to the standard input of a shell. */
function runInput(call: ProgramCall, stdin: ProgramCall['scope']['stdin'], dialect: Dialect): string | null {
  if (!stdin) return fromInput;
  if ('file' in stdin) return isKnown(stdin.file.text) ? null : fromInput;
  call.script(stdin.text, dialect);
  return null;
}

const evaluates: Handler = (call) => {
  const words = call.args[0]?.text === '--' ? call.args.slice(1) : call.args;
  const script = words.map((word) => word.text).join(' ');
  if (!isKnown(script)) return 'the script it runs is only known when it runs';
  call.script(script);
  return null;
};

const sources: Handler = (call) => {
  const [file] = call.args[0]?.text === '--' ? call.args.slice(1) : call.args;
  if (!file || !isKnown(file.text)) return 'the file it runs is only known when it runs';
  if (/^\/dev\/(?:stdin|fd\/0)$|^\/proc\/(?:self|thread-self)\/fd\//.test(file.text))
    return runInput(call, call.scope.stdin, call.scope.dialect);
  call.reading.file('read', file, true);
  return null;
};

const traps: Handler = (call) => {
  const words = call.args[0]?.text === '--' ? call.args.slice(1) : call.args;
  const [script] = words;
  if (!script || /^-[lpP]*$/.test(script.text) || script.text === '') return null;
  if (words.length < 2 && isKnown(script.text) && /^(?:\d+|[A-Z0-9]+)$/.test(script.text)) return null;
  if (!isKnown(script.text)) return 'the command it runs later is only known when it runs';
  call.reading.isRepeated = true;
  call.script(script.text);
  return null;
};

const su: Handler = (call) => {
  // `su [options] [-] [user [arguments of its shell]]`: options may come behind the user.
  const parsed = parseOptions(
    call.args.filter(({ text }) => text !== '-'),
    { flags: 'flmpP', valued: 'cCgGsw', long: ['command=', 'login', 'shell=', 'group=', 'pty'] },
  );
  if (typeof parsed === 'string') return parsed;
  let { options, rest } = parsed;
  if (rest.length > 1) {
    const behind = parseOptions(rest.slice(1), { flags: 'l', valued: 'cs', long: ['command=', 'shell='] });
    if (typeof behind === 'string') return behind;
    options = [...options, ...behind.options];
    rest = behind.rest;
    if (rest.length > 0) return 'what it runs cannot be told from its arguments';
  }
  const script = options.find(({ name }) => name === '-c' || name === '--command');
  if (!script) return fromInput;
  if (!script.value || !isKnown(script.value.text)) return 'the command it runs is only known when it runs';
  call.script(script.value.text, 'sh');
  return null;
};

const script: Handler = (call) => {
  const parsed = parseOptions(call.args, {
    flags: 'aefq',
    valued: 'c',
    long: ['append', 'command=', 'flush', 'quiet', 'return'],
  });
  if (typeof parsed === 'string') return parsed;
  const [file, ...behind] = parsed.rest;
  if (file) call.reading.file('write', file, false);
  const command = parsed.options.find(({ name }) => name === '-c' || name === '--command');
  if (command?.value && isKnown(command.value.text)) call.script(command.value.text, 'sh');
  else if (command) return 'the command it runs is only known when it runs';
  // macOS: `script file command…`.
  if (behind.length > 0) call.run(behind);
  else if (!command) return fromInput;
  return null;
};

/** Programs and builtins that run scripts. */
export const shells: Readonly<Record<string, Handler>> = {
  bash: shell('bash'),
  rbash: shell('bash'),
  zsh: shell('bash'),
  ksh: shell('bash'),
  ksh93: shell('bash'),
  mksh: shell('bash'),
  sh: shell('sh'),
  dash: shell('sh'),
  ash: shell('sh'),
  fish: () => 'it is a shell whose scripts we cannot read',
  csh: () => 'it is a shell whose scripts we cannot read',
  tcsh: () => 'it is a shell whose scripts we cannot read',
  pwsh: () => 'it is a shell whose scripts we cannot read',
  eval: evaluates,
  source: sources,
  '.': sources,
  trap: traps,
  su,
  script,
};
