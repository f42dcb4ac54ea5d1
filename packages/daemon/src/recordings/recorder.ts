import { closeSync, openSync, writeSync } from 'node:fs';
import type { MarkerKind } from '@codepiper/core/recordings/recording.ts';
import type { PaneState } from '../tmux/pane-state.ts';
import { castLine } from './cast.ts';
import { RecordingFolder, type Segment } from './folder.ts';
import type { SegmentStart } from './index-lines.ts';
import { LineBuffer, unfinishedBytes } from './line-buffer.ts';
import type { OpenScreen } from './replay-screen.ts';

/** What happened to a terminal, in order; `at` in milliseconds since the epoch, never going back. */
export type RecordedItem =
  /** Bytes of the batch it comes with, from `start` to before `end`. */
  | { type: 'output'; at: number; start: number; end: number }
  | { type: 'resize'; at: number; cols: number; rows: number }
  | { type: 'mark'; at: number; kind: MarkerKind; label: string }
  /** The screen at this point. */
  | { type: 'picture'; at: number; state: PaneState; begins: SegmentStart };

type Picture = Extract<RecordedItem, { type: 'picture' }>;

export interface RecorderOptions {
  folder: RecordingFolder;
  /** Bytes on the disk, at most and about: what is being written is not packed yet. */
  maxBytes: number;
  openScreen: OpenScreen;
  title: string | null;
}

/** Where a recorder stopped in the middle of a segment, for another one to go on. */
export interface RestedRecorder {
  title: string | null;
  /** Number of the segment. */
  n: number;
  /** When its last event was. */
  last: number;
  /** The beginning of a character that goes on. */
  begun: Uint8Array;
}

interface Open {
  segment: Segment;
  descriptor: number;
  last: number;
}

/**
 * Writes one recording. Each picture begins a segment, so that every segment is a whole asciicast that begins with the
 * screen as it was; what comes before the first picture is left out. Text of asciicast is Unicode: a character that is
 * divided between two writes is put together, and bytes that are no UTF-8 are U+FFFD.
 */
export class Recorder implements Disposable {
  readonly #o: RecorderOptions;
  #open: Open | null = null;
  readonly #lines = new LineBuffer();
  /** The beginning of a character that goes on. */
  #begun: Uint8Array = new Uint8Array();

  constructor(options: RecorderOptions) {
    this.#o = options;
  }

  /**
   * Goes on where another one rests.
   *
   * @param path of the recording's folder
   * @throws when its segment is gone
   */
  static resume(
    rested: RestedRecorder,
    path: string,
    options: Omit<RecorderOptions, 'folder' | 'title'>,
  ): Recorder {
    const { n, last, begun, title } = rested;
    const folder = new RecordingFolder(path, n);
    const segment = folder.segments.at(-1);
    if (segment?.n !== n) throw new Error('the files that were being written are gone');
    const recorder = new Recorder({ ...options, folder, title });
    recorder.#open = { segment, last, descriptor: openSync(folder.pathOf(segment), 'a') };
    recorder.#begun = begun;
    return recorder;
  }

  get folder(): RecordingFolder {
    return this.#o.folder;
  }

  /** When the last event was. */
  get until(): number {
    return this.#open?.last ?? this.folder.until;
  }

  /** @throws what the file system throws; nothing more can be written then */
  write(bytes: Uint8Array, items: readonly RecordedItem[]): void {
    // A few escapes and the times come on top of it.
    if (this.#open !== null) this.#lines.reserve(bytes.length + (bytes.length >> 3));
    for (const item of items) {
      if (item.type === 'picture') this.#begin(item);
      else if (this.#open !== null) this.#add(this.#open, bytes, item);
    }
    this.#flush();
  }

  /** Lets go of what is being written such that `resume` goes on with it; null when nothing is. */
  rest(): RestedRecorder | null {
    const open = this.#open;
    if (open === null) return null;
    this.#open = null;
    closeSync(open.descriptor);
    return { title: this.#o.title, n: open.segment.n, last: open.last, begun: this.#begun };
  }

  /** Closes the segment that is being written. */
  [Symbol.dispose](): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    closeSync(open.descriptor);
    this.folder.close(open.segment, open.last);
    this.folder.trim(this.#o.maxBytes);
  }

  #begin({ state, at, begins: reason }: Picture): void {
    const { cols, rows } = state;
    // A clock that was put back must not put segments in another order.
    const time = Math.max(at, this.until);
    const begins = this.folder.segments.length === 0 ? 'key' : reason;
    this.#flush();
    this[Symbol.dispose]();
    const { segment, path } = this.folder.begin({ at: time, cols, rows, begins });
    this.#open = { segment, descriptor: openSync(path, 'wx', 0o600), last: time };
    const header = {
      ...{ version: 2, width: cols, height: rows, timestamp: Math.floor(time / 1000) },
      ...(this.#o.title === null ? {} : { title: this.#o.title }),
      codepiper: { startedAt: time, begins },
    };
    this.#lines.add(`${JSON.stringify(header)}\n`);
    const drawn = this.#draw(state);
    const end = drawn.length - unfinishedBytes(drawn);
    this.#addOutput(0, drawn.subarray(0, end));
    // What the picture ends with of a character is the beginning of the next bytes. Without a gap it is known already.
    if (reason === 'gap') this.#begun = new Uint8Array(drawn.subarray(end));
  }

  #draw(state: PaneState): Uint8Array {
    using screen = this.#o.openScreen({ cols: state.cols, rows: state.rows, scrollback: 0 });
    screen.restore(state);
    return screen.snapshot({ lines: 0 }).data;
  }

  #add(open: Open, bytes: Uint8Array, item: Exclude<RecordedItem, Picture>): void {
    const at = Math.max(open.last, item.at);
    const time = at - open.segment.at;
    if (item.type === 'output') {
      const whole = this.#whole(bytes.subarray(item.start, item.end));
      if (whole.length === 0) return;
      open.last = at;
      this.#addOutput(time, whole);
      return;
    }
    open.last = at;
    if (item.type === 'resize') {
      this.#lines.add(castLine(time, 'r', `${item.cols}x${item.rows}`));
      return;
    }
    const turn = item.kind === 'turn' ? this.folder.turns + 1 : null;
    const label = turn === null ? item.label : `turn ${turn}`;
    this.folder.mark({ at, kind: item.kind, label, turn });
    this.#lines.add(castLine(time, 'm', label));
  }

  /** Whole characters; what has begun is kept for the next bytes. */
  #whole(bytes: Uint8Array): Uint8Array {
    const joined = this.#begun.length === 0 ? bytes : Buffer.concat([this.#begun, bytes]);
    const end = joined.length - unfinishedBytes(joined);
    // A copy in any case: what is kept of it must not keep the whole batch.
    this.#begun = new Uint8Array(joined.subarray(end));
    return joined.subarray(0, end);
  }

  #addOutput(time: number, bytes: Uint8Array): void {
    this.#lines.add(`[${(time / 1000).toFixed(3)},"o",`);
    this.#lines.addString(bytes);
    this.#lines.add(']\n');
  }

  #flush(): void {
    if (this.#lines.length === 0 || this.#open === null) return;
    let bytes = this.#lines.take();
    this.#open.segment.bytes += bytes.length;
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#open.descriptor, bytes));
  }
}
