import { stat } from 'node:fs/promises';
import type { Clock } from '@codepiper/core/clock.ts';
import type { transcriptEndpoints } from '@codepiper/core/transcripts/transcript.endpoints.ts';
import type { Ask } from '../db/transcripts/reader.ts';
import type { Handlers } from '../http/mount.ts';
import type { StatusQueries } from './status.ts';
import type { TranscriptJobs } from './transcript-jobs.ts';
import type { TranscriptsService } from './transcripts.service.ts';

export interface TranscriptParts {
  transcripts: Pick<TranscriptsService, 'keepDays' | 'liveSessions' | 'unreadable' | 'databasePath'>;
  jobs: TranscriptJobs;
  ask: Ask<StatusQueries>;
  clock: Clock;
}

const maxProblems = 20;

export function transcriptHandlers({
  transcripts,
  jobs,
  ask,
  clock,
}: TranscriptParts): Handlers<typeof transcriptEndpoints> {
  return {
    startImport: async ({ body }) => ({ import: await jobs.startImport(body) }),
    getImport: async ({ params }) => ({ import: jobs.import(params.import) }),
    startVerification: async () => ({ verification: jobs.startVerification() }),
    getVerification: async ({ params }) => ({ verification: jobs.verification(params.verification) }),
    async transcriptStatus() {
      const { keepDays, databasePath } = transcripts;
      const status = await ask('transcriptStatus', {
        ...{ now: clock.now(), keepDays, live: await transcripts.liveSessions() },
      });
      const unreadable = (await transcripts.unreadable()).map(({ file, error }) => ({
        ...{ file, provider: null, version: null, unknownLines: 0, invalidLines: 0, sample: null, error },
      }));
      const understood = status.problems.map((problem) => ({ ...problem, error: null }));
      return {
        ...status,
        bytes: { ...status.bytes, database: await bytesOf(databasePath, `${databasePath}-wal`) },
        problems: [...unreadable, ...understood].slice(0, maxProblems),
      };
    },
  };
}

async function bytesOf(...paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
