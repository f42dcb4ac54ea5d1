import { hash } from 'node:crypto';
import { fstatSync, readSync, type Stats } from 'node:fs';

/** How much of a file's beginning, and of what was read last, tells whether it is still the same file. */
const headBytes = 4096;
const tailBytes = 256;

/** What a file is recognised by. */
export interface Fingerprint {
  dev: number;
  ino: number;
  headLength: number;
  headHash: Buffer;
}

export function fingerprint(descriptor: number, stats: Stats = fstatSync(descriptor)): Fingerprint {
  const headLength = Math.min(headBytes, stats.size);
  return {
    dev: stats.dev,
    ino: stats.ino,
    headLength,
    headHash: hashRange(descriptor, 0, headLength),
  };
}

/** Of the bytes before `end`: changes when a file is written anew up to there. */
export function tailHash(descriptor: number, end: number): Buffer {
  const start = Math.max(0, end - tailBytes);
  return hashRange(descriptor, start, end - start);
}

/** Ten bytes of a hash of the range; of as much of it as there is. */
export function hashRange(descriptor: number, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const count = length === 0 ? 0 : readSync(descriptor, bytes, 0, length, start);
  return shortHash(bytes.subarray(0, count));
}

/** Ten bytes: enough for all there will ever be, and small in an index. */
export function shortHash(data: string | Buffer): Buffer {
  return hash('sha1', data, 'buffer').subarray(0, 10);
}
