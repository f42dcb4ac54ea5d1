import { dirname, join } from 'node:path';
import { homeFiles } from '@codepiper/core/paths.ts';
import type { SettingValues } from '@codepiper/core/settings/settings.ts';
import { type Logger, pino } from 'pino';
import { ensurePrivateDirectory } from '../platform/files.ts';
import { formatLine } from './console.ts';
import { openLogFile } from './file.ts';
import { redact, scrub } from './redact.ts';

export type LogLevel = NonNullable<SettingValues['logLevel']>;

interface LogMethod {
  (message: string): void;
  (fields: object, message?: string): void;
}

/** What rooms log with. Fields first, then a sentence; an error goes in the field `err`. */
export interface Log {
  trace: LogMethod;
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
  fatal: LogMethod;
  child(fields: Record<string, unknown>): Log;
}

export interface OpenLog extends AsyncDisposable {
  readonly log: Log;
  /** The file written to. */
  readonly path: string;
  /** Lines that could not be written, because the disk is full for instance. */
  readonly lost: number;
}

export interface LogOptions {
  home: string;
  level: LogLevel;
  /** Size at which the file is rotated, in bytes. Five rotated ones are kept. */
  maxBytes: number;
  /** Also to stderr, one readable line each, when that is a terminal. */
  foreground?: boolean;
  stderr?: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
}

/**
 * Opens `<home>/logs/daemon.log` (0600). Secrets are taken out of every line, and a disk that fails costs lines, never
 * the daemon. Dispose of it to have everything written.
 */
export function openLog(options: LogOptions): OpenLog {
  const { home, level, maxBytes, foreground = false, stderr = process.stderr } = options;
  const path = join(home, homeFiles.log);
  ensurePrivateDirectory(dirname(path));
  const file = openLogFile({
    path,
    maxBytes,
    report: (message) => void stderr.write(`codepiper: ${message}\n`),
  });
  const showing = foreground && stderr.isTTY === true;
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redact(fields) as Record<string, unknown>,
      },
      serializers: { err: describeError },
    },
    {
      write(line: string) {
        const clean = scrub(line);
        file.write(clean);
        if (showing) stderr.write(formatLine(clean));
      },
    },
  );
  return {
    log: house(logger),
    path,
    get lost() {
      return file.lost;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** pino takes a child's fields as they are; ours are without secrets. */
function house(logger: Logger): Log {
  return {
    trace: logger.trace.bind(logger),
    debug: logger.debug.bind(logger),
    info: logger.info.bind(logger),
    warn: logger.warn.bind(logger),
    error: logger.error.bind(logger),
    fatal: logger.fatal.bind(logger),
    child: (fields) => house(logger.child(redact(fields) as Record<string, unknown>)),
  };
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return redact(error);
  const { name, message, stack, cause, ...fields } = error as Error & Record<string, unknown>;
  return {
    type: name,
    message: scrub(message),
    stack: stack === undefined ? undefined : scrub(stack),
    cause: cause === undefined ? undefined : describeError(cause),
    ...(redact(fields) as object),
  };
}

const nothing = (): void => {};

/** Logs nothing. */
export const silentLog: Log = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => silentLog,
};
