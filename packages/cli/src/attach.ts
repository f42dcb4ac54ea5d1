import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { CodepiperError, exitCodes } from '@codepiper/core/errors.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import type { Context } from './context.ts';
import type { Environment } from './environment.ts';
import { label, statusText } from './session-text.ts';
import { UsageError } from './usage-error.ts';

/** Told before anything is started: a session nobody can see is not what was asked for. @throws UsageError */
export function requireTerminal({ io }: Context): true {
  if (io.isTTY.stdin && io.isTTY.stdout) return true;
  throw new UsageError('Attaching needs a terminal on stdin and stdout.');
}

/** Hands the terminal to tmux until the person detaches or the session ends; resolves to the exit code. */
export async function attachTo(context: Context, session: Session, isReadOnly: boolean): Promise<number> {
  const { io } = context;
  const { program, args, isSwitch } = attachPlan(session, io.env, isReadOnly);
  const code = await new Promise<number | null>((resolve, reject) => {
    // tmux refuses to start inside tmux; to switch, it has to know where it is. Where its sockets are is the daemon's
    // to say: its command names the whole path when that is not the usual place.
    const env = io.env.forChild(['TMUX_TMPDIR', ...(isSwitch ? [] : ['TMUX', 'TMUX_PANE'])]);
    const child = spawn(program, args, { stdio: 'inherit', env });
    child.once('error', () => {
      const without = `codepiper attach ${label(session)} --stream`;
      reject(
        new Error(`${program} could not be started: install tmux, or check PATH. Without tmux: ${without}`),
      );
    });
    // Whoever ends us means the terminal too: tmux gives it back as it was.
    const end = (signal: NodeJS.Signals) => void child.kill(signal);
    for (const signal of endings) process.on(signal, end);
    child.once('exit', (exit) => {
      for (const signal of endings) process.off(signal, end);
      resolve(exit);
    });
  });
  const { session: now } = await context
    .client()
    .request('GET', '/sessions/:id', { params: { id: session.id } });
  if (now.attachCommand === null) {
    io.out(`[${label(now)}: ${statusText(now)}]\n`);
  } else if (code !== 0) {
    throw new Error(
      `tmux could not attach to ${label(now)} (exit code ${code}). If the daemon runs on another machine, its tmux is there: codepiper attach ${label(now)} --stream`,
    );
  } else {
    io.out(isSwitch ? `[switched to ${label(now)}]\n` : `[detached from ${label(now)}]\n`);
  }
  return exitCodes.ok;
}

const endings = ['SIGTERM', 'SIGHUP'] as const;

interface AttachPlan {
  program: string;
  args: string[];
  /** Whether the tmux client that is there already is pointed at the session. */
  isSwitch: boolean;
}

/**
 * The session's own attach command as an argument list; inside a pane of the same tmux server, the one that switches.
 *
 * @throws CodepiperError when the session has ended
 */
export function attachPlan(
  session: Session,
  { tmux, uid }: Pick<Environment, 'tmux' | 'uid'>,
  isReadOnly: boolean,
): AttachPlan {
  if (session.attachCommand === null) {
    throw new CodepiperError('session_ended', `${label(session)} has ended: ${statusText(session)}.`);
  }
  const words = shellWords(session.attachCommand);
  const [program, ...args] = words ?? [];
  if (program === undefined) {
    throw new Error(`The daemon's attach command is not understood: ${session.attachCommand}`);
  }
  const readOnly = isReadOnly ? ['-r'] : [];
  const verb = args.findIndex((word) => ['attach', 'attach-session', 'a'].includes(word));
  const isSwitch =
    verb >= 0 && tmux !== undefined && real(tmux.split(',')[0] ?? '') === socketOf(args.slice(0, verb), uid);
  return { program, args: [...(isSwitch ? args.with(verb, 'switch-client') : args), ...readOnly], isSwitch };
}

/** Socket that tmux's own options lead to, in tmux's usual directory when they give no path. */
function socketOf(options: readonly string[], uid: number): string {
  const after = (option: string) =>
    options.includes(option) ? options[options.indexOf(option) + 1] : undefined;
  return real(after('-S') ?? `/tmp/tmux-${uid}/${after('-L') ?? 'default'}`);
}

/** tmux follows links before it says where it is. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Words of a command without expansions: plain ones and such in single quotes. Null when it takes a shell to read it. */
function shellWords(command: string): string[] | null {
  const words: string[] = [];
  let rest = command;
  while (rest !== '') {
    const word = /^(?:[A-Za-z0-9_.:=@%+,/-]|'[^']*'|\\')+(?= |$)/.exec(rest)?.[0];
    if (word === undefined) return null;
    words.push(
      word.replace(/'([^']*)'|\\(')/g, (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? ''),
    );
    rest = rest.slice(word.length).replace(/^ +/, '');
  }
  return words;
}
