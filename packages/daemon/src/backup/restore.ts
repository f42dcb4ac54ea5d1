import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { homeFiles } from '@codepiper/core/paths.ts';
import { asStorageError } from '../db/errors.ts';
import { relocateArchive } from '../db/transcripts/relocate.ts';
import { ensurePrivateDirectory, readTextFile } from '../platform/files.ts';
import { acquireLock, type Lock } from '../platform/lock.ts';
import { finishMoves, type Move, makeMoves, sync } from '../platform/moves.ts';
import { type KeptTranscript, keptTranscripts } from './backup.store.ts';
import { type CheckReport, type CheckTrail, checkBackup, type OnProgress } from './check.ts';
import { copyPrivately, hashStart, link, plainFile, syncAll } from './file-copies.ts';
import { type BackedUpFile, backupFiles, isTranscript, type Manifest, readManifest } from './manifest.ts';

export interface RestoreOptions {
  /** Directory of the backup. */
  source: string;
  /** The state directory; it need not be there. */
  home: string;
  /** Where codepiper's own database is to lie. */
  database: string;
  /** Milliseconds since the epoch. */
  now: number;
  checkTrail: CheckTrail;
  onProgress?: OnProgress;
}

export interface RestoreReport extends CheckReport {
  /** Where what was there before is kept; null when there was nothing. */
  before: string | null;
  /** A restore that had been killed was finished first. */
  finishedEarlier: boolean;
}

/**
 * Puts a backup in the place of what is kept in the state directory. Nothing is touched before all of it was checked and
 * copied beside its place; what was there is kept.
 *
 * @throws CodepiperError `storage_full`; Error while a daemon runs, and when the backup is not whole
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { source, home, database, checkTrail, onProgress = () => undefined } = options;
  readManifest(source);
  ensurePrivateDirectory(home);
  using _home = lock(join(home, homeFiles.lock), home);
  mkdirSync(dirname(database), { recursive: true, mode: 0o700 });
  using _database = lock(`${database}.lock`, database);
  const finishedEarlier = finishEarlier(home);
  const checked = await checkBackup(source, { checkTrail, onProgress });
  const [problem] = checked.problems;
  if (problem !== undefined) throw new Error(`${source} is not restored, nothing was changed: ${problem}.`);
  removeLeftovers(home, database);
  const places = new Places(options);
  try {
    onProgress('Copying');
    await stage(options, places, checked.manifest);
    refuseMounted(places.moves());
    makeMoves(join(home, homeFiles.restore), places.moves(), [places.staging]);
  } catch (error) {
    // From the moment the list of moves is on the disk, what is staged is what will be.
    if (existsSync(join(home, homeFiles.restore))) throw unfinished(home, error);
    places.removeStaged();
    throw asStorageError(error) ?? error;
  }
  return { ...checked, before: places.before(), finishedEarlier };
}

function lock(path: string, what: string): Lock {
  const held = acquireLock(path);
  if (held) return held;
  throw new Error(
    `${what} is in use by a running daemon, or another restore: nothing was changed. Stop the daemon first: codepiper daemon stop`,
  );
}

function finishEarlier(home: string): boolean {
  try {
    return finishMoves(join(home, homeFiles.restore));
  } catch (error) {
    throw unfinished(home, error);
  }
}

function unfinished(home: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `The restore is half done: ${reason}. What is still to be moved is in ${join(home, homeFiles.restore)}. Mend the cause and run it again: it finishes this one first.`,
    { cause },
  );
}

/** What is mounted cannot be moved aside, and that would be found out half-way. */
function refuseMounted(moves: readonly Move[]): void {
  const mounts = (readTextFile('/proc/self/mountinfo') ?? '')
    .split('\n')
    .map((line) => line.split(' ')[4]?.replaceAll('\\040', ' '));
  for (const { target } of moves) {
    const found = lstatSync(target, { throwIfNoEntry: false });
    const isMounted =
      found &&
      (mounts.includes(target) || (found.isDirectory() && found.dev !== statSync(dirname(target)).dev));
    if (!isMounted) continue;
    throw new Error(
      `${target} is mounted there and cannot be moved aside; nothing was changed. Unmount it, or restore to another CODEPIPER_HOME.`,
    );
  }
}

/** What a restore left that was killed before it changed anything. */
function removeLeftovers(home: string, database: string): void {
  for (const directory of new Set([home, dirname(database)])) {
    for (const name of readdirSync(directory)) {
      const isInHome =
        directory === home && /^\.restore-[0-9a-f]{8}$|^restore\.json\.\d+-[0-9a-f]{8}$/.test(name);
      const isBeside = name.startsWith(`${basename(database)}.`) && /\.restore-[0-9a-f]{8}$/.test(name);
      if (isInHome || isBeside) rmSync(join(directory, name), { recursive: true, force: true });
    }
  }
}

