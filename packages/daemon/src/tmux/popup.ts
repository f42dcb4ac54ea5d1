import { quote, shellWord } from './quote.ts';
import type { TmuxFeatures } from './version.ts';

/** How long a message stays, in milliseconds; tmux before 3.2 has a time of its own. */
const messageMs = 8_000;

/** Text that tmux would read as a format, or as a time, as itself. */
function literal(text: string): string {
  return text.replaceAll('#', '##').replaceAll('%', '%%');
}

/** Line that shows a message to one client. */
export function messageLine(client: string, text: string, features: Pick<TmuxFeatures, 'popups'>): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
  const time = features.popups ? `-d ${messageMs} ` : '';
  return `display-message -c ${quote(client)} ${time}${quote(literal(plain))}`;
}

/**
 * Line that binds the prefix and `a`, and `A` for those whose Shift or Caps Lock is down. In sessions of ours, which
 * their names tell, a popup runs the command with the session's id behind it; names of other sessions never get into
 * a shell.
 */
export function popupBinding(argv: readonly string[], features: Pick<TmuxFeatures, 'popups'>): string {
  const missing = `display-message ${quote('codepiper: run `codepiper approvals` in another terminal to answer what waits')}`;
  if (!features.popups) return bindings(missing);
  // No braces: those of an expression and those of a format cannot be told apart.
  const isOurs = '#{m/r:^codepiper-[0-9a-f-]+$,#{session_name}}';
  // run-shell expands formats in the command it is given, before it reads it; display-popup does not.
  const command = quote(`${argv.map(shellWord).join(' ').replaceAll('#', '##')} `);
  const popup = `display-popup -E -w 90% -h 80% ${command.slice(0, -1)}#{=-36:session_name}"`;
  const elsewhere = `display-message ${quote('codepiper: no session of codepiper')}`;
  return bindings(
    `if-shell -F ${quote(isOurs)} ${quote(`run-shell -C ${quote(popup)}`)} ${quote(elsewhere)}`,
  );
}

function bindings(command: string): string {
  return ['a', 'A'].map((key) => `bind-key ${key} ${command}`).join(' ; ');
}
