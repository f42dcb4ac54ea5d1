import type { Io } from '../io.ts';

/**
 * Starts this command line in the place of this process, which is gone then: same process id, same terminal, same
 * parent. So whoever looks after the daemon (a shell, systemd, launchd) sees it go on.
 *
 * Returns only where Node cannot do it.
 *
 * @param variables what it gets in its environment besides
 */
export function beginAgain({ self, env }: Io, variables: Readonly<Record<string, string>>): void {
  const [program = process.execPath, ...args] = self;
  process.execve?.(program, [program, ...args, ...process.argv.slice(2)], {
    ...env.forChild([]),
    ...variables,
  });
}
