import { chmodSync, closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type Sqlite from 'better-sqlite3';

/** Copies of earlier schemas that stay beside the database. */
const keptBackups = 3;

export interface BackupRequest {
  sqlite: Sqlite.Database;
  /** File of the database. */
  path: string;
  /** Name of the last migration it has had. */
  schema: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * Writes a whole copy to `<database>.backup-<schema>-<time>` (0600) and removes all but the newest three.
 * Nothing is left behind when it fails. Returns the path of the copy.
 */
export function backUp({ sqlite, path, schema, now }: BackupRequest): string {
  const time = new Date(now).toISOString().replace(/[:.]/g, '-');
  const copy = `${path}.backup-${schema}-${time}`;
  closeSync(openSync(copy, 'wx', 0o600));
  try {
    chmodSync(copy, 0o600);
    sqlite.prepare('VACUUM INTO ?').run(copy);
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  }
  prune(path);
  return copy;
}

function prune(path: string): void {
  const prefix = `${basename(path)}.backup-`;
  // The time is the end of the name and sorts as text.
  const time = (name: string): string => name.slice(-'2026-01-01T00-00-00-000Z'.length);
  const copies = readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && name.endsWith('Z'))
    .sort((a, b) => time(b).localeCompare(time(a)));
  for (const name of copies.slice(keptBackups)) rmSync(join(dirname(path), name), { force: true });
}
