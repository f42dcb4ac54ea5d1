import type { Writable } from 'node:stream';

/** Resolves when the reader has read what was written to it, or has gone. It leaves no listener behind. */
export function drained(to: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (to.destroyed) {
      resolve();
      return;
    }
    const done = () => {
      to.off('drain', done);
      to.off('close', done);
      resolve();
    };
    to.once('drain', done);
    to.once('close', done);
  });
}
