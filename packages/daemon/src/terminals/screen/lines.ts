import { isPlainLook, plainColour, sameLook } from './attributes.ts';
import type { Line } from './internals.ts';
import {
  drawRow,
  isCombined,
  isHalfOverwritten,
  lastPrinted,
  lookAt,
  oddBlanks,
  textAt,
  widthAt,
} from './row.ts';
import type { Writer } from './writer.ts';

/** How the cursor comes from the line before into a line. */
type Arrival =
  /** Carriage return and line feed. */
  | 'break'
  /** By printing on over the edge, as the program did. */
  | 'flow'
  /** The line was marked as wrapped before the line above it was drawn, by printing over the edge there. */
  | 'marked';

/**
 * Draws lines into a buffer that is blank from the cursor's row on, where nothing goes on from above; what does not fit on the
 * screen scrolls into the history.
 *
 * @param above rows that were drawn before
 */
export function drawLines(out: Writer, lines: readonly Line[], rows: number, above: number): void {
  const arrivals = planArrivals(lines, rows);
  if (above === 0 && lines[0]?.isWrapped && rows > 1) markFirst(out, lines[0].length);
  lines.forEach((line, index) => {
    if (index > 0) arrive(out, arrivals[index]);
    const next = lines[index + 1];
    const last = line.length - 1;
    let odd = oddBlanks(line);
    const flow = next && arrivals[index + 1] === 'flow';
    if (next && arrivals[index + 1] === 'marked') mark(out, last);
    // The wide character that goes to the next line leaves this cell behind.
    if (flow && lastPrinted(line) === undefined) odd = odd.filter((col) => col !== last);
    const at = drawRow(out, line, odd);
    if (flow && lastPrinted(line) === undefined && at !== last) out.column(last);
  });
}

/** From the last line to the first: a line below can be marked only where the cursor already is in the line above. */
function planArrivals(lines: readonly Line[], rows: number): Arrival[] {
  const arrivals: Arrival[] = new Array(lines.length);
  for (let index = lines.length - 1; index >= 0; index--) {
    const [before, line] = [lines[index - 1], lines[index]];
    if (!before || !line?.isWrapped) arrivals[index] = 'break';
    else if (arrivals[index + 1] !== 'marked' && flows(before, line)) arrivals[index] = 'flow';
    else arrivals[index] = rows > 1 ? 'marked' : 'break';
  }
  return arrivals;
}

function flows(before: Line, line: Line): boolean {
  const look = lookAt(line, 0);
  const width = widthAt(line, 0);
  if (textAt(line, 0) === '' || width === 0 || !isPlainLook(look) || oddBlanks(line).length > 0) return false;
  // Terminals differ in whether a row that scrolls in so gets the background of the pen.
  if (plainColour(look.bg) !== 0) return false;
  if (isHalfOverwritten(line, 0) || isCombined(line, 0)) return false;
  const last = lastPrinted(before);
  if (last !== undefined) {
    // A joiner before it would take it in.
    const isTakenIn = last > 0 && isHalfOverwritten(before, last - 1) && isCombined(before, last - 1);
    return !isCombined(before, last) && !isTakenIn;
  }
  return width === 2 && sameLook(lookAt(before, before.length - 1), look);
}

/** Comes into the row that is to be drawn, which is empty then. */
function arrive(out: Writer, arrival: Arrival | undefined): void {
  if (arrival === 'flow') return;
  out.background(0);
  if (arrival === 'marked') {
    out.add('\r\x1b[B');
    out.erase(1);
  } else out.add('\r\n');
}

/** Marks the line below as wrapped, and comes back to the first column. */
function mark(out: Writer, last: number): void {
  out.plain();
  out.column(last);
  out.add('xx\x1b[A');
  out.column(last);
  out.erase(1);
  out.column(0);
}

/** Marks the line below, and scrolls it to the top past the history. */
function markFirst(out: Writer, cols: number): void {
  out.column(cols - 1);
  out.add('xx\x1b[S\x1b[H');
  out.erase(1);
}
