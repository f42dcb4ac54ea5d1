import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { normalize } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type {
  TranscriptImport,
  TranscriptVerification,
} from '@codepiper/core/transcripts/transcript.endpoints.ts';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import type { TranscriptsService } from './transcripts.service.ts';

export interface TranscriptJobsParts {
  transcripts: Pick<TranscriptsService, 'import' | 'verify'>;
  formats: Readonly<Record<string, TranscriptFormat>>;
  /** Where the agents keep their files by default. */
  env: Readonly<Record<string, string | undefined>>;
  /** Has the thread that reads ready for who asks what was imported; returns a disposer. */
  holdReader: () => () => void;
}

export interface ImportRequest {
  provider?: string | undefined;
  /** Absolute paths. */
  directories?: readonly string[] | undefined;
}

/** Of each kind so many are remembered, the newest. */
const kept = 20;

/** Imports and verifications by number, as long as this daemon runs. */
export class TranscriptJobs {
  readonly #parts: TranscriptJobsParts;
  readonly #imports = new Map<number, TranscriptImport>();
  readonly #verifications = new Map<number, TranscriptVerification>();
  /** What running imports were asked for. */
  readonly #asked = new Map<string, TranscriptImport>();
  #lastId = 0;

  constructor(parts: TranscriptJobsParts) {
    this.#parts = parts;
  }

  /**
   * Starts an import, or joins the one that does the same already.
   *
   * @throws CodepiperError `invalid_request` when nobody writes transcripts for the provider, or a directory cannot be read
   */
  async startImport({ provider, directories: given }: ImportRequest): Promise<TranscriptImport> {
    const formats = this.#formatsOf(provider);
    const directories = given
      ? [...new Set(given.map((one) => normalize(one)))].sort()
      : formats.flatMap((format) => format.roots(this.#environment()));
    if (given) await checkDirectories(directories);
    const asked = JSON.stringify([provider ?? null, directories]);
    const running = this.#asked.get(asked);
    if (running) return running;
    const job: TranscriptImport = {
      ...{ id: this.#nextId(), state: 'running', directories, files: 0 },
      ...{ allBytes: 0, usageBytes: 0, contentBytes: 0, added: null, error: null },
    };
    remember(this.#imports, job);
    this.#asked.set(asked, job);
    const from = { provider: provider ?? null, directories: given ? directories : null };
    const release = this.#parts.holdReader();
    void this.#runImport(job, from).finally(() => {
      this.#asked.delete(asked);
      release();
    });
    return job;
  }

  /** @throws CodepiperError `job_not_found` */
  import(id: number): TranscriptImport {
    const job = this.#imports.get(id);
    if (job) return job;
    throw new CodepiperError(
      'job_not_found',
      `This daemon runs no import ${id}, and does not remember one. Start it again (codepiper import): what is there already is not read twice.`,
    );
  }

  /** Starts a verification, or joins the one that runs. */
  startVerification(): TranscriptVerification {
    const running = [...this.#verifications.values()].find(({ state }) => state === 'running');
    if (running) return running;
    const job: TranscriptVerification = {
      ...{ id: this.#nextId(), state: 'running', filesDone: 0, files: 0, error: null, result: null },
    };
    remember(this.#verifications, job);
    void this.#runVerification(job);
    return job;
  }

  /** @throws CodepiperError `job_not_found` */
  verification(id: number): TranscriptVerification {
    const job = this.#verifications.get(id);
    if (job) return job;
    throw new CodepiperError(
      'job_not_found',
      `This daemon runs no verification ${id}, and does not remember one. Start it again: codepiper verify`,
    );
  }

  async #runImport(job: TranscriptImport, from: Parameters<TranscriptsService['import']>[0]): Promise<void> {
    const { transcripts } = this.#parts;
    try {
      const note = ({ files, allBytes, usageBytes, contentBytes }: Progress) =>
        Object.assign(job, { files, allBytes, usageBytes, contentBytes });
      const { added, ...progress } = await transcripts.import(from, note);
      note(progress);
      job.added = added;
      job.state = 'done';
    } catch (error) {
      job.error = `${messageOf(error)} Start it again: it goes on where it was.`;
      job.state = 'failed';
    }
  }

  async #runVerification(job: TranscriptVerification): Promise<void> {
    try {
      const { files, ...result } = await this.#parts.transcripts.verify(({ done, all }) => {
        Object.assign(job, { filesDone: done, files: all });
      });
      Object.assign(job, { filesDone: files, files, result });
      job.state = 'done';
    } catch (error) {
      job.error = messageOf(error);
      job.state = 'failed';
    }
  }

  #formatsOf(provider: string | undefined): TranscriptFormat[] {
    const { formats } = this.#parts;
    if (provider === undefined) return Object.values(formats);
    const format = formats[provider];
    if (Object.hasOwn(formats, provider) && format) return [format];
    throw new CodepiperError(
      'invalid_request',
      `body.provider: "${provider}" keeps no transcripts; those that do: ${Object.keys(formats).join(', ')}`,
    );
  }

  #environment(): Record<string, string> {
    const known = Object.entries(this.#parts.env).filter(
      (pair): pair is [string, string] => pair[1] !== undefined,
    );
    return Object.fromEntries(known);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

interface Progress {
  files: number;
  allBytes: number;
  usageBytes: number;
  contentBytes: number;
}

/** @throws CodepiperError `invalid_request` naming all that cannot be read */
async function checkDirectories(directories: readonly string[]): Promise<void> {
  const problems: string[] = [];
  for (const directory of directories) {
    try {
      if (!(await stat(directory)).isDirectory()) {
        problems.push(`${directory} is no directory; give the one it lies in`);
      } else await access(directory, constants.R_OK | constants.X_OK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why: Record<string, string> = {
        ENOENT: 'does not exist',
        ENOTDIR: 'does not exist',
        EACCES: 'cannot be read: permission denied',
        ELOOP: 'cannot be read: its links lead in a circle',
      };
      problems.push(`${directory} ${why[code ?? ''] ?? `cannot be read: ${messageOf(error)}`}`);
    }
  }
  if (problems.length === 0) return;
  throw new CodepiperError('invalid_request', `Nothing was imported: ${problems.join('; ')}.`, { problems });
}

/** Those that are done make room for new ones. */
function remember<Job extends { id: number; state: string }>(jobs: Map<number, Job>, job: Job): void {
  jobs.set(job.id, job);
  for (const [id, { state }] of jobs) {
    if (jobs.size <= kept) return;
    if (state !== 'running') jobs.delete(id);
  }
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
