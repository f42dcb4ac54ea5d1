import type { StoredTotals } from '../status.store.ts';
import type { Pass } from './ingest.ts';
import type { FromIngest, ImportProgress } from './messages.ts';

const progressMs = 200;

export interface Import extends ImportProgress {
  id: number;
  /** Whether all files it is about are known. */
  isListed: boolean;
  left: Set<number>;
  toldAt: number;
  /** What there was when it began. */
  before: StoredTotals;
}

export interface ImportsParts {
  totals: () => StoredTotals;
  tell: (message: FromIngest) => void;
}

/** The imports that run: what each of them waits for, and how far it has come. */
export class Imports {
  readonly #parts: ImportsParts;
  readonly #running = new Set<Import>();

  constructor(parts: ImportsParts) {
    this.#parts = parts;
  }

  begin(id: number): Import {
    const work: Import = {
      ...{ id, files: 0, usageBytes: 0, contentBytes: 0, allBytes: 0 },
      isListed: false,
      left: new Set(),
      toldAt: 0,
      before: this.#parts.totals(),
    };
    this.#running.add(work);
    return work;
  }

  /** Whether one of them is still looking for its files. */
  get isListing(): boolean {
    return [...this.#running].some(({ isListed }) => !isListed);
  }

  /** @param file its size, and how much of it was read before, in bytes */
  add(work: Import, id: number, file: { size: number; usageBytes: number; contentBytes: number }): void {
    work.left.add(id);
    work.files += 1;
    work.allBytes += file.size;
    work.usageBytes += file.usageBytes;
    work.contentBytes += file.contentBytes;
  }

  /** All its files are known. */
  listed(work: Import): void {
    work.isListed = true;
    this.#tell(work, true);
  }

  /** So much of a file was read in one pass; nothing: there is no more. */
  note(file: number, pass: Pass, bytes: number): void {
    for (const work of this.#running) {
      if (!work.left.has(file)) continue;
      work[pass === 'usage' ? 'usageBytes' : 'contentBytes'] += bytes;
      if (pass === 'content' && bytes === 0) work.left.delete(file);
      this.#tell(work, false);
    }
  }

  /** Nobody waits for the file any longer. */
  leave(file: number): void {
    for (const work of this.#running) {
      if (work.left.delete(file)) this.#tell(work, false);
    }
  }

  #tell(work: Import, atOnce: boolean): void {
    const { left, isListed, toldAt: _, before, ...progress } = work;
    if (isListed && left.size === 0) {
      this.#running.delete(work);
      const now = this.#parts.totals();
      const added = {
        conversations: now.conversations - before.conversations,
        responses: now.responses - before.responses,
        tokens: now.tokens - before.tokens,
      };
      this.#parts.tell({ type: 'imported', ...progress, added });
    } else if (atOnce || performance.now() - work.toldAt >= progressMs) {
      work.toldAt = performance.now();
      this.#parts.tell({ type: 'progress', ...progress });
    }
  }
}
