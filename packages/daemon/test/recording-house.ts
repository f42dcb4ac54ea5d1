import { RecordingFolder } from '../src/recordings/folder.ts';
import { play } from '../src/recordings/player.ts';
import { type RecordedItem, Recorder } from '../src/recordings/recorder.ts';
import { Screen } from '../src/terminals/screen/screen.ts';
import type { PaneState } from '../src/tmux/pane-state.ts';
import { blankPane } from './blank-pane.ts';

export const openScreen = (size: { cols: number; rows: number; scrollback: number }): Screen =>
  new Screen(size);

/** A pane that shows what these bytes draw on an empty screen of this size. */
export function paneState(cols: number, rows: number, drawn: Uint8Array = new Uint8Array()): PaneState {
  const tabs = Array.from({ length: Math.ceil(cols / 8) }, (_, index) => index * 8);
  return { ...blankPane(cols, rows), tabs, pending: drawn };
}

/** What a screen shows, to be compared. */
export function shown(screen: Screen): { cols: number; rows: number; data: string } {
  const { cols, rows, data } = screen.snapshot({ lines: 0 });
  return { cols, rows, data: Buffer.from(data).toString('latin1') };
}

/** A terminal that is recorded, with its clock in the hands of the test. */
export class RecordedTerminal implements Disposable {
  readonly screen: Screen;
  recorder: Recorder;
  at = 1_700_000_000_000;
  readonly #maxBytes: number;

  constructor(path: string, { cols = 20, rows = 4, maxBytes = 1e9 } = {}) {
    this.screen = new Screen({ cols, rows, scrollback: 0 });
    this.#maxBytes = maxBytes;
    this.recorder = new Recorder({ folder: new RecordingFolder(path), maxBytes, openScreen, title: null });
  }

  /** Another recorder goes on where this one is. */
  rest(): void {
    const rested = this.recorder.rest();
    const options = { maxBytes: this.#maxBytes, openScreen };
    if (rested) this.recorder = Recorder.resume(rested, this.folder.path, options);
  }

  get folder(): RecordingFolder {
    return this.recorder.folder;
  }

  picture(begins: 'gap' | 'resize' | 'key'): void {
    const state = paneState(this.screen.cols, this.screen.rows, this.screen.snapshot({ lines: 0 }).data);
    this.#write(new Uint8Array(), { type: 'picture', at: this.at, state, begins });
  }

  /** Bytes that the recorder does not hear of. */
  missed(bytes: Uint8Array): void {
    this.screen.write(bytes);
  }

  print(bytes: Uint8Array): void {
    this.screen.write(bytes);
    this.#write(bytes, { type: 'output', at: this.at, start: 0, end: bytes.length });
  }

  resize(cols: number, rows: number): void {
    this.screen.resize(cols, rows);
    this.#write(new Uint8Array(), { type: 'resize', at: this.at, cols, rows });
    this.picture('resize');
  }

  mark(kind: 'turn' | 'tool', label: string): void {
    this.#write(new Uint8Array(), { type: 'mark', at: this.at, kind, label });
  }

  cast(from: number, version: 2 | 3 = 2): string {
    return castOf(this.folder, from, version);
  }

  #write(bytes: Uint8Array, item: RecordedItem): void {
    this.recorder.write(bytes, [item]);
  }

  [Symbol.dispose](): void {
    this.recorder[Symbol.dispose]();
    this.screen[Symbol.dispose]();
  }
}

export function castOf(folder: RecordingFolder, from: number, version: 2 | 3 = 2): string {
  return [...play({ folder, from, version, title: null, openScreen })].join('');
}

export interface Cast {
  header: Record<string, unknown> & { codepiper: { from: number } };
  events: [time: number, code: string, data: string][];
}

/** Reads asciicast as any player would: every line must be JSON. */
export function readCast(text: string): Cast {
  const [header, ...events] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  return { header: header as Cast['header'], events: events as Cast['events'] };
}

/** Plays a cast of version 2 into a terminal until a time, in seconds; all of it when none is given. */
export function playInto(cast: Cast, until = Number.POSITIVE_INFINITY): Screen {
  const screen = new Screen({
    cols: Number(cast.header.width),
    rows: Number(cast.header.height),
    scrollback: 0,
  });
  for (const [time, code, data] of cast.events) {
    if (time > until) break;
    if (code === 'o') screen.write(Buffer.from(data));
    const size = code === 'r' ? /^(\d+)x(\d+)$/.exec(data) : null;
    if (size) screen.resize(Number(size[1]), Number(size[2]));
  }
  return screen;
}
