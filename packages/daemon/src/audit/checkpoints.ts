import { chmodSync, closeSync, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { readTextFile } from '../platform/files.ts';
import type { AuditCheckpointTable } from './audit.table.ts';

/** A place of the chain, signed. `at` is milliseconds since the epoch. */
export type Checkpoint = AuditCheckpointTable;

const checkpointSchema = z.strictObject({
  seq: z.number().int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.number().int(),
  signature: z.string(),
});

/** What is signed of a checkpoint. */
export function checkpointText({ seq, hash, at }: Omit<Checkpoint, 'signature'>): string {
  return `codepiper audit checkpoint\n${seq}\n${hash}\n${at}\n`;
}

/** The file with the checkpoints of a database. */
export function checkpointPath(database: string): string {
  return `${database}.audit-checkpoints.jsonl`;
}

/** The second place of the checkpoints, so that the database cannot be cut behind our back. */
export class CheckpointFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Adds a line. A disk that is full leaves the file as it was. */
  append(checkpoint: Checkpoint): void {
    const { seq, hash, at, signature } = checkpoint;
    const line = Buffer.from(`${JSON.stringify({ seq, hash, at, signature })}\n`);
    const descriptor = openSync(this.#path, 'a', 0o600);
    try {
      const { size } = fstatSync(descriptor);
      try {
        const written = writeSync(descriptor, line);
        if (written < line.length) throw new Error(`${this.#path} took ${written} of ${line.length} bytes`);
      } catch (error) {
        ftruncateSync(descriptor, size);
        throw error;
      }
    } finally {
      closeSync(descriptor);
    }
  }

  /** Takes off a last line that was not finished, and returns the newest checkpoint that can be read. */
  restore(): Checkpoint | null {
    const text = readTextFile(this.#path);
    if (text === null) return null;
    chmodSync(this.#path, 0o600);
    const end = text.lastIndexOf('\n') + 1;
    if (end < text.length) this.#cut(Buffer.byteLength(text.slice(0, end)));
    return parseLines(text.slice(0, end)).findLast((line) => line.checkpoint !== null)?.checkpoint ?? null;
  }

  #cut(size: number): void {
    const descriptor = openSync(this.#path, 'r+');
    try {
      ftruncateSync(descriptor, size);
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Every line of the file with the checkpoint in it, or null where there is none; null without a file. */
export function readCheckpointFile(path: string): { line: number; checkpoint: Checkpoint | null }[] | null {
  try {
    return parseLines(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseLines(text: string): { line: number; checkpoint: Checkpoint | null }[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, i) => ({ line: i + 1, checkpoint: parseLine(line) }));
}

function parseLine(line: string): Checkpoint | null {
  try {
    return checkpointSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
