import type { Internals } from './internals.ts';
import { widthAt } from './row.ts';

/**
 * After a resize: takes away what the emulator keeps beyond the edges. On the alternate screen it keeps the cells of a
 * wider time, and while that screen is not shown, room for the lines of a taller one, which then become a history. tmux
 * keeps neither, and no snapshot could tell of them. A wide character that was cut in half becomes a blank, too.
 */
export function cutToSize({ buffers: { normal, alt }, cols, rows }: Internals): void {
  if (alt.lines.length === 0) alt.lines.maxLength = rows;
  const blank = alt.getNullCell();
  for (const buffer of [normal, alt]) {
    for (let index = 0; index < buffer.lines.length; index++) {
      const line = buffer.lines.get(index);
      if (line && line.length > cols) line.resize(cols, blank);
      if (line && widthAt(line, cols - 1) === 2) line.setCell(cols - 1, blank);
    }
  }
}
