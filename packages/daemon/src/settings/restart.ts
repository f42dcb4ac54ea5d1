import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';

export interface RestartOptions {
  /**
   * Throws with what is wrong when no daemon could start with the configuration as it is now. Null where the process
   * cannot take its own place.
   */
  check: (() => void) | null;
  /** argv of what takes its place; null when it is not known. */
  argv: readonly string[] | null;
  preserveSessions: () => boolean;
  /** Ends every session, for a daemon that is not to leave any. */
  endSessions: () => Promise<void>;
  /** Ends the daemon, and begins it again. */
  go: () => void;
}

interface Restarting {
  restarting: true;
  preserveSessions: boolean;
  message: string;
}

/** The daemon takes its own place. */
export class Restart {
  readonly #o: RestartOptions;
  #begun: Promise<Restarting> | null = null;

  constructor(options: RestartOptions) {
    this.#o = options;
  }

  /**
   * Answers when it is certain that the daemon ends. Whoever asks again meanwhile gets the same answer.
   *
   * Throws `restart_unavailable` or `restart_refused`; then the daemon goes on as it was.
   */
  async begin(): Promise<Restarting> {
    const { check, argv } = this.#o;
    if (check === null) {
      throw new CodepiperError(
        'restart_unavailable',
        `Node ${process.versions.node} cannot start a program in the place of another. Run: codepiper daemon restart. With Node 22.15 or newer it is done from here.`,
      );
    }
    try {
      check();
    } catch (error) {
      const why = error instanceof Error ? error.message.replaceAll('\n', '; ') : String(error);
      throw new CodepiperError(
        'restart_refused',
        `The configuration is wrong, so the daemon goes on as it was: ${why}`,
      );
    }
    // Node ends the process when there is nothing to put in its place. An upgrade may have moved it.
    const gone = argv?.find((word) => isAbsolute(word) && !existsSync(word));
    if (gone !== undefined) {
      throw new CodepiperError(
        'restart_refused',
        `${gone} is gone, which would have to take the daemon's place, so the daemon goes on as it was. Run with what is installed now: codepiper daemon restart`,
      );
    }
    this.#begun ??= this.#begin();
    return this.#begun;
  }

  async #begin(): Promise<Restarting> {
    const { preserveSessions, endSessions, go } = this.#o;
    const isKeeping = preserveSessions();
    try {
      if (!isKeeping) await endSessions();
    } catch (error) {
      this.#begun = null;
      throw error;
    }
    // The answer goes out first.
    setImmediate(go);
    return {
      restarting: true,
      preserveSessions: isKeeping,
      message: isKeeping
        ? 'The daemon restarts; sessions go on.'
        : 'The daemon restarts; every session was ended, because sessions.preserve is off.',
    };
  }
}
