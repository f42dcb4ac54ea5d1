import type { Terminal } from '@xterm/xterm';

/** Where a person looks and what they have marked, so that both are there again on a new picture of the same. */
export interface Glance {
  /** Lines between the top of what is seen and the top of the screen; 0 at the bottom. */
  scrolledBack: number;
  selection: { fromEnd: number; column: number; length: number; text: string } | null;
}

export function glanceAt(terminal: Terminal): Glance {
  const { active } = terminal.buffer;
  const position = terminal.getSelectionPosition();
  return {
    scrolledBack: active.baseY - active.viewportY,
    selection: position
      ? {
          fromEnd: active.length - position.start.y,
          column: position.start.x,
          length: (position.end.y - position.start.y) * terminal.cols + position.end.x - position.start.x,
          text: terminal.getSelection(),
        }
      : null,
  };
}

/** The mark stays only where the same text stands in the same place. */
export function glanceAgain(terminal: Terminal, { scrolledBack, selection }: Glance): void {
  if (selection) {
    const row = terminal.buffer.active.length - selection.fromEnd;
    if (row >= 0) terminal.select(selection.column, row, selection.length);
    if (terminal.getSelection() !== selection.text) terminal.clearSelection();
  }
  if (scrolledBack > 0) terminal.scrollLines(-scrolledBack);
}
