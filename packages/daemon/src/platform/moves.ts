import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { readTextFile, writePrivateFile } from './files.ts';

const moveSchema = z.object({
  /** What is to lie there. */
  target: z.string(),
  /** Where it lies until then, on the same file system; null: nothing is to lie at the target. */
  staged: z.string().nullable(),
  /** Where what lay at the target goes. */
  aside: z.string(),
});
const journalSchema = z.object({ moves: z.array(moveSchema), leftovers: z.array(z.string()) });

/** One file or directory that takes another one's place. */
export type Move = z.infer<typeof moveSchema>;

/**
 * Makes all of the moves or none: from the moment their list is on the disk they are made, by this process or, when it
 * is killed, by the next `finishMoves`.
 *
 * @param leftovers what is removed at the end
 */
export function makeMoves(journal: string, moves: readonly Move[], leftovers: readonly string[]): void {
  writePrivateFile(journal, `${JSON.stringify({ moves, leftovers }, null, 2)}\n`);
  sync(journal);
  sync(dirname(journal));
  finishMoves(journal);
}

/**
 * Makes what is left of moves that were begun; false when there are none.
 *
 * @throws Error when the list cannot be read
 */
export function finishMoves(journal: string): boolean {
  const text = readTextFile(journal);
  if (text === null) return false;
  const { moves, leftovers } = parse(journal, text);
  const directories = new Set<string>();
  for (const { target, staged, aside } of moves) {
    // What is staged no more lies at its target.
    if (staged === null ? existsSync(aside) : !existsSync(staged)) continue;
    const rename = (from: string, to: string): void => {
      mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
      renameSync(from, to);
      directories.add(dirname(from)).add(dirname(to));
    };
    if (existsSync(target)) rename(target, aside);
    if (staged !== null) rename(staged, target);
  }
  for (const directory of directories) sync(directory);
  rmSync(journal);
  for (const path of leftovers) rmSync(path, { recursive: true, force: true });
  return true;
}

function parse(journal: string, text: string): z.infer<typeof journalSchema> {
  try {
    return journalSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${journal} is not the list of moves it should be; look at it, and move it away.`, {
      cause: error,
    });
  }
}

/** Has a file or the names in a directory written to the disk. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
