import type { Pass } from './ingest.ts';

export interface Work {
  file: number;
  pass: Pass;
  live: boolean;
}

/** What is to be read next: files of live sessions before others, usage before content. */
export class WorkQueue {
  readonly #queues: Readonly<Record<`${'live' | 'other'}-${Pass}`, Set<number>>> = {
    'live-usage': new Set(),
    'live-content': new Set(),
    'other-usage': new Set(),
    'other-content': new Set(),
  };

  /** Puts both passes of a file in the queue, behind those of its kind. */
  add(file: number, live: boolean): void {
    const kind = live ? 'live' : 'other';
    this.#queues[`${kind}-usage`].add(file);
    this.#queues[`${kind}-content`].add(file);
  }

  /** @param usageOnly leaves out the content of files nobody waits for */
  next(usageOnly = false): Work | null {
    for (const [name, files] of Object.entries(this.#queues)) {
      if (usageOnly && name === 'other-content') continue;
      for (const file of files) {
        return { file, pass: name.endsWith('usage') ? 'usage' : 'content', live: name.startsWith('live') };
      }
    }
    return null;
  }

  /** There is nothing more to read in this pass. */
  done(file: number, pass: Pass): void {
    this.#queues[`live-${pass}`].delete(file);
    this.#queues[`other-${pass}`].delete(file);
  }

  drop(file: number): void {
    this.done(file, 'usage');
    this.done(file, 'content');
  }

  get size(): number {
    return Object.values(this.#queues).reduce((sum, files) => sum + files.size, 0);
  }
}
