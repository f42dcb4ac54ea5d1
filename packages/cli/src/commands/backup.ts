import { join, resolve } from 'node:path';
import { homeFiles } from '@codepiper/core/paths.ts';
import { makeBackup } from '@codepiper/daemon/backup/backup.ts';
import { checkTrail, progressLine, sizeText, trailWarning } from '../backup/trail.ts';
import type { Context } from '../context.ts';
import { homeDatabase } from '../home-database.ts';
import { clean } from '../output.ts';
import { UsageError } from '../usage-error.ts';
import { version } from '../version.ts';

export async function run(context: Context): Promise<void> {
  const { input, io } = context;
  const [given] = input.positionals;
  if (given === '')
    throw new UsageError('[directory] is empty; leave it out, or give a directory that is not there yet.');
  const now = io.now();
  const name = new Date(now).toISOString().replace(/[:.]/g, '-');
  const target = given === undefined ? join(io.env.home, homeFiles.backups, name) : resolve(io.cwd, given);
  const database = await homeDatabase(io.env);
  if (database === ':memory:') {
    throw new UsageError('The database is kept in memory (dbPath is :memory:); there is no file to back up.');
  }
  const { onProgress, done } = progressLine(context);
  const { manifest, trail, missing } = await makeBackup({
    ...{ home: io.env.home, database, target, version, now, checkTrail, onProgress },
  }).finally(done);
  const { createdAt, files, rows } = manifest;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  context.print(
    { directory: target, createdAt, files: files.length, bytes, rows, audit: trail, missing },
    () =>
      [
        `${clean(target)}\n`,
        `${files.length} files, ${sizeText(bytes)}: ${rowsText(rows)}\n`,
        ...(missing.length > 0
          ? [`${missing.length} transcripts are not kept whole, ${clean(missing[0] ?? '')} among them.\n`]
          : []),
        trailWarning(trail),
      ].join(''),
  );
}

function rowsText(rows: Readonly<Record<string, Readonly<Record<string, number>>>>): string {
  const { sessions = 0, events = 0 } = rows[homeFiles.database] ?? {};
  const { conversations = 0, entries = 0 } = rows[homeFiles.transcripts] ?? {};
  return `${sessions} sessions, ${events} events, ${conversations} conversations, ${entries} entries; checked`;
}
