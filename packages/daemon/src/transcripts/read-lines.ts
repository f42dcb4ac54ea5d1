import { readSync } from 'node:fs';

interface Line {
  /** Without the line end; null when it is longer than any that is read. */
  bytes: Buffer | null;
  offset: number;
  length: number;
}

const blockBytes = 1 << 20;
const lineEnd = 10;

/** The whole lines of the first `size` bytes of a file, in the memory of one line. A line is valid until the next. */
export function* readLines(descriptor: number, size: number, longest: number): Generator<Line> {
  const block = Buffer.allocUnsafe(blockBytes);
  /** What is known of the line that the block before ended in. */
  let parts: Buffer[] = [];
  let length = 0;
  let begin = 0;
  for (let offset = 0; offset < size; ) {
    const count = readSync(descriptor, block, 0, Math.min(blockBytes, size - offset), offset);
    if (count === 0) return;
    let from = 0;
    for (let end = block.indexOf(lineEnd); end >= 0 && end < count; end = block.indexOf(lineEnd, from)) {
      length += end - from;
      const last = block.subarray(from, end);
      const bytes = length >= longest ? null : parts.length === 0 ? last : Buffer.concat([...parts, last]);
      yield { bytes, offset: begin, length };
      parts = [];
      length = 0;
      from = end + 1;
      begin = offset + from;
    }
    length += count - from;
    if (length >= longest) parts = [];
    else if (from < count) parts.push(Buffer.from(block.subarray(from, count)));
    offset += count;
  }
}
