import { runTmux } from './run-tmux.ts';

/** The oldest tmux that is driven at all. */
export const oldestTmux = '3.0';

/** What a tmux can do, by its version. */
export interface TmuxFeatures {
  /** Control mode, pane options and formats are as we need them. */
  supported: boolean;
  /** Flags of control clients: `attach -f no-output,pause-after=N`. */
  clientFlags: boolean;
  /** What `window-size` is set to: whose size a window has, the client's that was used last or, before 3.1, the largest. */
  windowSize: 'latest' | 'largest';
  /** `refresh-client -B`: told of a changed format instead of asking for it. */
  subscriptions: boolean;
  /** `display-popup`. */
  popups: boolean;
  /** The server dies when a pane dies that is kept (`remain-on-exit`) while a control client is attached. */
  diesOfKeptPanes: boolean;
  /** Control clients are told of paste buffers, and the server dies of telling one that is being attached. */
  tellsBuffers: boolean;
  /** `paste-buffer` writes control characters as text unless it is told not to (`-S`). */
  escapesPastes: boolean;
  /** Blocks of commands inside others carry the flag of those that were sent; before, nothing tells them apart. */
  flagsInnerBlocks: boolean;
  /** `capture-pane -N` keeps the spaces at the ends of lines, which may have a background. */
  keepsSpaces: boolean;
  /** `capture-pane -J` fills lines with spaces. */
  padsJoinedLines: boolean;
  /** `display-message -c` takes the client that is to show it. */
  namesClients: boolean;
  /** What is printed to a control client has a backslash before each `$` that a name could follow. */
  escapesDollars: boolean;
}

/**
 * Asks the installed program for its version.
 *
 * @param env its PATH says where tmux is looked for
 * @returns e.g. `3.3a`, `next-3.6`; null when tmux is not installed or says nothing that is a version
 */
export async function tmuxVersion(env: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    const { code, stdout } = await runTmux(['-V'], { env });
    return code === 0 ? (/^tmux (\S+)/.exec(stdout)?.[1] ?? null) : null;
  } catch {
    return null; // not there, not executable or stuck: for the caller it is missing all the same
  }
}

/** Features by version. A version without a number (`master`, `openbsd-7.4` has its own count) is taken as new. */
export function tmuxFeatures(version: string): TmuxFeatures {
  const match = /^(?:next-)?(\d+)\.(\d+)/.exec(version);
  const number = match ? Number(match[1]) * 100 + Number(match[2]) : Number.POSITIVE_INFINITY;
  return {
    supported: number >= 300,
    clientFlags: number >= 302,
    windowSize: number >= 301 ? 'latest' : 'largest',
    subscriptions: number >= 302,
    popups: number >= 302,
    diesOfKeptPanes: number === 302,
    tellsBuffers: number >= 304 && number < 307,
    escapesPastes: number >= 307,
    flagsInnerBlocks: number >= 302,
    keepsSpaces: number >= 301,
    padsJoinedLines: number < 303,
    namesClients: number !== 302,
    escapesDollars: number === 304,
  };
}
