/** A size in cells. */
export interface Size {
  cols: number;
  rows: number;
}

/** The size of one pane in a window's layout as tmux writes it; null when the pane is not in it. */
export function sizeInLayout(layout: string, paneId: string): Size | null {
  // A pane is `<cols>x<rows>,<x>,<y>,<number>`; what holds panes has a bracket in place of the last comma.
  const found = new RegExp(`(\\d+)x(\\d+),\\d+,\\d+,${paneId.slice(1)}(?![\\dx])`).exec(layout);
  return found ? { cols: Number(found[1]), rows: Number(found[2]) } : null;
}
