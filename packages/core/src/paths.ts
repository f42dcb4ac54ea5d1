/**
 * Where codepiper keeps things when nobody says otherwise. Pure, and free of zod: the CLI computes the socket
 * path on every call.
 */
export interface PathEnvironment {
  HOME?: string | undefined;
  XDG_RUNTIME_DIR?: string | undefined;
}

/** The state directory: database, logs, session folders. */
export function defaultHome(env: PathEnvironment): string {
  return `${env.HOME ?? '/'}/.codepiper`;
}

/** `$XDG_RUNTIME_DIR/codepiper.sock`, else a directory in /tmp that only this user can enter. */
export function defaultSocket(env: PathEnvironment, uid: number): string {
  return env.XDG_RUNTIME_DIR
    ? `${env.XDG_RUNTIME_DIR}/codepiper.sock`
    : `/tmp/codepiper-${uid}/codepiper.sock`;
}

/** Files of the state directory, by their names in it. */
export const homeFiles = {
  database: 'codepiper.db',
  config: 'config.yaml',
  /** What was read from transcripts. */
  transcripts: 'transcripts.db',
  /** The transcripts themselves. */
  archive: 'transcripts',
  /** The user's own prices of models. */
  prices: 'prices.yaml',
  /** pid, socket and version of the running daemon, as JSON. */
  daemon: 'daemon.json',
  lock: 'daemon.lock',
  log: 'logs/daemon.log',
  sessions: 'sessions',
  /** What terminals of sessions showed, a folder each. */
  recordings: 'recordings',
  bin: 'bin',
  /** Signs the audit trail's checkpoints. */
  auditKey: 'audit.key',
  /** Encrypts what the account of the dashboard keeps secret. */
  authKey: 'auth.key',
  /** Signs push messages to browsers. */
  pushKey: 'push.key',
  /** Copies of all this. */
  backups: 'backups',
  /** Files that browsers and the command line send, while they come. */
  uploads: 'uploads',
  /** While a restore is under way: what is still to be moved. */
  restore: 'restore.json',
} as const;

/** tmux session name of a codepiper session. */
export function tmuxSessionName(sessionId: string): string {
  return `codepiper-${sessionId}`;
}

/** Where the page with live terminals is, on the socket and on the port of `web.insecureDev`. */
export const webPagePath = '/dev/terminal/';
