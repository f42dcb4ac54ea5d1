/** Variables that change how programs show things, not what they do. */
const harmless = new Set([
  'LANG',
  'LANGUAGE',
  'TZ',
  'NO_COLOR',
  'FORCE_COLOR',
  'CLICOLOR',
  'CLICOLOR_FORCE',
  'CI',
  'NODE_ENV',
  'TERM',
  'COLORTERM',
  'COLUMNS',
  'LINES',
  'DEBUG',
  'VERBOSE',
  'RUST_BACKTRACE',
  'RUST_LOG',
  'DO_NOT_TRACK',
]);

/** Names in small letters that zsh, bash or well-known programs read. */
const special = new Set([
  'aliases',
  'argv',
  'builtins',
  'cdpath',
  'commands',
  'dis_aliases',
  'dis_functions',
  'dis_galiases',
  'dis_saliases',
  'dirstack',
  'fignore',
  'fpath',
  'functions',
  'functions_source',
  'galiases',
  'histchars',
  'history',
  'mailpath',
  'manpath',
  'module_path',
  'modules',
  'nameddirs',
  'options',
  'parameters',
  'path',
  'prompt',
  'psvar',
  'saliases',
  'signals',
  'status',
  'userdirs',
  'watch',
  'zle_highlight',
]);

/**
 * Whether setting a variable needs no rule. `isAlone`: it is set for the shell itself, not for one command: then
 * names in small letters are the script's own, unless somebody is known to read them.
 */
export function isHarmlessVariable(name: string, isAlone: boolean): boolean {
  if (harmless.has(name) || /^LC_[A-Z]+$/.test(name)) return true;
  if (!isAlone || special.has(name)) return false;
  return /^[a-z][a-z0-9_]*$/.test(name) && !/proxy|^npm_|^pnpm_|^yarn_|^git_|^ld_|^python|^node_/.test(name);
}

/** Arrays in which a shell keeps what a command name runs. */
const dispatching = new Set(['BASH_CMDS', 'BASH_ALIASES', ...special]);

/** Whether an element of the array decides what a command name runs. */
export function isDispatchTable(name: string): boolean {
  return dispatching.has(name);
}
