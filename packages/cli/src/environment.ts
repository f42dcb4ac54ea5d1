import { isAbsolute } from 'node:path';
import { defaultHome } from '@codepiper/core/paths.ts';
import { UsageError } from './usage-error.ts';

/** What the CLI takes from its environment. This file is the only one that reads it. */
export interface Environment {
  /** State directory: `CODEPIPER_HOME`, else `~/.codepiper`. */
  readonly home: string;
  /** The user's home directory, to shorten paths with `~`. */
  readonly userHome: string;
  readonly uid: number;
  /** `CODEPIPER_SOCKET`. */
  readonly socket: string | undefined;
  /** `CODEPIPER_DB_PATH`. */
  readonly dbPath: string | undefined;
  /** `CODEPIPER_TOKEN`: set inside sessions. */
  readonly token: string | undefined;
  readonly runtimeDir: string | undefined;
  readonly configDir: string;
  readonly path: string | undefined;
  readonly hasNoColor: boolean;
  /** `TMUX`: set inside a tmux pane. */
  readonly tmux: string | undefined;
  /** The whole environment without some variables, for programs that are started. */
  forChild(without: readonly string[]): NodeJS.ProcessEnv;
}

/** @throws UsageError when a path is not absolute: it would mean another place in every directory */
export function readEnvironment(env: NodeJS.ProcessEnv, uid: number): Environment {
  const userHome = env.HOME || '/';
  return {
    home: absolute('CODEPIPER_HOME', env.CODEPIPER_HOME) ?? defaultHome({ HOME: userHome }),
    userHome,
    uid,
    socket: absolute('CODEPIPER_SOCKET', env.CODEPIPER_SOCKET),
    dbPath: env.CODEPIPER_DB_PATH || undefined,
    token: env.CODEPIPER_TOKEN || undefined,
    runtimeDir: env.XDG_RUNTIME_DIR || undefined,
    configDir: env.XDG_CONFIG_HOME || `${userHome}/.config`,
    path: env.PATH,
    hasNoColor: Boolean(env.NO_COLOR) || env.TERM === 'dumb',
    tmux: env.TMUX || undefined,
    forChild: (without) => {
      const rest = { ...env };
      for (const name of without) delete rest[name];
      return rest;
    },
  };
}

/** The environment of this process. */
export function processEnvironment(): Environment {
  return readEnvironment(process.env, process.getuid?.() ?? 0);
}

function absolute(name: string, value: string | undefined): string | undefined {
  if (!value) return undefined;
  if (!isAbsolute(value)) throw new UsageError(`${name} is "${value}"; it must be an absolute path.`);
  return value;
}
