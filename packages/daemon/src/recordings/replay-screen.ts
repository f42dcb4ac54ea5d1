import type { PaneState } from '../tmux/pane-state.ts';

/** The terminal emulator of the house, as the thread of recordings is given it. */
export interface ReplayScreen extends Disposable {
  readonly cols: number;
  readonly rows: number;
  write(bytes: Uint8Array): void;
  resize(cols: number, rows: number): void;
  restore(state: PaneState): void;
  snapshot(request: { lines: number }): { cols: number; rows: number; data: Uint8Array };
}

export type OpenScreen = (size: { cols: number; rows: number; scrollback: number }) => ReplayScreen;
