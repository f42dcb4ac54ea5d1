import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { QueryContext } from '../db/transcripts/reader.ts';
import {
  countDue,
  countRemoved,
  type KeptFile,
  keptFiles,
  type ReadSoFar,
  readCounts,
  readProblems,
  readSoFar,
  readTotals,
  searchBytes,
} from './status.store.ts';

export interface StatusArgs {
  /** Milliseconds since the epoch. */
  now: number;
  keepDays: number | null;
  /** Sessions whose conversations are never too old. */
  live: readonly string[];
}

const dayMs = 24 * 60 * 60 * 1000;
const maxProblems = 20;

/** What the thread that reads runs for the state of transcripts. */
export const statusQueries = {
  transcriptStatus({ db, redact }: QueryContext, { now, keepDays, live }: StatusArgs) {
    const { conversations, responses } = readTotals(db);
    const { bytes, ...counts } = readCounts(db);
    const due = keepDays === null ? 0 : countDue(db, now + dayMs - keepDays * dayMs, live);
    return {
      ...counts,
      conversations,
      responses,
      pending: pendingOf(readSoFar(db)),
      bytes: { transcripts: bytes, search: searchBytes(db), ...archiveBytes(keptFiles(db)) },
      retention: { keepDays, due, removed: countRemoved(db) },
      problems: readProblems(db, maxProblems).map(({ sample, ...problem }) => ({
        ...problem,
        sample: sample === null ? null : redact(sample),
      })),
    };
  },
} as const;

export type StatusQueries = typeof statusQueries;

/** What is in the files and was not read: whole lines, since half ones wait for their ends. */
function pendingOf(files: readonly ReadSoFar[]): { usageBytes: number; contentBytes: number } {
  const pending = { usageBytes: 0, contentBytes: 0 };
  for (const { path, usageOffset, contentOffset } of files) {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const [usage, content] = [size - usageOffset, size - contentOffset];
    if (usage > 0 && hasLine(path, usageOffset)) pending.usageBytes += usage;
    if (content > 0 && hasLine(path, contentOffset)) pending.contentBytes += content;
  }
  return pending;
}

const lookedAt = 64 * 1024;

/** Whether a line ends behind the offset; a rest that is longer than what is looked at counts as one. */
function hasLine(path: string, offset: number): boolean {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(lookedAt);
      const read = readSync(descriptor, bytes, 0, lookedAt, offset);
      return read === lookedAt || bytes.subarray(0, read).includes(10);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

/** A file is kept by a hard link as a rule: it costs nothing while the agent has it too. */
function archiveBytes(files: readonly KeptFile[]): { archive: number; archiveOnly: number } {
  const bytes = { archive: 0, archiveOnly: 0 };
  const seen = new Set<string>();
  for (const { path, archivePath } of files) {
    const kept = statSync(archivePath, { throwIfNoEntry: false });
    if (!kept) continue;
    const inode = `${kept.dev} ${kept.ino}`;
    if (seen.has(inode)) continue;
    seen.add(inode);
    bytes.archive += kept.size;
    // How many links there are says nothing: a backup holds one too, and a copy on another disk has one only.
    // A database that was made anew from what is kept knows no other place of it.
    const agents = path === archivePath ? undefined : statSync(path, { throwIfNoEntry: false });
    if (!agents || (agents.dev === kept.dev && agents.ino !== kept.ino)) bytes.archiveOnly += kept.size;
  }
  return bytes;
}
