import { execFile } from 'node:child_process';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { type Check, type DoctorCheck, doctorReportSchema } from '@codepiper/core/settings/doctor.ts';

export interface DoctorOptions {
  /** argv of the CLI; null when it is not known. */
  cli: readonly string[] | null;
  socket: string;
  home: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** How long the checks may take, in milliseconds. */
  timeoutMs?: number;
}

/** A large database is read from end to end. */
const usualTimeoutMs = 60_000;
const mostOutput = 4_000_000;

/**
 * Runs `codepiper doctor` in a process of its own: the same checks, seen from outside, while the daemon goes on
 * serving (SQLite reads the whole database for one of them).
 */
export class Doctor implements AsyncDisposable {
  readonly #o: DoctorOptions;
  readonly #closing = new AbortController();
  #running: Promise<DoctorCheck[]> | null = null;

  constructor(options: DoctorOptions) {
    this.#o = options;
  }

  /** Whoever asks while it runs gets the same answer. Throws `doctor_unavailable`. */
  examine(): Promise<DoctorCheck[]> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#running?.catch(() => undefined);
  }

  async #run(): Promise<DoctorCheck[]> {
    const { cli, socket, home, environment, timeoutMs = usualTimeoutMs } = this.#o;
    const [program, ...args] = cli ?? [];
    if (program === undefined) throw unavailable('the command of this daemon is not known');
    const { CODEPIPER_SESSION, CODEPIPER_TOKEN, ...env } = environment;
    const said = await new Promise<{ out: string; err: string }>((resolve) => {
      const child = execFile(
        program,
        [...args, 'doctor', '--json', '--socket', socket],
        {
          env: { ...env, CODEPIPER_HOME: home },
          cwd: '/',
          timeout: timeoutMs,
          killSignal: 'SIGKILL',
          maxBuffer: mostOutput,
          signal: this.#closing.signal,
        },
        // It exits with 1 when something is wrong, and tells all the same.
        (error, out, err) => resolve({ out, err: err.trim() || (error?.message ?? '') }),
      );
      child.stdin?.end();
    });
    return parseReport(said.out, said.err).map(present);
  }
}

function parseReport(out: string, err: string): Check[] {
  try {
    return doctorReportSchema.parse(JSON.parse(out)).checks;
  } catch {
    throw unavailable(err === '' ? 'it said nothing that can be understood' : err.slice(0, 500));
  }
}

function unavailable(why: string): CodepiperError {
  return new CodepiperError(
    'doctor_unavailable',
    `The checks could not be run: ${why}. Run them yourself: codepiper doctor`,
  );
}

const titles: Readonly<Record<string, string>> = { tmux: 'tmux', 'claude-code': 'Claude Code' };

function present({ name, status, message, hint }: Check): DoctorCheck {
  return {
    id: name.replaceAll(' ', '-'),
    title: titles[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    status,
    detail: message,
    fix: hint,
  };
}
