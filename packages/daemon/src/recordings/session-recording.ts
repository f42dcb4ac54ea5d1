import type { Clock } from '@codepiper/core/clock.ts';
import type { MarkerKind } from '@codepiper/core/recordings/recording.ts';
import type { SessionTap } from '../terminals/terminal-tap.ts';
import type { PaneState } from '../tmux/pane-state.ts';
import type { SegmentStart } from './index-lines.ts';
import type { RecordedItem } from './recorder.ts';
import type { RecordingThread } from './recording-thread.ts';

/** What is handed to the thread at once, in bytes, and what the first of them takes room for. */
const batchBytes = 1 << 18;
const firstBytes = 1 << 12;
/** Output that follows the last so soon becomes one event with it, in milliseconds: less than a frame. */
const togetherMs = 12;
/** A new segment is begun after this much output, in bytes; of small recordings earlier. */
const mostSegmentBytes = 1 << 21;
/** After half of it, when the last one was begun this long ago in milliseconds: what is slow is found as quickly. */
const slowSegmentMs = 2_000;
/** When no picture comes for this many segments' output, nothing more is kept until one does. */
const mostOverdue = 8;
/** What may wait for the thread, of all sessions. */
const mostWaitingBytes = 1 << 23;
/** Resizes and marks are small; a storm of them must not be kept back for ever. */
const mostItems = 4_000;

export interface SessionRecordingOptions {
  session: string;
  title: string | null;
  /** What the recording may take on the disk. */
  maxBytes: number;
  thread: Pick<RecordingThread, 'write' | 'close' | 'takeMemory' | 'waiting'>;
  /** Never goes back. */
  clock: Clock;
  /** Something waits: `flush` is to be called within a quarter of a second. */
  onDirty: () => void;
  onClosed: () => void;
}

/**
 * One run of a session as it is recorded: gathers what happens into batches for the thread. What cannot be taken (the
 * thread is far behind) is left out, and goes on as a gap at the next picture.
 */
export class SessionRecording implements SessionTap {
  readonly #o: SessionRecordingOptions;
  readonly #segmentBytes: number;
  onWantsPicture: (() => void) | null = null;
  /** Grows while it is filled: most sessions print little between two batches, and quiet ones have none. */
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  #used = 0;
  #items: RecordedItem[] = [];
  /** Output since the last picture. */
  #since = 0;
  #pictureAt = 0;
  /** What the picture that is asked for is to begin; null when none is. */
  #asked: SegmentStart | null = null;
  #isLost = true;
  #isResized = false;
  #isClosed = false;

  constructor(options: SessionRecordingOptions) {
    this.#o = options;
    this.#segmentBytes = Math.min(mostSegmentBytes, Math.ceil(options.maxBytes / 8));
  }

  rebuilt(state: PaneState): void {
    this.#begin(state, 'gap');
  }

  picture(state: PaneState): void {
    if (this.#asked !== null) this.#begin(state, this.#isLost ? 'gap' : this.#asked);
  }

  bytes(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const { thread, clock } = this.#o;
    if (thread.waiting > mostWaitingBytes || this.#since > mostOverdue * this.#segmentBytes)
      this.#isLost = true;
    if (this.#isLost) {
      if (thread.waiting < mostWaitingBytes / 2) this.#ask('gap');
      return;
    }
    const at = clock.now();
    for (let from = 0; from < bytes.length; ) {
      const room = batchBytes - this.#used;
      const piece = bytes.subarray(from, from + room);
      this.#makeRoom(piece.length);
      this.#bytes.set(piece, this.#used);
      const last = this.#items.at(-1);
      if (last?.type === 'output' && at - last.at < togetherMs) last.end += piece.length;
      else this.#items.push({ type: 'output', at, start: this.#used, end: this.#used + piece.length });
      this.#used += piece.length;
      from += piece.length;
      if (this.#used === batchBytes) this.flush();
    }
    this.#since += bytes.length;
    if (
      this.#since >= this.#segmentBytes ||
      (this.#since * 2 >= this.#segmentBytes && at - this.#pictureAt >= slowSegmentMs)
    ) {
      this.#ask('key');
    }
    this.#o.onDirty();
  }

  resized(cols: number, rows: number): void {
    if (this.#isLost) return;
    this.#isResized = true;
    this.#add({ type: 'resize', at: this.#o.clock.now(), cols, rows });
  }

  /** @param at milliseconds since the epoch; one that is before what was recorded already counts as then */
  mark(kind: MarkerKind, label: string, at: number): void {
    if (this.#isLost) return;
    const before = this.#items.at(-1)?.at ?? 0;
    this.#add({ type: 'mark', at: Math.max(before, Math.min(at, this.#o.clock.now())), kind, label });
  }

  ended(): void {
    this.flush();
  }

  close(): void {
    if (this.#isClosed) return;
    this.flush();
    this.#isClosed = true;
    this.#o.thread.close(this.#o.session);
    this.#o.onClosed();
  }

  /** The thread died, or the files were taken away: what comes before the next picture is not kept. */
  startOver(): void {
    this.#items = [];
    this.#used = 0;
    this.#isLost = true;
    this.#asked = null;
    this.#ask('gap');
  }

  /** Hands over what has gathered. */
  flush(): void {
    if (this.#isClosed) return;
    if (this.#items.length > 0) {
      const { session, title, thread } = this.#o;
      const bytes = this.#bytes.subarray(0, this.#used);
      this.#bytes = new Uint8Array();
      thread.write({ session, title, bytes, items: this.#items });
      this.#items = [];
      this.#used = 0;
    }
    // Once for a storm of them, and when it is over.
    if (this.#isResized) this.#ask('resize');
    this.#isResized = false;
  }

  #makeRoom(more: number): void {
    const needed = this.#used + more;
    if (needed <= this.#bytes.length) return;
    const size = Math.min(batchBytes, Math.max(firstBytes, needed, this.#bytes.length * 2));
    // Of its own memory, as that goes to the thread. What came back from there is for those who print much.
    const grown = size > firstBytes ? this.#o.thread.takeMemory(size) : Buffer.allocUnsafeSlow(size);
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }

  #begin(state: PaneState, begins: SegmentStart): void {
    if (this.#isClosed) return;
    this.#asked = null;
    this.#isLost = false;
    this.#since = 0;
    this.#pictureAt = this.#o.clock.now();
    this.#add({ type: 'picture', at: this.#pictureAt, state, begins });
  }

  #add(item: RecordedItem): void {
    if (this.#isClosed) return;
    this.#items.push(item);
    if (this.#items.length >= mostItems) this.flush();
    this.#o.onDirty();
  }

  #ask(begins: SegmentStart): void {
    const isUnderWay = this.#asked !== null;
    // A size that came meanwhile is told as well.
    if (!isUnderWay || begins !== 'key') this.#asked = begins;
    if (!isUnderWay) this.onWantsPicture?.();
  }
}
