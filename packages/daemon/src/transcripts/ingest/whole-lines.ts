import { readSync } from 'node:fs';

/** Longest line that is read, in bytes. */
export const maxLineBytes = 64 * 1024 * 1024;

const lineEnd = 10;

/**
 * What one look into a file brought: whole lines, each with its line end; or the fact that the next line is longer than
 * any that is read, and where it ends. Empty when there is no whole line yet.
 */
export interface WholeLines {
  bytes: Buffer;
  /** Length of the overlong line at the offset, with its line end. */
  overlong: number | null;
}

/** Reads whole lines into one buffer that is used again and again, and grows for a long line as far as needed. */
export class LineBuffer {
  readonly #usual: Buffer;
  readonly #maxLine: number;

  constructor(usualBytes: number, maxLine = maxLineBytes) {
    this.#usual = Buffer.allocUnsafeSlow(usualBytes);
    this.#maxLine = maxLine;
  }

  /** The lines from `offset` on, at most as many as fit. They are valid until the next call. */
  read(descriptor: number, offset: number): WholeLines {
    let buffer = this.#usual;
    let filled = 0;
    for (;;) {
      const more = fill(descriptor, buffer, filled, offset + filled);
      const end = buffer.subarray(filled, filled + more).lastIndexOf(lineEnd);
      if (end >= 0) return { bytes: buffer.subarray(0, filled + end + 1), overlong: null };
      filled += more;
      if (filled < buffer.length) return nothing;
      if (buffer.length >= this.#maxLine) return this.#skip(descriptor, offset, filled);
      const larger = Buffer.allocUnsafeSlow(Math.min(buffer.length * 4, this.#maxLine));
      buffer.copy(larger);
      buffer = larger;
    }
  }

  #skip(descriptor: number, offset: number, from: number): WholeLines {
    let length = from;
    for (;;) {
      const count = fill(descriptor, this.#usual, 0, offset + length);
      if (count === 0) return nothing;
      const end = this.#usual.subarray(0, count).indexOf(lineEnd);
      if (end >= 0) return { bytes: empty, overlong: length + end + 1 };
      length += count;
    }
  }
}

const empty = Buffer.alloc(0);
const nothing: WholeLines = { bytes: empty, overlong: null };

/** Reads until the buffer is full or the file ends. */
function fill(descriptor: number, buffer: Buffer, from: number, offset: number): number {
  let filled = 0;
  while (from + filled < buffer.length) {
    const count = readSync(descriptor, buffer, from + filled, buffer.length - from - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** Where each line of the block begins and ends, its line end not counted. */
export function* linesOf(block: Buffer): Generator<{ start: number; end: number }> {
  let start = 0;
  while (start < block.length) {
    const end = block.indexOf(lineEnd, start);
    if (end < 0) return;
    yield { start, end };
    start = end + 1;
  }
}

/** Byte strings that are looked for in many blocks, each by a part of it that is quickly found. */
export type Marks = readonly { whole: Buffer; part: Buffer; partAt: number }[];

/** Bytes from rare to frequent ones, as they occur in transcripts; those not named are rarer still. */
const frequent = '_xjzqkvwygfhbmpculdsinroatec -,:"';
/** So many of them are so rare that a search for one is quicker than one that skips over a long part. */
const rareBytes = 8;
/** A search for fewer bytes than this looks for the first of them, which is the quickest there is. */
const partLength = 7;
/** From so many bytes on a search for all of them skips over most of what is in between. */
const skippedLength = 16;

export function toMarks(marks: readonly string[]): Marks {
  return marks.map((mark) => {
    const whole = Buffer.from(mark);
    const rank = (place: number) => frequent.indexOf(String.fromCharCode(whole[place] ?? 0));
    let partAt = 0;
    for (let place = 1; place <= whole.length - 4; place += 1) if (rank(place) < rank(partAt)) partAt = place;
    const skips = whole.length >= skippedLength && rank(partAt) >= rareBytes;
    if (skips || whole.length <= partLength) return { whole, part: whole, partAt: 0 };
    return { whole, part: whole.subarray(partAt, partAt + partLength), partAt };
  });
}

function find(block: Buffer, { whole, part, partAt }: Marks[number], from: number): number {
  for (let place = block.indexOf(part, from); place >= 0; place = block.indexOf(part, place + 1)) {
    if (part === whole) return place;
    const start = place - partAt;
    if (start >= 0 && block.compare(whole, 0, whole.length, start, start + whole.length) === 0) return start;
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * The lines of the block in which one of the marks occurs, as the places where each begins and ends; the others are not
 * looked at.
 */
export function markedLines(block: Buffer, marks: Marks): [start: number, end: number][] {
  const lines: [number, number][] = [];
  const next = marks.map((mark) => find(block, mark, 0));
  for (;;) {
    let first = Number.POSITIVE_INFINITY;
    for (let index = 0; index < next.length; index += 1) first = Math.min(first, next[index] ?? first);
    if (first === Number.POSITIVE_INFINITY) return lines;
    const start = block.lastIndexOf(lineEnd, first) + 1;
    const end = block.indexOf(lineEnd, first);
    if (end < 0) return lines;
    lines.push([start, end]);
    for (let index = 0; index < next.length; index += 1) {
      const mark = marks[index];
      if (mark && (next[index] ?? 0) <= end) next[index] = find(block, mark, end + 1);
    }
  }
}
