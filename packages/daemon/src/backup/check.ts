import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkDatabaseFile } from '../db/integrity.ts';
import { countRows, isNewer } from '../db/snapshot.ts';
import { readFacts } from './backup.store.ts';
import { hashStart, plainFileIn } from './file-copies.ts';
import { backupFiles, type Manifest, readManifest } from './manifest.ts';

/** What is being done, and how far it is. */
export type OnProgress = (step: string, at?: { done: number; all: number }) => void;

/** What came of checking an audit trail. */
export interface Trail {
  entries: number;
  /** What is wrong with it, as it was when the copy was made. */
  findings: string[];
}

/** Checks the trail of a database by its hashes and signatures; it belongs to another room. */
export type CheckTrail = (files: { database: string; key: string }) => Trail;

export interface CheckReport {
  manifest: Manifest;
  /** Why the backup cannot be used; empty when it is whole. */
  problems: string[];
  /** Null where there is none, or where files are damaged. */
  trail: Trail | null;
}

/**
 * Whether a backup is what it was when it was made, and this program can use it.
 *
 * @throws Error when the directory holds no backup
 */
export async function checkBackup(
  directory: string,
  {
    checkTrail,
    onProgress = () => undefined,
  }: { checkTrail: CheckTrail; onProgress?: OnProgress | undefined },
): Promise<CheckReport> {
  const manifest = readManifest(directory);
  const problems: string[] = [];
  const names = new Set(manifest.files.map(({ path }) => path));
  if (!names.has(backupFiles.database)) {
    problems.push(`${backupFiles.database} is not in the list of its files`);
  }
  const databases: string[] = [backupFiles.database, backupFiles.transcripts].filter((name) =>
    names.has(name),
  );
  for (const name of new Set([...databases, ...Object.keys(manifest.rows)])) {
    if (!databases.includes(name)) problems.push(`${name} is no database in the list of its files`);
    else if (!Object.hasOwn(manifest.rows, name)) problems.push(`the rows of ${name} are not in the list`);
  }
  // SQLite would take what stands in these for a part of the database.
  for (const name of databases.flatMap((one) => [`${one}-wal`, `${one}-journal`])) {
    if (existsSync(join(directory, name))) problems.push(`${name} is no part of a backup: remove it`);
  }
  for (const [done, { path, size, sha256 }] of manifest.files.entries()) {
    if (done % 50 === 0) onProgress('Comparing files', { done, all: manifest.files.length });
    const found = plainFileIn(directory, path);
    if (!found) problems.push(`${path} is not there`);
    else if (found.size !== size) {
      problems.push(`${path} has ${found.size} bytes, not ${size}`);
    } else if ((await hashStart(join(directory, path), size)).sha256 !== sha256) {
      problems.push(`${path} was changed: its hash is another one`);
    }
  }
  // What is changed is not opened.
  if (problems.length > 0) return { manifest, problems, trail: null };
  onProgress('Checking the databases');
  for (const [name, rows] of Object.entries(manifest.rows)) {
    problems.push(...checkDatabase(directory, name, rows));
  }
  if (problems.length > 0) return { manifest, problems, trail: null };
  onProgress('Checking the audit trail');
  const database = join(directory, backupFiles.database);
  const trail = readFacts(database).hasTrail
    ? checkTrail({ database, key: join(directory, backupFiles.auditKey) })
    : null;
  return { manifest, problems, trail };
}

function checkDatabase(directory: string, name: string, rows: Readonly<Record<string, number>>): string[] {
  const path = join(directory, name);
  const damage = checkDatabaseFile(path);
  if (damage.length > 0) return [`${name} is damaged: ${damage[0]}`];
  if (isNewer(path, name === backupFiles.database ? 'codepiper' : 'transcripts')) {
    return [`${name} was written by a newer codepiper. Update codepiper`];
  }
  const counted = countRows(path);
  const other = Object.entries(rows).find(([table, count]) => counted[table] !== count);
  return other ? [`${name} has ${counted[other[0]] ?? 'no'} rows in ${other[0]}, not ${other[1]}`] : [];
}
