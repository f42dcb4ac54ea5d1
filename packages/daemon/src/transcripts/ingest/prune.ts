import { rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TranscriptsDb } from '../../db/transcripts/open.ts';
import type { Archive } from './archive.ts';
import { PruneStore } from './prune.store.ts';

export interface PruneRule {
  /** Milliseconds since the epoch. */
  now: number;
  /** How long a conversation is kept after its last word, in milliseconds. */
  keepMs: number;
  /** Sessions whose conversations are kept, however old. */
  live: readonly string[];
}

/** What was removed. */
export interface Pruned {
  conversations: number;
  entries: number;
  /** Files taken out of the archive, and what they alone took, in bytes. */
  files: number;
  bytes: number;
}

export interface PruningParts {
  db: TranscriptsDb;
  archive: Pick<Archive, 'holds'>;
  /** Whether a live session writes the file. */
  follows: (file: number) => boolean;
}

/** Entries in one transaction: a few milliseconds. */
const batch = 200;

/**
 * Removes what was said in old conversations: entries, the words they are found by, paths, and the archive's files. What
 * was counted stays counted: responses and their sums, turns, times of tool calls. The agent's own files are never
 * touched. A crash in between leaves a part, which is still due.
 */
export class Pruning {
  readonly #store: PruneStore;
  readonly #parts: PruningParts;

  constructor(parts: PruningParts) {
    this.#parts = parts;
    this.#store = new PruneStore(parts.db);
  }

  async run({ now, keepMs, live }: PruneRule, stop: AbortSignal): Promise<Pruned> {
    const pruned: Pruned = { conversations: 0, entries: 0, files: 0, bytes: 0 };
    for (const conversation of this.#store.due(now - keepMs, live)) {
      if (stop.aborted) break;
      if (this.#store.filesOf(conversation).some(({ id }) => this.#parts.follows(id))) continue;
      if (await this.#remove(conversation, now, pruned, stop)) pruned.conversations += 1;
    }
    return pruned;
  }

  /** False when it was broken off: somebody goes on with the conversation, or the thread ends. */
  async #remove(conversation: number, now: number, pruned: Pruned, stop: AbortSignal): Promise<boolean> {
    const store = this.#store;
    store.mark(conversation, now);
    for (;;) {
      const removed = store.removeEntries(conversation, batch);
      pruned.entries += removed;
      if (removed === 0) break;
      await new Promise((resolve) => setImmediate(resolve));
      if (stop.aborted || store.filesOf(conversation).some(({ isPruned }) => !isPruned)) return false;
    }
    store.removeTexts(conversation);
    for (const { id, archivePath } of store.filesOf(conversation)) {
      if (archivePath === null) continue;
      pruned.bytes += this.#removeKept(archivePath);
      pruned.files += 1;
      store.leaveArchive(id);
    }
    return true;
  }

  /** What that freed, in bytes: nothing while the agent has the file too. */
  #removeKept(path: string): number {
    const { archive } = this.#parts;
    if (!archive.holds(path)) return 0;
    const found = statSync(path, { throwIfNoEntry: false });
    rmSync(path, { force: true });
    try {
      for (let directory = dirname(path); archive.holds(directory); directory = dirname(directory)) {
        rmdirSync(directory);
      }
    } catch {
      // There are others in it.
    }
    return found?.nlink === 1 ? found.size : 0;
  }
}
