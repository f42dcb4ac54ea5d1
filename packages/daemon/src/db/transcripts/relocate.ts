import Sqlite from 'better-sqlite3';

/** Where a kept transcript lies now. */
export interface KeptFile {
  path: string;
  dev: number;
  ino: number;
}

interface FileRow {
  id: number;
  path: string;
  dev: number;
  ino: number;
  archive_path: string;
}

/**
 * Tells a database of transcripts, which nobody else has open, where the files it keeps lie now. One that is another
 * file on the disk than it was is from now on a copy.
 *
 * @param find the new place by the old one; null when it was not kept
 */
export function relocateArchive(database: string, find: (path: string) => KeptFile | null): void {
  const sqlite = new Sqlite(database, { fileMustExist: true });
  try {
    const rows = sqlite
      .prepare('SELECT id, path, dev, ino, archive_path FROM files WHERE archive_path IS NOT NULL')
      .all() as FileRow[];
    const move = sqlite.prepare(
      'UPDATE files SET path = ?, archive_path = ?, archive_copied = CASE WHEN ? THEN archive_copied ELSE 1 END WHERE id = ?',
    );
    sqlite.transaction(() => {
      for (const { id, path, dev, ino, archive_path } of rows) {
        const found = find(archive_path);
        const isSame = found !== null && found.dev === dev && found.ino === ino;
        const place = found?.path ?? null;
        move.run(path === archive_path && place !== null ? place : path, place, isSame ? 1 : 0, id);
      }
    })();
  } finally {
    sqlite.close();
  }
}
