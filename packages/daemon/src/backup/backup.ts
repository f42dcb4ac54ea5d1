import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { homeFiles } from '@codepiper/core/paths.ts';
import { asStorageError } from '../db/errors.ts';
import { copyDatabase, countRows } from '../db/snapshot.ts';
import { sync } from '../platform/moves.ts';
import { keptTranscripts, readFacts } from './backup.store.ts';
import { type CheckTrail, checkBackup, type OnProgress, type Trail } from './check.ts';
import { copyPrivately, hashStart, plainFile, syncAll } from './file-copies.ts';
import { type BackedUpFile, backupFiles, isTranscript, type Manifest } from './manifest.ts';

export interface BackupOptions {
  /** The state directory. */
  home: string;
  /** codepiper's own database, wherever it lies. */
  database: string;
  /** Directory of the backup to be: not there yet, or empty. */
  target: string;
  /** Of this program. */
  version: string;
  /** Milliseconds since the epoch. */
  now: number;
  checkTrail: CheckTrail;
  onProgress?: OnProgress;
}

export interface BackupReport {
  manifest: Manifest;
  /** Null where the database has no trail yet. */
  trail: Trail | null;
  /** Transcripts the databases speak of and that are not kept, or not whole. */
  missing: string[];
}

/**
 * Copies what is kept in the state directory to a directory, also while a daemon writes: databases as they are at one
 * moment, then the files they speak of. The copy is checked, and is there when it is whole; a failure leaves nothing.
 *
 * @throws CodepiperError `storage_full`, `database_busy`; Error when there is nothing to copy, or no place for it
 */
export async function makeBackup(options: BackupOptions): Promise<BackupReport> {
  const { home, database, target } = options;
  if (!existsSync(database)) {
    throw new Error(
      `There is no database at ${database}: nothing to back up. Set CODEPIPER_HOME to the right place.`,
    );
  }
  if (existsSync(join(home, homeFiles.restore))) {
    throw new Error(
      `A restore of ${home} was interrupted: what is there is half of one and half of another. Start the daemon, or run the restore again; either finishes it.`,
    );
  }
  refuseTaken(target);
  const replaced = beingReplaced(options);
  const parent = dirname(target);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  removeLeftovers(parent);
  const partial = join(
    parent,
    `.${basename(target)}.partial-${process.pid}-${randomBytes(4).toString('hex')}`,
  );
  try {
    mkdirSync(partial, { mode: 0o700 });
    const report = await fill(partial, options);
    if (beingReplaced(options) !== replaced) {
      throw new Error(`${home} was replaced by a restore while it was copied; nothing was kept. Try again.`);
    }
    syncAll(partial);
    if (existsSync(target)) rmdirSync(target);
    renameSync(partial, target);
    sync(parent);
    return report;
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw asStorageError(error) ?? error;
  }
}

