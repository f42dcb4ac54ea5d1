import { existsSync, lstatSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { homeFiles } from '@codepiper/core/paths.ts';
import { type Check, fail, ok, warn } from './check.ts';

const enoughBytes = 1_000_000_000;
const leastBytes = 100_000_000;

/** Whether a directory with private things is this user's alone. */
export function checkPrivate(name: string, path: string, uid: number): Check {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return ok(name, `${path} is not there yet; the daemon makes it`);
  if (!found.isDirectory()) {
    return fail(name, `${path} is no directory`, `Move it away: mv ${path} ${path}.old`);
  }
  if (found.uid !== uid) {
    return fail(
      name,
      `${path} belongs to another user (uid ${found.uid})`,
      `Make it yours: sudo chown -R ${uid} ${path}`,
    );
  }
  const mode = (found.mode & 0o777).toString(8);
  if ((found.mode & 0o077) !== 0) {
    return fail(name, `${path} is open to other users (mode ${mode})`, `Close it: chmod 700 ${path}`);
  }
  return ok(name, `${path} is yours alone`);
}

/** Opens the database for reading and lets SQLite check it. */
export async function checkDatabase(path: string): Promise<Check> {
  if (path === ':memory:') return ok('database', 'kept in memory, gone when the daemon stops');
  if (!existsSync(path)) return ok('database', `${path} is not there yet; the daemon makes it`);
  const restore = `Stop the daemon and put a backup in its place (${path}.backup-…), or move it away`;
  try {
    const { checkDatabaseFile } = await import('@codepiper/daemon/db/integrity.ts');
    const problems = checkDatabaseFile(path);
    if (problems.length > 0) return fail('database', `${path} is damaged: ${problems[0]}`, restore);
  } catch (error) {
    return fail('database', `${path}: ${error instanceof Error ? error.message : String(error)}`, restore);
  }
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    return fail(
      'database',
      `${path} is open to other users (mode ${mode.toString(8)})`,
      `Close it: chmod 600 ${path}`,
    );
  }
  return ok('database', `${path} is sound`);
}

/** Whether a restore was killed half-way; nothing to say when there was none. */
export function checkRestore(home: string): Check[] {
  const list = `${home}/${homeFiles.restore}`;
  if (!existsSync(list)) return [];
  const message = `a restore was interrupted: what is still to be moved is in ${list}`;
  return [fail('restore', message, 'Start the daemon, or run the restore again: either finishes it first')];
}

export function checkDisk(home: string): Check {
  let place = home;
  while (!existsSync(place) && place !== '/') place = dirname(place);
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  const text = `${free >= 1e9 ? `${(free / 1e9).toFixed(1)} GB` : `${Math.round(free / 1e6)} MB`} free at ${place}`;
  if (free < leastBytes) return fail('disk', text, 'Make room: a full disk refuses new sessions and texts');
  return free < enoughBytes ? warn('disk', text, 'Make room before it is full') : ok('disk', text);
}

/** No clock of a machine that runs this version is earlier. */
const release = Date.UTC(2026, 10, 1);
/** File systems on other machines may be a little ahead. */
const toleranceMs = 60_000;

/** Times order everything the daemon keeps: a clock that was set back mixes it up. */
export function checkClock(now: number, database: string): Check {
  const hint = 'Set the clock: timedatectl set-ntp true (Linux), or the date settings (macOS)';
  const time = new Date(now).toISOString();
  if (now < release) return fail('clock', `it says ${time}, before this version was made`, hint);
  const written = lastWritten(database);
  if (written > now + toleranceMs) {
    const last = new Date(written).toISOString();
    return fail('clock', `it says ${time}, and the database was written at ${last}`, hint);
  }
  return ok('clock', time);
}

/** When the database was last written, in milliseconds; 0 when there is none. */
function lastWritten(database: string): number {
  const times = [database, `${database}-wal`].map(
    (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Math.max(...times);
}
