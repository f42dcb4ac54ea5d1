import {
  cellSize,
  codePointBits,
  combinedBit,
  contentBits,
  extendedBit,
  isErasure,
  plainColour,
  sameLook,
  widthShift,
} from './attributes.ts';
import type { Line, Look } from './internals.ts';
import type { Writer } from './writer.ts';

const nothing = { _ext: 0, _urlId: 0 };
/** A character two columns wide. */
const wide = '\u4e00';

export function lookAt(line: Line, col: number): Look {
  const bg = line._data[col * cellSize + 2] ?? 0;
  const extended = bg & extendedBit ? line._extendedAttrs[col] : undefined;
  return { fg: line._data[col * cellSize + 1] ?? 0, bg, extended: extended ?? nothing };
}

/** The characters of a cell; empty for an empty cell and for the second half of a wide character. */
export function textAt(line: Line, col: number): string {
  const content = line._data[col * cellSize] ?? 0;
  if (content & combinedBit) return line._combined[col] ?? '';
  return content & contentBits ? String.fromCodePoint(content & codePointBits) : '';
}

/** Columns of a cell: 2 for a wide character, 0 for the second half of one. */
export function widthAt(line: Line, col: number): number {
  return (line._data[col * cellSize] ?? 0) >>> widthShift;
}

const startsCombined = /^[\p{M}\p{Cf}]/u;

/** Whether a cell holds combining characters. Its width may then be another than that of what is printed. */
export function isCombined(line: Line, col: number): boolean {
  const several = ((line._data[col * cellSize] ?? 0) & combinedBit) !== 0;
  return several || startsCombined.test(textAt(line, col));
}

/** The content of a cell that holds one code point and is as wide as what is printed. */
function plainContent(line: Line, col: number, width: number): number {
  return ((line._data[col * cellSize] ?? 0) & codePointBits) | (width << widthShift);
}

/** Columns of the character that is printed there: none without one, and for one that was cut at the edge. */
function printedWidth(line: Line, col: number): number {
  const content = line._data[col * cellSize] ?? 0;
  if ((content & contentBits) === 0) return 0;
  if (content >>> widthShift !== 2) return 1;
  if (col + 1 >= line.length) return 0;
  const hasTail = textAt(line, col + 1) === '' && widthAt(line, col + 1) === 0;
  return hasTail || isHalfOverwritten(line, col) ? 2 : 1;
}

/** The column after which a printed character ends at the right edge, if one does. */
export function lastPrinted(line: Line): number | undefined {
  const { length: cols } = line;
  for (const width of [1, 2]) if (printedWidth(line, cols - width) === width) return cols - width;
  return undefined;
}

/**
 * Empty cells that no erasure leaves behind, for they have more than a background: what is left where half of a wide
 * character was overwritten, and before the edge where one did not fit.
 */
export function oddBlanks(line: Line): number[] {
  const found: number[] = [];
  for (let col = 0; col < line.length; col++) {
    const width = printedWidth(line, col);
    if (width > 0) col += width - 1;
    else if (!isErasure(line._data[col * cellSize + 1] ?? 0, line._data[col * cellSize + 2] ?? 0))
      found.push(col);
  }
  return found;
}

/**
 * Draws a row that is empty. The cursor must be in its first column, or, if there are no odd
 * blanks and the first cell is printed, waiting to wrap into it. Returns the column after the last it printed in.
 */
export function drawRow(out: Writer, line: Line, odd: readonly number[]): number {
  for (const col of [...odd].reverse()) drawOddBlank(out, line, col);
  const { length: cols, _data: data } = line;
  let at = odd.length === 0 ? 0 : -1;
  const isOdd = (col: number) => odd.length > 0 && odd.includes(col);
  let text = '';
  const flush = () => {
    if (text !== '') out.add(text);
    text = '';
  };
  const go = (col: number) => {
    if (at === col) return;
    flush();
    out.column(col);
    at = col;
  };
  // The pen as the last cell left it: most cells look like the one before them.
  let [fg, bg, extended]: [number, number, Look['extended'] | undefined] = [-1, -1, undefined];
  for (let col = 0; col < cols; ) {
    const width = printedWidth(line, col);
    if (width > 0) {
      go(col);
      const word = col * cellSize;
      const more = (data[word + 2] ?? 0) & extendedBit ? line._extendedAttrs[col] : undefined;
      if (data[word + 1] !== fg || data[word + 2] !== bg || more !== extended) {
        [fg, bg, extended] = [data[word + 1] ?? 0, data[word + 2] ?? 0, more];
        flush();
        out.look({ fg, bg, extended: extended ?? nothing });
      }
      // A combining character that stands alone would join the character before it, but not after a sequence.
      if (widthAt(line, col) === 0) {
        flush();
        out.column(col);
      }
      text += drawn(line, col);
      // Where the cursor is then is not known of combining characters, nor of half a wide one.
      at = data[word] === plainContent(line, col, width) ? col + width : -1;
      col += width;
      continue;
    }
    if (isOdd(col)) {
      col++;
      continue;
    }
    const from = col;
    const colour = plainColour(data[col * cellSize + 2] ?? 0);
    do col++;
    while (
      col < cols &&
      printedWidth(line, col) === 0 &&
      !isOdd(col) &&
      plainColour(data[col * cellSize + 2] ?? 0) === colour
    );
    if (colour === 0) continue;
    go(from);
    flush();
    out.background(colour);
    out.erase(col - from);
    fg = -1;
  }
  flush();
  return at;
}

/**
 * Without wraparound, what does not fit overwrites the last column, and there the second half of a wide character when
 * both were printed in one go.
 */
export function isHalfOverwritten(line: Line, col: number): boolean {
  const last = line.length - 1;
  return (
    col === last - 1 &&
    widthAt(line, col) === 2 &&
    textAt(line, last) !== '' &&
    sameLook(lookAt(line, col), lookAt(line, last))
  );
}

/** What is printed for a cell; never over the edge. */
function drawn(line: Line, col: number): string {
  if (isHalfOverwritten(line, col)) return unwrapped(textAt(line, col) + textAt(line, col + 1));
  const text = textAt(line, col);
  // What follows a joiner that stands alone is a character of its own.
  return startsCombined.test(text) ? unwrapped(text) : text;
}

function unwrapped(text: string): string {
  return `\x1b[?7l${text}\x1b[?7h`;
}

/** Overwrites the first half of a wide character, which leaves its second half empty and with the pen's look. */
function drawOddBlank(out: Writer, line: Line, col: number): void {
  const [first, other] = col === 0 ? [0, 1] : [col - 1, col - 1];
  out.column(first);
  out.look(lookAt(line, col));
  out.add(wide);
  out.column(other);
  out.add(' ');
  out.column(other);
  out.background(0);
  out.erase(1);
}
