import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** `tmux-256color`, or `screen-256color` where the machine has no terminfo entry for it (macOS before 14). */
export async function defaultTerminal(env: NodeJS.ProcessEnv): Promise<string> {
  const folders = [
    env.TERMINFO,
    env.HOME && join(env.HOME, '.terminfo'),
    ...(env.TERMINFO_DIRS?.split(':') ?? []),
    '/etc/terminfo',
    '/lib/terminfo',
    '/usr/share/terminfo',
    '/usr/lib/terminfo',
    '/usr/local/share/terminfo',
    '/opt/homebrew/share/terminfo',
  ].filter((folder): folder is string => Boolean(folder));
  // The subfolder is the first letter, or its code where file names have no case.
  const files = folders.flatMap((folder) =>
    ['t', '74'].map((letter) => join(folder, letter, 'tmux-256color')),
  );
  const found = await Promise.all(
    files.map((file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true) ? 'tmux-256color' : 'screen-256color';
}
