import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeFiles } from '@codepiper/core/paths.ts';
import { z } from 'zod';

/** Files of a backup by their names in it; transcripts lie below `homeFiles.archive`. */
export const backupFiles = {
  manifest: 'manifest.json',
  database: homeFiles.database,
  /** The second place of the audit trail's checkpoints, as the audit trail looks for it beside its database. */
  checkpoints: `${homeFiles.database}.audit-checkpoints.jsonl`,
  transcripts: homeFiles.transcripts,
  archive: homeFiles.archive,
  auditKey: homeFiles.auditKey,
  authKey: homeFiles.authKey,
  pushKey: homeFiles.pushKey,
  config: homeFiles.config,
  prices: homeFiles.prices,
} as const;

const single: readonly string[] = [
  ...[backupFiles.database, backupFiles.checkpoints, backupFiles.transcripts],
  ...[backupFiles.auditKey, backupFiles.authKey, backupFiles.pushKey, backupFiles.config, backupFiles.prices],
];

const fileSchema = z.object({
  path: z.string().refine(isOurs, 'is no file of a backup'),
  /** Bytes; of a transcript those that the hash is of: more may follow. */
  size: z.number().int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BackedUpFile = z.infer<typeof fileSchema>;

const manifestSchema = z.object({
  format: z.literal('codepiper-backup'),
  version: z.literal(1),
  /** Version of the program that made it. */
  codepiper: z.string(),
  createdAt: z.iso.datetime(),
  /** The state directory it is of. */
  home: z.string(),
  /** Rows of each table, by database. */
  rows: z.record(z.string(), z.record(z.string(), z.number().int())),
  /** Sessions that were live. */
  liveSessions: z.number().int(),
  files: z
    .array(fileSchema)
    .refine((files) => new Set(files.map(({ path }) => path)).size === files.length, 'names a file twice'),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Bytes; room for a million files. */
const longestManifest = 300_000_000;

/** @throws Error when the directory holds no backup that this program can read */
export function readManifest(directory: string): Manifest {
  const path = join(directory, backupFiles.manifest);
  let value: unknown;
  try {
    const found = lstatSync(path);
    if (!found.isFile()) throw new Error('it is no plain file');
    if (found.size > longestManifest) throw new Error(`it has ${found.size} bytes`);
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new Error(
        `${directory} is no backup: it has no ${backupFiles.manifest}. codepiper backup makes one.`,
      );
    }
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.path[0] === 'version' && typeof (value as { version?: unknown }).version === 'number') {
    throw new Error(`${path} was written by a newer codepiper. Update codepiper.`);
  }
  throw new Error(`${path} is damaged: ${issue?.path.join('.')}: ${issue?.message}`);
}

export function isTranscript(path: string): boolean {
  return path.startsWith(`${backupFiles.archive}/`);
}

/** No path leads out of the backup, nor to what is none of it. */
function isOurs(path: string): boolean {
  if (single.includes(path)) return true;
  return (
    isTranscript(path) &&
    !path.includes('\0') &&
    path.split('/').every((part) => !['', '.', '..'].includes(part))
  );
}
