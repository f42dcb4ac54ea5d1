/**
 * Reads all transcripts below a directory again and again, in tiny steps, until somebody kills it.
 * Arguments: home, directory.
 */
import { join } from 'node:path';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { openTranscriptsDb } from '../../src/db/transcripts/open.ts';
import { Archive } from '../../src/transcripts/ingest/archive.ts';
import { Ingest } from '../../src/transcripts/ingest/ingest.ts';
import { Ingestor } from '../../src/transcripts/ingest/ingestor.ts';

const [home = '', directory = ''] = process.argv.slice(2);
const db = openTranscriptsDb(join(home, 'transcripts.db'));
const formats = transcriptFormats;
const ingest = new Ingest({
  db,
  formats,
  archive: new Archive(join(home, 'transcripts')),
  clock: { now: () => Date.now() },
  limits: { usageStep: 4096, contentStep: 2048 },
});
const ingestor = new Ingestor({ ingest, formats, env: {}, sweepMs: 20, tell: () => undefined });
process.stdout.write('ready\n');
for (let id = 1; ; id += 1) {
  await ingestor.import(id, null, [directory]);
  await ingestor.idle();
  await new Promise((resolve) => setTimeout(resolve, 1));
}
