/** Sizes of letters, in CSS pixels. */
export const usualFont = 14;
/** What a person may choose. */
export const fontRange = { least: 8, most: 28 } as const;
const smallest = 5;
const readable = 11;
const largest = 18;
const step = 0.25;

export interface Room {
  width: number;
  height: number;
}

/**
 * The largest font at which a grid that somebody else decided fits. Down to a size that can still be read when zoomed
 * in, or to one that can be read as it is; what does not fit then is scrolled to. What is on the glass now has no part
 * in it, so that it cannot swing.
 *
 * @param isReadable no smaller than can be read
 * @param cellAt what a cell takes at a font: not in proportion to it, for cells are whole pixels
 */
export function fontFor(
  grid: { cols: number; rows: number },
  room: Room,
  isReadable: boolean,
  cellAt: (font: number) => Room,
): number {
  const least = isReadable ? readable : smallest;
  for (let font = largest; font > least; font -= step) {
    const cell = cellAt(font);
    // As the emulator rounds the whole.
    const [width, height] = [Math.round(cell.width * grid.cols), Math.round(cell.height * grid.rows)];
    if (width <= room.width && height <= room.height) return font;
  }
  return least;
}