/** Where each part comes to lie, lies until then, and goes that lay there. */
class Places {
  readonly staging: string;
  readonly #aside: string;
  readonly #home: string;
  readonly #database: string;
  readonly #id = randomBytes(4).toString('hex');

  constructor({ home, database, now }: RestoreOptions) {
    this.#home = home;
    this.#database = database;
    this.staging = join(home, `.restore-${this.#id}`);
    this.#aside = join(home, `before-restore-${new Date(now).toISOString().replace(/[:.]/g, '-')}`);
    if (existsSync(this.#aside)) this.#aside += `-${this.#id}`;
  }

  /** @param name of a file of a backup, or of one of SQLite's beside it */
  of(name: string): { target: string; staged: string; aside: string } {
    const isDatabase = name.startsWith(backupFiles.database);
    const target = isDatabase
      ? `${this.#database}${name.slice(backupFiles.database.length)}`
      : join(this.#home, name);
    // Only what is on the same file system can take a place in one step.
    if (dirname(target) === this.#home) {
      return { target, staged: join(this.staging, name), aside: join(this.#aside, name) };
    }
    const ending = this.#aside.slice(this.#home.length + 1);
    return { target, staged: `${target}.restore-${this.#id}`, aside: `${target}.${ending}` };
  }

  moves(): Move[] {
    const { database, checkpoints, transcripts, archive, auditKey, authKey, pushKey, config, prices } =
      backupFiles;
    const names = [database, transcripts].flatMap((name) => [`${name}-wal`, `${name}-shm`, name]);
    return [...names, checkpoints, archive, auditKey, authKey, pushKey, config, prices].map((name) => {
      const { target, staged, aside } = this.of(name);
      return { target, staged: existsSync(staged) ? staged : null, aside };
    });
  }

  before(): string | null {
    if (existsSync(this.#aside)) return this.#aside;
    const { aside } = this.of(backupFiles.database);
    return existsSync(aside) ? aside : null;
  }

  removeStaged(): void {
    rmSync(this.staging, { recursive: true, force: true });
    for (const name of [backupFiles.database, backupFiles.checkpoints])
      rmSync(this.of(name).staged, { force: true });
  }
}

async function stage(
  { source, home, database, onProgress = () => undefined }: RestoreOptions,
  places: Places,
  manifest: Manifest,
): Promise<void> {
  mkdirSync(places.staging, { mode: 0o700 });
  const oldArchive = join(manifest.home, homeFiles.archive);
  /** Name in the backup of what was kept at a path. */
  const nameOf = (path: string): string => join(backupFiles.archive, relative(oldArchive, path));
  const hasTranscripts = manifest.files.some(({ path }) => path === backupFiles.transcripts);
  const kept = hasTranscripts ? keptTranscripts(join(source, backupFiles.transcripts)) : [];
  const byName = new Map(
    kept.flatMap((one) => (one.archivePath === null ? [] : [[nameOf(one.archivePath), one]])),
  );
  for (const [done, file] of manifest.files.entries()) {
    if (done % 50 === 0) onProgress('Copying', { done, all: manifest.files.length });
    const staged = isTranscript(file.path) ? join(places.staging, file.path) : places.of(file.path).staged;
    mkdirSync(dirname(staged), { recursive: true, mode: 0o700 });
    const then = byName.get(file.path);
    if (then && (await linkAgain(then, staged, file))) continue;
    copyPrivately(join(source, file.path), staged);
    // It was checked a while ago, and a disk that fails, or somebody, may have changed it since.
    if (!(await isWhole(staged, file))) throw new Error(`${file.path} changed while it was copied`);
  }
  if (hasTranscripts) {
    relocateArchive(places.of(backupFiles.transcripts).staged, (path) => {
      const name = nameOf(path);
      const found = isTranscript(name) && statSync(join(places.staging, name), { throwIfNoEntry: false });
      return found ? { path: join(home, name), dev: found.dev, ino: found.ino } : null;
    });
  }
  syncAll(places.staging);
  for (const name of [backupFiles.database, backupFiles.checkpoints]) {
    const { staged } = places.of(name);
    if (existsSync(staged)) sync(staged);
  }
  sync(dirname(database));
}

/** Where the agent's own file is still the one it was, it is kept as it was: by a hard link, which takes no room. */
async function linkAgain(then: KeptTranscript, staged: string, file: BackedUpFile): Promise<boolean> {
  const own = then.isCopy ? null : plainFile(then.path);
  if (own?.dev !== then.dev || own.ino !== then.ino || !link(then.path, staged)) return false;
  if (await isWhole(staged, file)) return true;
  rmSync(staged);
  return false;
}

async function isWhole(path: string, { size, sha256 }: BackedUpFile): Promise<boolean> {
  const found = await hashStart(path, size);
  return found.size === size && found.sha256 === sha256;
}
