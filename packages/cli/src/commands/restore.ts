import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exitCodes } from '@codepiper/core/errors.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import { settings } from '@codepiper/core/settings/settings.ts';
import { type CheckReport, checkBackup } from '@codepiper/daemon/backup/check.ts';
import { restoreBackup } from '@codepiper/daemon/backup/restore.ts';
import { loadConfig } from '@codepiper/daemon/config/config.ts';
import { checkTrail, progressLine, sizeText, trailWarning } from '../backup/trail.ts';
import type { Context } from '../context.ts';
import { clean } from '../output.ts';
import { UsageError } from '../usage-error.ts';

export async function run(context: Context): Promise<number> {
  const { input, io } = context;
  const given = input.required(0);
  if (given === '') throw new UsageError('<directory> is empty; give the directory of a backup.');
  const source = resolve(io.cwd, given);
  const { onProgress, done } = progressLine(context);
  if (input.flag('check')) {
    return tellCheck(context, source, await checkBackup(source, { checkTrail, onProgress }).finally(done));
  }
  const database = databaseOf(context, source);
  if (database === ':memory:') {
    throw new UsageError(
      'The database is to be kept in memory (dbPath is :memory:); nothing can be restored to it.',
    );
  }
  const { home } = io.env;
  const report = await restoreBackup({
    ...{ source, home, database, now: io.now(), checkTrail, onProgress },
  }).finally(done);
  const { manifest, before, trail, finishedEarlier } = report;
  const { createdAt, liveSessions } = manifest;
  context.print({ directory: source, createdAt, restored: home, before, liveSessions, audit: trail }, () =>
    [
      ...(finishedEarlier ? ['A restore that had been interrupted was finished first.\n'] : []),
      `${clean(home)} is what it was on ${createdAt}.\n`,
      ...(before === null ? [] : [`What was there before: ${clean(before)}\n`]),
      ...(liveSessions === 0
        ? []
        : [
            `${liveSessions} sessions were live then: those whose window is gone have ended when the daemon starts.\n`,
          ]),
      trailWarning(trail),
      'Start the daemon: codepiper daemon start --detach\n',
    ].join(''),
  );
  return exitCodes.ok;
}

function tellCheck(context: Context, source: string, { manifest, problems, trail }: CheckReport): number {
  const { createdAt, codepiper, files, liveSessions } = manifest;
  const isWhole = problems.length === 0;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const told = {
    whole: isWhole,
    problems,
    directory: source,
    createdAt,
    codepiper,
    files: files.length,
    bytes,
  };
  context.print({ ...told, liveSessions, audit: trail }, () =>
    [
      isWhole ? context.paint('whole\n', 'green') : context.paint('not whole\n', 'red'),
      `made on ${createdAt} by codepiper ${clean(codepiper)}: ${files.length} files, ${sizeText(bytes)}\n`,
      ...problems.slice(0, 20).map((problem) => `  ${clean(problem)}\n`),
      ...(problems.length > 20 ? [`  and ${problems.length - 20} more\n`] : []),
      trailWarning(trail),
    ].join(''),
  );
  return isWhole ? exitCodes.ok : exitCodes.failed;
}

/** Where the database is to lie: as the configuration says that comes with the backup. */
function databaseOf({ io }: Context, source: string): string {
  const { env } = io;
  const usual = env.dbPath ?? join(env.home, homeFiles.database);
  if (!existsSync(join(source, homeFiles.config))) return usual;
  try {
    const { values, effective } = loadConfig({
      flags: {},
      env: env.forChild([]),
      uid: env.uid,
      home: source,
    });
    const isSet = effective.some(({ key, origin }) => key === settings.dbPath.key && origin !== 'default');
    return isSet ? values.dbPath : usual;
  } catch {
    // The daemon will say what is wrong with it.
    return usual;
  }
}
