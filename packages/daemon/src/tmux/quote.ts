/** What means something to tmux inside double quotes, or ends the line, or counts as a brace for tmux 3.0 and 3.1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be escaped
const special = /[\u0000-\u001f\u007f"\\$~{}]/g;

/**
 * Quotes one argument for a line of tmux's command language: double quotes, with octal escapes for whatever could
 * be read as syntax.
 *
 * @throws RangeError for NUL, which no tmux argument can hold
 */
export function quote(argument: string): string {
  return `"${argument.replace(special, octal)}"`;
}

function octal(character: string): string {
  if (character === '\0') throw new RangeError('a tmux argument cannot hold NUL');
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}

/** What tmux 3.4 was to print: it puts one backslash before each `$` that a name could follow, whatever stands there. */
export function unescapeDollars(printed: string): string {
  return printed.replaceAll(/\\\$(?=[A-Za-z_{])/g, '$$');
}

/** Quotes a word for a POSIX shell, only where it must be. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) && !word.startsWith('=') ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
