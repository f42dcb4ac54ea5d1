import { cellWidth } from '@codepiper/core/terminals/cell-width.ts';
import type { PaneRow } from '../../tmux/pane-rows.ts';

/** Rows in a form that is small, and quick to hand to another thread. */
export interface PackedRows {
  count: number;
  /** One after the other, a line break between. */
  text: string;
  /** For each row 1 where the line goes on in the next one. */
  wrapped: Uint8Array;
}

/** How many rows are looked back through for the pen a row begins with. */
const mostRowsBack = 500;

/**
 * Divides the history of a picture: what ends in whole lines can be kept as tmux told it, and only the beginning of a
 * line that goes on into the screen has to be laid out with it.
 */
export function divideHistory(history: readonly PaneRow[]): { above: PackedRows; near: PaneRow[] } {
  let count = history.length;
  while (count > 0 && history[count - 1]?.wrapped) count--;
  const texts = history.slice(0, count).map(({ text }) => text);
  const near = history.slice(count);
  const [first] = near;
  if (first) near[0] = { ...first, text: penBefore(texts, count) + first.text };
  const wrapped = Uint8Array.from({ length: count }, (_, index) => (history[index]?.wrapped ? 1 : 0));
  return { above: { count, text: texts.join('\n'), wrapped }, near };
}

/**
 * Draws the newest rows into a fresh terminal, and leaves its cursor at the beginning of the next row, with the pen and
 * the modes of a fresh terminal.
 */
export function drawAbove({ count, text, wrapped }: PackedRows, lines: number, cols: number): string {
  const texts = text.split('\n');
  const from = count - lines;
  const pen = penBefore(texts, from);
  let background = backgroundAfter(pen, '');
  // A row that is wider than the pane must not become two.
  const out = ['\x1b[?7l', pen];
  let flowedIn: string | null = null;
  for (let index = from; index < count; index++) {
    const row = texts[index] ?? '';
    out.push(row);
    background = backgroundAfter(row, background);
    if (flowedIn !== null) {
      // What scrolled in had the colour of the pen.
      if (flowedIn !== '') out.push(`\x1b[49m\x1b[K${colour(background)}`);
      out.push('\x1b[?7l');
      flowedIn = null;
    }
    if (index === count - 1) break;
    if (wrapped[index] && isFull(row, texts[index + 1] ?? '', cols)) {
      flowedIn = background;
      out.push('\x1b[?7h');
    } else out.push(background === '' ? '\r\n' : `\x1b[49m\r\n${colour(background)}`);
  }
  out.push('\x1b[m\x1b]8;;\x07\r\n\x1b[?7h');
  return out.join('');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const sgr = /\x1b\[([\d;:]*)m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const sequences = /\x1b\[[\d;:]*m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g;

/** Whether a text can set a background: most cannot, and need no closer look. */
const mayHaveBackground = /[[;](?:4[0-8]|10[0-7])[;:m]/;

/** Sequences that make the pen with which a row begins. */
function penBefore(texts: readonly string[], index: number): string {
  let pen = '';
  for (let row = index - 1; row >= Math.max(0, index - mostRowsBack); row--) {
    const text = texts[row] ?? '';
    if (!text.includes('\x1b')) continue;
    const found = [...text.matchAll(sgr)].map(([sequence, codes = '']) => ({ sequence, codes }));
    const reset = found.findLastIndex(({ codes }) => /^0?(?:$|;)/.test(codes));
    pen = found.slice(Math.max(0, reset)).reduce((sum, { sequence }) => sum + sequence, '') + pen;
    if (reset !== -1) break;
  }
  return pen;
}

function colour(background: string): string {
  return background === '' ? '' : `\x1b[${background}m`;
}

/** The codes of the background after a text, empty for the default one. */
function backgroundAfter(text: string, before: string): string {
  if (before === '' ? !mayHaveBackground.test(text) : !text.includes('\x1b')) return before;
  let background = before;
  for (const [, codes = ''] of text.matchAll(sgr)) {
    const list = codes.split(';');
    for (let index = 0; index < list.length; index++) {
      const code = list[index] ?? '';
      const number = Number.parseInt(code || '0', 10);
      const more = (number === 38 || number === 48 || number === 58) && !code.includes(':');
      const end = more ? index + (list[index + 1] === '5' ? 3 : 5) : index + 1;
      if (number === 0 || number === 49) background = '';
      else if ((number >= 40 && number <= 48) || (number >= 100 && number <= 107))
        background = list.slice(index, end).join(';');
      index = end - 1;
    }
  }
  return background;
}

/** Whether printing goes on in the next row by itself. */
function isFull(row: string, next: string, cols: number): boolean {
  const missing = cols - widthOf(row.replace(sequences, ''));
  if (missing !== 1) return missing === 0;
  return cellWidth.wcwidth(next.replace(sequences, '').codePointAt(0) ?? 0) === 2;
}

function widthOf(text: string): number {
  let width = 0;
  let last = 0;
  for (const char of text) {
    last = cellWidth.charProperties(char.codePointAt(0) ?? 0, last);
    width += last & 1 ? 0 : (last >> 1) & 3;
  }
  return width;
}
