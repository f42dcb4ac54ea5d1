import type { Command, Option } from '../command.ts';
import { commands } from '../commands.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../usage-error.ts';

const writers: Readonly<Record<string, (table: readonly Command[]) => string>> = { bash, zsh, fish };

export async function run({ input, io }: Context): Promise<void> {
  const shell = input.required(0);
  const write = Object.hasOwn(writers, shell) ? writers[shell] : undefined;
  if (!write) throw new UsageError(`There is no completion for "${shell}"; it must be bash, zsh or fish.`);
  io.out(write(commands.filter((command) => !command.isHidden)));
}

const sessionsCommand = 'codepiper __complete sessions 2>/dev/null';

/** Words of one option as the shell sees them: `--name` and `-n`. */
function spellings(name: string, { short }: Option): string[] {
  return short ? [`--${name}`, `-${short}`] : [`--${name}`];
}

function words(command: Command): string[] {
  return Object.entries(command.options).flatMap(([name, option]) => spellings(name, option));
}

/** What may stand at the positionals of a command; one set for all of them is near enough. */
function positionalWords(command: Command): { isSession: boolean; fixed: string[] } {
  const kinds = (command.positionals ?? []).map((positional) => positional.complete);
  return {
    isSession: kinds.includes('session'),
    fixed: kinds.flatMap((kind) => (kind === undefined || kind === 'session' ? [] : [...kind])),
  };
}

function bash(table: readonly Command[]): string {
  const cases = table.map((command) => {
    const values = Object.entries(command.options).flatMap(([name, option]) => {
      if (option.value === undefined) return [];
      const patterns = spellings(name, option).join('|');
      if (option.complete === 'directory')
        return [`      ${patterns}) compopt -o filenames; COMPREPLY=($(compgen -d -- "$word")); return ;;`];
      if (option.complete === 'file')
        return [`      ${patterns}) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;`];
      if (option.complete === undefined) return [`      ${patterns}) return ;;`];
      return [
        `      ${patterns}) COMPREPLY=($(compgen -W '${option.complete.join(' ')}' -- "$word")); return ;;`,
      ];
    });
    const { isSession, fixed } = positionalWords(command);
    const dynamic = isSession ? ` $(${sessionsCommand})` : '';
    return [
      `  ${[command.name, ...(command.aliases ?? [])].join('|')})`,
      ...(values.length > 0 ? ['    case $previous in', ...values, '    esac'] : []),
      `    if [[ $word == -* ]]; then COMPREPLY=($(compgen -W '${words(command).join(' ')}' -- "$word"))`,
      `    else COMPREPLY=($(compgen -W "${fixed.join(' ')}${dynamic}" -- "$word")); fi ;;`,
    ].join('\n');
  });
  const names = table.flatMap((command) => [command.name, ...(command.aliases ?? [])]);
  return `# bash completion for codepiper
_codepiper() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${names.join(' ')} --help --version' -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
  help) COMPREPLY=($(compgen -W '${names.join(' ')}' -- "$word")) ;;
${cases.filter((_, i) => table[i]?.name !== 'help').join('\n')}
  esac
}
complete -F _codepiper codepiper
`;
}

/** Text in single quotes, for zsh and fish. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function zsh(table: readonly Command[]): string {
  const described = table.map((command) =>
    quote(`${command.name}:${command.summary.replaceAll(':', '\\:')}`),
  );
  const cases = table.map((command) => {
    const specs = Object.entries(command.options).map(([name, option]) => {
      const text = option.help.replaceAll(/[[\]:]/g, '\\$&');
      const value = option.value === undefined ? '' : `:${option.value}:${zshAction(option)}`;
      const many = option.isMany ? '*' : '';
      const forms = spellings(name, option);
      const tail = `[${text}]${value}`;
      if (forms.length === 1 || many) return forms.map((form) => quote(`${many}${form}${tail}`)).join(' ');
      return `'(${forms.join(' ')})'{${forms.join(',')}}${quote(tail)}`;
    });
    const { isSession, fixed } = positionalWords(command);
    const action = isSession ? '_codepiper_sessions' : fixed.length > 0 ? `(${fixed.join(' ')})` : '';
    const names = [command.name, ...(command.aliases ?? [])].join('|');
    return `    ${names}) _arguments -s ${specs.join(' ')} ${quote(`*:argument:${action}`)} ;;`;
  });
  return `#compdef codepiper
_codepiper_sessions() {
  local -a found
  found=(\${(f)"$(${sessionsCommand})"})
  compadd -a found
}
_codepiper() {
  local -a commands
  commands=(
${described.map((line) => `    ${line}`).join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe 'command' commands
    return
  fi
  local name=$words[2]
  shift words
  ((CURRENT--))
  case $name in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _codepiper ]]; then _codepiper "$@"; else compdef _codepiper codepiper; fi
`;
}

function zshAction({ complete }: Option): string {
  if (complete === 'directory') return '_directories';
  if (complete === 'file') return '_files';
  return complete === undefined ? ' ' : `(${complete.join(' ')})`;
}

function fish(table: readonly Command[]): string {
  const lines = ['# fish completion for codepiper', 'complete -c codepiper -f'];
  for (const command of table) {
    const names = [command.name, ...(command.aliases ?? [])];
    for (const name of names) {
      lines.push(`complete -c codepiper -n __fish_use_subcommand -a ${name} -d ${quote(command.summary)}`);
    }
    const here = `complete -c codepiper -n ${quote(`__fish_seen_subcommand_from ${names.join(' ')}`)}`;
    for (const [name, option] of Object.entries(command.options)) {
      const short = option.short ? ` -s ${option.short}` : '';
      lines.push(`${here} -l ${name}${short}${fishValue(option)} -d ${quote(option.help)}`);
    }
    const { isSession, fixed } = positionalWords(command);
    if (isSession) lines.push(`${here} -a ${quote(`(${sessionsCommand})`)}`);
    if (fixed.length > 0) lines.push(`${here} -a ${quote(fixed.join(' '))}`);
  }
  return `${lines.join('\n')}\n`;
}

function fishValue({ value, complete }: Option): string {
  if (value === undefined) return '';
  if (complete === 'directory') return ` -x -a '(__fish_complete_directories)'`;
  if (complete === 'file') return ' -r -F';
  return complete === undefined ? ' -x' : ` -x -a ${quote(complete.join(' '))}`;
}
