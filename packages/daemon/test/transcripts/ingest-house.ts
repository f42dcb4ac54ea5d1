import { join } from 'node:path';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import { openTranscriptsDb, type TranscriptsDb } from '../../src/db/transcripts/open.ts';
import { Archive } from '../../src/transcripts/ingest/archive.ts';
import { Ingest, type IngestParts } from '../../src/transcripts/ingest/ingest.ts';

export interface IngestHouse extends Disposable {
  readonly db: TranscriptsDb;
  readonly ingest: Ingest;
  /** Reads all there is to read of the files, and of those that take their place. */
  readAll(paths: readonly string[], provider?: string): void;
  rows<Row = Record<string, unknown>>(sql: string, ...values: unknown[]): Row[];
}

/** Ingestion without a worker, in a home of its own. */
export function openIngest(
  home: string,
  formats: Readonly<Record<string, TranscriptFormat>>,
  options: { limits?: NonNullable<IngestParts['limits']>; archive?: string } = {},
): IngestHouse {
  const db = openTranscriptsDb(join(home, 'transcripts.db'));
  const ingest = new Ingest({
    db,
    formats,
    archive: new Archive(options.archive ?? join(home, 'transcripts')),
    clock: { now: () => 1_000_000 },
    ...(options.limits && { limits: options.limits }),
  });
  const readAll = (paths: readonly string[], provider = Object.keys(formats)[0] ?? '') => {
    const todo = new Set<number>();
    for (const path of paths) {
      const id = ingest.register(path, provider);
      if (typeof id === 'number') todo.add(id);
    }
    // A file whose path is another's by now is known by that path: look at those as well.
    for (const id of todo) {
      for (let round = 0; ; round += 1) {
        if (round > 100_000) throw new Error(`file ${id} never comes to an end`);
        const steps = [ingest.step(id, 'usage'), ingest.step(id, 'content')];
        for (const again of steps.flatMap((step) => step.again)) {
          todo.delete(again);
          todo.add(again);
        }
        if (steps.every((step) => step.bytes === 0 && !step.again.includes(id))) break;
      }
    }
  };
  return {
    db,
    ingest,
    readAll,
    rows: <Row>(sql: string, ...values: unknown[]) => db.prepare(sql).all(...values) as Row[],
    [Symbol.dispose]: () => void db.close(),
  };
}
