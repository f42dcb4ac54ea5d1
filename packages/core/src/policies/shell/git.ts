import { gitFiles } from './git-files.ts';
import type { OptionGrammar } from './options.ts';
import { parseOptions } from './options.ts';
import type { Handler, ProgramCall } from './programs.ts';
import type { Arg } from './words.ts';
import { isKnown } from './words.ts';

const globalOptions: OptionGrammar = {
  flags: 'pPvh',
  valued: 'Cc',
  long: [
    'git-dir=',
    'work-tree=',
    'namespace=',
    'exec-path?',
    'config-env=',
    'paginate',
    'no-pager',
    'bare',
    'no-replace-objects',
    'no-lazy-fetch',
    'no-optional-locks',
    'no-advice',
    'literal-pathspecs',
    'glob-pathspecs',
    'noglob-pathspecs',
    'icase-pathspecs',
    'html-path',
    'man-path',
    'info-path',
    'version',
    'help',
    'list-cmds=',
  ],
};

/** Settings that run nothing, whatever their value. */
const harmlessSetting =
  /^(?:user\.(?:name|email)|color\..*|advice\..*|log\..*|status\..*|column\..*|init\.defaultbranch|push\.(?:default|autosetupremote)|pull\.(?:rebase|ff)|merge\.(?:ff|conflictstyle|renames)|diff\.(?:renames|algorithm|context|mnemonicprefix|noprefix|colormoved)|rebase\.(?:autosquash|autostash)|fetch\.(?:prune|parallel)|commit\.(?:gpgsign|verbose)|tag\.(?:gpgsign|sort)|branch\.sort|core\.(?:quotepath|autocrlf|eol|safecrlf|filemode|ignorecase|precomposeunicode|abbrev|commentchar|longpaths|preloadindex|untrackedcache)|safe\.directory|gc\.auto|maintenance\.auto|protocol\.version|i18n\..*)$/i;

/** The words of a git command from its verb on, without the options before it; null when there are none. */
export function gitWithoutOptions(args: readonly Arg[]): readonly Arg[] | null {
  const parsed = parseOptions(args, globalOptions);
  if (typeof parsed === 'string' || parsed.rest.length === args.length) return null;
  return parsed.rest;
}

const remote: readonly string[] = ['--upload-pack', '--receive-pack', '--exec', '-u'];

/** Options of git's verbs whose value is run. */
const running: Readonly<Record<string, readonly string[]>> = {
  fetch: remote.slice(0, 1),
  pull: remote.slice(0, 1),
  clone: ['--upload-pack', '-u', '--config', '-c', '--template'],
  init: ['--template'],
  push: remote.slice(1, 3),
  'ls-remote': ['--upload-pack', '--exec'],
  'fetch-pack': remote,
  'send-pack': remote,
  archive: ['--exec'],
  difftool: ['-x', '--extcmd', '-t', '--tool'],
  mergetool: ['-t', '--tool'],
  grep: ['-O', '--open-files-in-pager'],
  'filter-branch': ['--'],
  merge: ['-s', '--strategy'],
  'for-each-repo': ['--config'],
};

/** What git runs itself: settings given on the command line, and the verbs that take a command. */
export const git: Handler = (call) => {
  const parsed = parseOptions(call.args, globalOptions);
  if (typeof parsed === 'string') return parsed;
  for (const { name, value } of parsed.options) {
    if (value && !isKnown(value.text)) return `what ${value.shown} stands for is only known when it runs`;
    if (name === '-c') {
      const setting = value?.text.split('=')[0] ?? '';
      if (!harmlessSetting.test(setting)) return `the setting ${setting} may make git run a command`;
    } else if (name === '--config-env') return 'a setting from the environment may make git run a command';
    else if (name === '--exec-path' && value) return 'it runs the programs of another folder';
    else if (value && (name === '-C' || name.endsWith('-dir') || name.endsWith('-tree'))) {
      call.reading.file('read', value, true);
      if (name === '-C') call.reading.enter(value.text);
      else if (name === '--git-dir') return 'the settings of another repository may make git run a command';
    }
  }
  const [verb, ...args] = parsed.rest;
  if (!verb) return null;
  if (!isKnown(verb.text)) return `what ${verb.shown} stands for is only known when it runs`;
  for (const { access, arg } of gitFiles(verb.text, args)) call.reading.file(access, arg, true);
  return verbProblem(call, verb.text, args);
};

function verbProblem(call: ProgramCall, verb: string, args: readonly Arg[]): string | null {
  for (const { text, shown } of args) {
    if (text === '--') break;
    if (/^ext::/.test(text)) return `the address ${shown} is a command`;
    const option = running[verb]?.find((name) => isOption(text, name));
    if (option !== undefined) return `the option ${shown} makes git run a command`;
  }
  if (verb === 'config') return configProblem(args);
  if (verb === 'submodule') return submodule(call, args);
  if (verb === 'bisect' && args[0]?.text === 'run') call.run(args.slice(1));
  if (verb === 'rebase') return rebase(call, args);
  return null;
}

/** A setting that is written is one that git goes by later. */
function configProblem(args: readonly Arg[]): string | null {
  const options = args.filter(({ text }) => text.startsWith('-'));
  if (options.some(({ text }) => /^(?:-e|--e)/.test(text))) return 'it starts an editor';
  if (options.some(({ text }) => /^(?:-l|--list|--get|--unset|--remove-section)/.test(text))) return null;
  const words = args.filter(({ text }) => !text.startsWith('-'));
  const isNamed = /^(?:get|list|set|unset)$/.test(words[0]?.text ?? '') && words.length > 1;
  if (isNamed && words[0]?.text !== 'set') return null;
  const [key, value] = isNamed ? words.slice(1) : words;
  if (!key || !value || harmlessSetting.test(key.text)) return null;
  return `the setting ${key.shown} may make git run a command`;
}

/** `--name`, `--name=value`, a shortened `--na`, `-x`, `-xvalue`, and `-x` behind other letters. */
export function isOption(text: string, name: string): boolean {
  if (!name.startsWith('--'))
    return (
      text.startsWith(name) ||
      (/^-\w/.test(text) && (text.slice(1).split(/[efmABC]/)[0] ?? '').includes(name.charAt(1)))
    );
  const long = text.split('=', 1)[0] ?? '';
  return name === '--' ? long.endsWith('-filter') : long.length > 3 && name.startsWith(long);
}

function submodule(call: ProgramCall, args: readonly Arg[]): string | null {
  const at = args.findIndex(({ text }) => text === 'foreach');
  if (at < 0) return null;
  const words = args
    .slice(at + 1)
    .filter(({ text }, i) => i > 1 || !/^(?:--recursive|-q|--quiet|--)$/.test(text));
  const line = words.map((word) => word.text).join(' ');
  if (!isKnown(line)) return 'the command it runs is only known when it runs';
  call.script(line, 'sh');
  return null;
}

function rebase(call: ProgramCall, args: readonly Arg[]): string | null {
  for (let at = 0; at < args.length; at++) {
    const text = args[at]?.text ?? '';
    let command: string | undefined;
    if (text === '-x' || isOption(text, '--exec')) {
      const assigned = text.indexOf('=');
      command = assigned > 0 ? text.slice(assigned + 1) : args[++at]?.text;
    } else if (/^-[a-zA-Z]*x/.test(text) && !text.startsWith('--'))
      command = text.slice(text.indexOf('x') + 1);
    if (command === undefined) continue;
    if (!isKnown(command)) return 'the command it runs is only known when it runs';
    call.script(command, 'sh');
  }
  return null;
}