async function fill(directory: string, options: BackupOptions): Promise<BackupReport> {
  const { home, database, version, now, checkTrail, onProgress = () => undefined } = options;
  const to = (name: string): string => join(directory, name);
  onProgress('Copying the database');
  copyDatabase(database, to(backupFiles.database));
  const { lastCheckpoint, liveSessions } = readFacts(to(backupFiles.database));
  // Behind the database: what was in its second place then is in it still.
  copyCheckpoints(`${database}.audit-checkpoints.jsonl`, to(backupFiles.checkpoints), lastCheckpoint);
  const { auditKey, authKey, pushKey, config, prices } = homeFiles;
  for (const name of [auditKey, authKey, pushKey, config, prices]) {
    if (existsSync(join(home, name))) copyPrivately(join(home, name), to(name));
  }
  const missing: string[] = [];
  const databases: string[] = [backupFiles.database];
  if (existsSync(join(home, homeFiles.transcripts))) {
    onProgress('Copying the database of transcripts');
    copyDatabase(join(home, homeFiles.transcripts), to(backupFiles.transcripts));
    databases.push(backupFiles.transcripts);
    missing.push(...copyTranscripts(home, directory, onProgress));
  }
  const files: BackedUpFile[] = [];
  const names = filesBelow(directory);
  for (const [done, path] of names.entries()) {
    if (done % 50 === 0) onProgress('Hashing', { done, all: names.length });
    files.push({ path, ...(await hashStart(to(path), statSync(to(path)).size)) });
  }
  const manifest: Manifest = {
    ...{ format: 'codepiper-backup', version: 1, codepiper: version },
    createdAt: new Date(now).toISOString(),
    home,
    rows: Object.fromEntries(databases.map((name) => [name, countRows(to(name))])),
    liveSessions,
    files,
  };
  writeFileSync(to(backupFiles.manifest), `${JSON.stringify(manifest, null, 2)}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  const { problems, trail } = await checkBackup(directory, { checkTrail, onProgress });
  if (problems.length > 0)
    throw new Error(`The copy is not what it should be, and was removed: ${problems[0]}`);
  return { manifest, trail, missing };
}

/** The lines up to the last checkpoint that is in the copy of the database; a line that is being written is none. */
function copyCheckpoints(from: string, to: string, last: number): void {
  if (!existsSync(from)) return;
  const text = readFileSync(from, 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split(/(?<=\n)/);
  const kept = lines.filter((line) => (seqOf(line) ?? 0) <= last);
  writeFileSync(to, kept.join(''), { mode: 0o600, flag: 'wx' });
}

/** What is no checkpoint stays: whoever checks the trail is to see it. */
function seqOf(line: string): number | null {
  try {
    const value: unknown = JSON.parse(line);
    const isCheckpoint = typeof value === 'object' && value !== null && 'seq' in value;
    return isCheckpoint && typeof value.seq === 'number' ? value.seq : null;
  } catch {
    return null;
  }
}

/**
 * Copies, and no hard links: an agent that writes a transcript anew, in its place, would write it anew in every backup.
 * Returns those that are not there, or shorter than what was read of them.
 */
function copyTranscripts(home: string, directory: string, onProgress: OnProgress): string[] {
  const archive = join(home, homeFiles.archive);
  const missing: string[] = [];
  const transcripts = keptTranscripts(join(directory, backupFiles.transcripts));
  for (const [done, { path, archivePath, read }] of transcripts.entries()) {
    if (done % 50 === 0) onProgress('Copying transcripts', { done, all: transcripts.length });
    const name = archivePath === null ? null : join(backupFiles.archive, relative(archive, archivePath));
    if (archivePath === null || name === null || !isTranscript(name)) {
      missing.push(path);
      continue;
    }
    const copy = join(directory, name);
    if (!plainFile(archivePath)) {
      missing.push(archivePath);
      continue;
    }
    mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
    copyPrivately(archivePath, copy);
    if (statSync(copy).size < read) missing.push(archivePath);
  }
  return missing;
}

function refuseTaken(target: string): void {
  const found = lstatSync(target, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isDirectory() || readdirSync(target).length > 0) {
    throw new Error(`${target} is there already; give a directory that is not there yet.`);
  }
  // It takes the directory's place when it is whole; a disk's place cannot be taken.
  if (found.dev !== statSync(dirname(target)).dev) {
    throw new Error(`A disk is mounted at ${target}; give a directory on it that is not there yet.`);
  }
}

/** Changes when a restore puts other databases in the place of those that are copied. */
function beingReplaced({ home, database }: BackupOptions): string {
  const inodes = [database, join(home, homeFiles.transcripts), join(home, homeFiles.restore)].map(
    (path) => statSync(path, { throwIfNoEntry: false })?.ino ?? null,
  );
  return JSON.stringify(inodes);
}

/** What a backup left that was killed. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^\..+\.partial-(\d+)-[0-9a-f]{8}$/.exec(name)?.[1] ?? Number.NaN);
    if (!pid || isAlive(pid)) continue;
    // In a directory that others write to it may be another's.
    const owner = lstatSync(join(parent, name), { throwIfNoEntry: false })?.uid;
    if (owner === process.getuid?.()) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Paths of all files below a directory, sorted. */
function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}
