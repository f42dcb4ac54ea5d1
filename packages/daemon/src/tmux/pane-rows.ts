/** One row of cells. */
export interface PaneRow {
  /**
   * Characters with SGR sequences (and OSC 8 from tmux 3.4 on), nothing else; line drawing is plain Unicode. The pen
   * goes on from row to row, from the history into the main screen too: a row says only what changes, starting from the
   * default pen. A space at the end counts only where it can be seen: in a colour, underlined, or in a wrapped row.
   */
  text: string;
  /** The line goes on in the next row; a row like that is full, but for a wide character that did not fit. */
  wrapped: boolean;
}

/** Rows as `capture-pane` tells them. */
export interface CapturedRows {
  /** With styles and the spaces at the ends: `-e -N`; without those spaces before 3.1. */
  rows: string;
  /** The same as plain text, where a row that goes on has no line break: `-J`. */
  joined: string;
}

/**
 * The rows of one capture. Where the joined one has no line break behind a row, the line goes on in the next.
 *
 * @param keepsSpaces whether the rows have the spaces at their ends
 */
export function readRows({ rows, joined }: CapturedRows, keepsSpaces = true): PaneRow[] {
  const lines = rows.split('\n');
  lines.pop(); // each row ends in a line break
  const pen = new Pen(lines);
  const drawing = rows.includes('\u000e') ? new Drawing() : null;
  const hasOverlines = rows.includes('5:3');
  // Where nothing was joined, which is usual, there is nothing to compare.
  const isJoined = lines.length !== countBreaks(joined);
  const plain = (row: number): string => lines[row]?.replace(control, '') ?? '';
  let at = 0;
  return lines.map((line, index) => {
    let wrapped = false;
    let missing = '';
    if (isJoined) {
      const own = plain(index);
      const length = keepsSpaces
        ? lengthIn(joined, at, own)
        : spacedLengthIn(joined, at, own, plain(index + 1));
      at += length;
      wrapped = joined[at] !== '\n';
      if (wrapped && !keepsSpaces) missing = ' '.repeat(length - own.length);
      if (!wrapped) at++;
    }
    let text = (drawing ? drawing.read(line) : line) + missing;
    if (hasOverlines) text = withOverlines(text);
    if (!wrapped && text.endsWith(' ') && !pen.isSeenAfter(index)) text = withoutSpaces(text);
    return { text, wrapped };
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const control = /\u001b\[([\d;:]*)m|[\u000e\u000f]|\u001b\]8;[^\u001b]*\u001b\\/g;

function countBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** How much of what is joined, from a place on, is this row. */
function lengthIn(joined: string, at: number, plain: string): number {
  if (joined.startsWith(plain, at)) return plain.length;
  // Newer versions join without the cells at a row's end that were never written; spaces that were are there.
  const { length } = plain.trimEnd();
  let end = at + length;
  while (joined[end] === ' ') end++;
  return joined[end] === '\n' && end - at <= plain.length ? end - at : length;
}

/** The same for rows without the spaces at their ends: up to where the next one, or a line break, begins. */
function spacedLengthIn(joined: string, at: number, plain: string, next: string): number {
  let end = at + plain.length;
  while (joined[end] === ' ' && !(next !== '' && joined.startsWith(next, end))) end++;
  return end - at;
}

/** Some versions write an overline as a style of blinking: `5:3`. */
function withOverlines(text: string): string {
  return text.replace(control, (sequence) => sequence.replace(/(?<=[[;])5:3(?=[;m])/, '53'));
}

/** Without those at the end; a regular expression would try each run of spaces in it. */
function withoutSpaces(text: string): string {
  let end = text.length;
  while (text[end - 1] === ' ') end--;
  return text.slice(0, end);
}

/** Between SO and SI tmux writes characters of the DEC special graphics set; from one row to the next too. */
class Drawing {
  #isOn = false;

  read(line: string): string {
    return line.replace(controlOrDrawn, (found) => {
      if (found.length > 1) return found;
      if (found === '\u000e' || found === '\u000f') {
        this.#isOn = found === '\u000e';
        return '';
      }
      return this.#isOn ? (drawn[found.charCodeAt(0) - 0x60] ?? found) : found;
    });
  }
}

const controlOrDrawn = new RegExp(`${control.source}|[\`-~]`, 'g');

/** DEC special graphics, from the backquote to the tilde. */
const drawn = [...'◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·'];

/** How a space looks; null where a sequence leaves it. */
interface Look {
  /** Underlined, in reverse video or otherwise such that a space shows. */
  lined: boolean | null;
  background: boolean | null;
}

/** The pen behind rows that are told one after the other. Few rows end in spaces: it is looked for only there. */
class Pen {
  readonly #lines: readonly string[];
  /** Before the row `#from`. */
  #before: Look = { lined: false, background: false };
  #from = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  /** Whether a space shows at the end of a row. For rows in their order. */
  isSeenAfter(row: number): boolean {
    const look: Look = { lined: null, background: null };
    for (let at = row; at >= this.#from && !isKnown(look); at--) lookBack(this.#lines[at] ?? '', look);
    fill(look, this.#before);
    this.#before = look;
    this.#from = row + 1;
    return look.lined === true || look.background === true;
  }
}

function isKnown({ lined, background }: Look): boolean {
  return lined !== null && background !== null;
}

/** Takes what is not known from what was before it. */
function fill(look: Look, before: Look): void {
  look.lined ??= before.lined;
  look.background ??= before.background;
}

/** Takes what is not known from the sequences of a row, the last one first. */
function lookBack(line: string, look: Look): void {
  let at = line.lastIndexOf('\u001b[');
  while (at !== -1 && !isKnown(look)) {
    fill(look, lookOf(line.slice(at + 2, line.indexOf('m', at))));
    at = at === 0 ? -1 : line.lastIndexOf('\u001b[', at - 1);
  }
}

/** What an SGR sequence with these parameters makes of it. */
function lookOf(parameters: string): Look {
  const look: Look = { lined: null, background: null };
  const list = parameters.split(';');
  for (let index = 0; index < list.length; index++) {
    const [code, isLong] = [Number.parseInt(list[index] || '0', 10), list[index]?.includes(':')];
    if (code === 0) look.lined = look.background = false;
    else if (code === 4 || code === 7 || code === 9 || code === 21 || code === 53) look.lined = true;
    else if ((code >= 40 && code <= 48) || (code >= 100 && code <= 107)) look.background = true;
    else if (code === 49) look.background = false;
    // The numbers of a colour are no codes.
    if ((code === 38 || code === 48 || code === 58) && !isLong) index += list[index + 1] === '5' ? 2 : 4;
  }
  return look;
}
