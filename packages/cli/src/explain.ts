import { TransportError } from '@codepiper/client/transport.ts';
import { CodepiperError, errorTable, exitCodes } from '@codepiper/core/errors.ts';
import { StartError } from './daemon/start-error.ts';
import { UsageError } from './usage-error.ts';

/** An error as it is told. */
export interface Explanation {
  message: string;
  code: string;
  exit: number;
  details?: Record<string, unknown> | undefined;
}

/** What an error says to people and programs, and how the CLI exits with it. */
export function explain(error: unknown): Explanation {
  if (error instanceof UsageError) {
    return { message: error.message, code: 'invalid_request', exit: exitCodes.usage };
  }
  if (error instanceof CodepiperError) {
    const { message, code, details } = error;
    return { message, code, details, exit: errorTable[code].exit };
  }
  if (error instanceof TransportError) {
    if (error.failure === 'unreachable') {
      const message = `The daemon is not running (${error.message}). Start it: codepiper daemon start --detach`;
      return { message, code: 'daemon_not_running', exit: exitCodes.daemonNotRunning };
    }
    return {
      message: `The daemon did not answer: ${error.message}.`,
      code: 'internal',
      exit: exitCodes.failed,
    };
  }
  if (error instanceof StartError) return { message: error.message, code: 'internal', exit: error.exitCode };
  if (isConfigError(error)) {
    return { message: error.problems.join('\n'), code: 'invalid_request', exit: exitCodes.usage };
  }
  if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') {
    const message = 'codepiper was upgraded while this command ran, and a part of it is gone. Run it again.';
    return { message, code: 'program_replaced', exit: exitCodes.failed };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message, code: 'internal', exit: exitCodes.failed };
}

/** The daemon's own error for bad settings; known by its shape, since its file loads what only a daemon needs. */
function isConfigError(error: unknown): error is Error & { problems: string[] } {
  return (
    error instanceof Error &&
    error.name === 'ConfigError' &&
    'problems' in error &&
    Array.isArray(error.problems)
  );
}
