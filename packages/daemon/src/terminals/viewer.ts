import type { ServerFrame } from '@codepiper/core/terminals/frames.ts';
import { frameHeaderBytes } from '@codepiper/core/terminals/frames.ts';
import { LinkMeter } from './link-meter.ts';

/** After something was sent, what follows waits this long for company, in milliseconds. */
const coalesceMs = 4;
/** The same after a frame of so many bytes: a program that prints that much is watched a picture at a time. */
const bulkCoalesceMs = 16;
const bulkBytes = 8 * 1024;
/** A lag of more windows than this, for as long as below, and the viewer is skipped forward. */
const mostLagWindows = 4;
/** A burst comes through whole where the window can still grow to it, in milliseconds. */
const lagGraceMs = 300;
/** Browsers let a hidden page run only once a minute; one that acknowledges nothing for longer than this is gone. */
const silenceMs = 150_000;
/** Columns and rows of a snapshot or resize. */
const sizeBytes = 4;

/** A piece of a session's stream: each byte takes one place, a resize one as well. */
export type StreamPiece =
  | { type: 'bytes'; seq: number; bytes: Uint8Array }
  | { type: 'resize'; seq: number; cols: number; rows: number };

/** What a viewer reads of the log of its session. */
export interface StreamLog {
  readonly epoch: number;
  /** Place behind the last piece. */
  readonly end: number;
  /** What a viewer has drawn of places before this one is not exact: it needs a snapshot. */
  readonly redrawnAt: number;
  /** Pieces in order from a place on, `most` places at most; 'gone' where the log no longer (or never) had it. */
  read(epoch: number, from: number, most: number): readonly StreamPiece[] | 'gone';
}

export interface Snapshot {
  epoch: number;
  /** The place of the stream that it shows. */
  seq: number;
  cols: number;
  rows: number;
  bytes: Uint8Array;
}

/**
 * send: at once; bytes are a view of the log, valid until the log is next written to.
 * snapshot: one is wanted, to be handed to `snapshotReady`: with so many lines of history, fewer where it would be
 * longer than `maxBytes`. One is under way at most.
 * drop: nothing more will be sent; the reason is for people.
 */
export type ViewerAction =
  | { type: 'send'; frame: ServerFrame }
  | { type: 'snapshot'; lines: number; maxBytes: number | null }
  | { type: 'drop'; reason: string };

export interface ViewerOptions {
  log: StreamLog;
  channel: number;
  /** Lines of history a snapshot should have. */
  lines: number;
  /** What the viewer has already. */
  resume: { epoch: number; seq: number } | null;
  /** About how long a snapshot would be: what is missing is sent as it is when it is shorter. */
  snapshotBytes: number;
}

/**
 * Says what is sent when to one viewer of one session. It does nothing by itself: every method takes the time, in
 * milliseconds of a clock that does not go backwards, and returns what is to be done now. After every call `tick` is
 * due at `wakeAt`.
 *
 * What was sent and is not acknowledged never exceeds the window of its link; what is not sent stays in the session's
 * log, of which the viewer has no copy. A viewer that falls behind is skipped forward to a snapshot. All it ever holds
 * is one snapshot.
 */
export class Viewer {
  readonly #o: ViewerOptions;
  readonly #meter = new LinkMeter();
  #phase: 'following' | 'wanting' | 'asked' | 'drawing' | 'over' = 'following';
  #epoch = 0;
  #seq = 0;
  #drawing: { snapshot: Snapshot; at: number } | null = null;
  /** It has fallen behind, so that a snapshot has to fit its link. */
  #isSkipped = false;
  #isFinished = false;
  #behindSince: number | null = null;
  /** Until then what is to be sent waits for company. */
  #companyUntil = Number.NEGATIVE_INFINITY;
  /** Last acknowledgement, or the sending after all was acknowledged. */
  #heardAt = 0;
  #wakeAt: number | null = null;

  constructor(options: ViewerOptions) {
    this.#o = options;
  }

  /** When `tick` is due; null when nothing is waited for but the log and the viewer. */
  get wakeAt(): number | null {
    return this.#wakeAt;
  }

  /** Bytes of frames sent and not acknowledged. */
  get inFlight(): number {
    return this.#meter.inFlight;
  }

  /** Bytes of frames that may be unacknowledged. */
  get window(): number {
    return this.#meter.window;
  }

  /** Its link was measured, and compressing long frames pays. */
  get isSlow(): boolean {
    return this.#meter.isSlow;
  }

  start(now: number): ViewerAction[] {
    const { log, resume, snapshotBytes } = this.#o;
    const isShort = resume !== null && resume.seq >= log.redrawnAt && log.end - resume.seq <= snapshotBytes;
    if (isShort && log.read(resume.epoch, resume.seq, 1) !== 'gone') {
      this.#epoch = resume.epoch;
      this.#seq = resume.seq;
    } else this.#phase = 'wanting';
    return this.#advance(now);
  }

  /** The log has more, or another epoch. */
  appended(now: number): ViewerAction[] {
    return this.#advance(now);
  }

  /** The log will never have more: ENDED follows the last of it. */
  finish(now: number): ViewerAction[] {
    this.#isFinished = true;
    return this.#advance(now);
  }

  tick(now: number): ViewerAction[] {
    return this.#advance(now);
  }

  /** @param received length of all frames the viewer has parsed: see ACK */
  ack(received: number, now: number): ViewerAction[] {
    const news = this.#meter.acknowledged(received, now);
    if (news === 'impossible' && this.#phase !== 'over') {
      return this.#drop(`acknowledged ${received} bytes, more than were sent`);
    }
    if (news !== true) return [];
    this.#heardAt = now;
    return this.#advance(now);
  }

  /** The answer to a `snapshot` action. */
  snapshotReady(snapshot: Snapshot, now: number): ViewerAction[] {
    if (this.#phase !== 'asked') return [];
    this.#phase = 'drawing';
    this.#drawing = { snapshot, at: 0 };
    return this.#advance(now);
  }

  #advance(now: number): ViewerAction[] {
    const actions: ViewerAction[] = [];
    this.#wakeAt = null;
    if (this.#isOver()) return actions;
    // The sum as in `wakeAt`: a difference may be rounded to less, and the tick would be due again at once.
    if (this.#meter.inFlight > 0 && now >= this.#heardAt + silenceMs) {
      return this.#drop(`acknowledged nothing for ${silenceMs / 1000} seconds`);
    }
    if (this.#phase === 'drawing') this.#draw(actions, now);
    if (this.#phase === 'following') this.#follow(actions, now);
    if (this.#phase === 'wanting') this.#want(actions);
    if (!this.#isOver() && this.#meter.inFlight > 0) this.#wakeBy(this.#heardAt + silenceMs);
    return actions;
  }

  #isOver(): boolean {
    return this.#phase === 'over';
  }

  #follow(actions: ViewerAction[], now: number): void {
    while (this.#phase === 'following') {
      if (this.#mustSkip(now)) {
        this.#phase = 'wanting';
        return;
      }
      const pending = this.#o.log.end - this.#seq;
      if (pending === 0) {
        if (this.#isFinished) this.#end(actions);
        return;
      }
      const room = this.#room(pending);
      if (room === 0) return;
      // A whole frame needs no company, nor does the rest of what is sent now.
      if (pending < this.#frameBytes && now < this.#companyUntil && actions.length === 0) {
        this.#wakeBy(this.#companyUntil);
        return;
      }
      const pieces = this.#o.log.read(this.#epoch, this.#seq, room);
      if (pieces === 'gone' || pieces.length === 0) {
        this.#skip();
        return;
      }
      this.#sendPieces(actions, pieces, now);
    }
  }

  #sendPieces(actions: ViewerAction[], pieces: readonly StreamPiece[], now: number): void {
    const { channel } = this.#o;
    for (const piece of joined(pieces)) {
      const { seq } = piece;
      const payload = piece.type === 'bytes' ? piece.bytes.length : sizeBytes;
      if (this.#meter.inFlight + frameHeaderBytes + payload > this.#meter.window) return;
      const epoch = this.#epoch;
      // Written out: a spread takes longer than all else that is done here for the echo of a key.
      const frame: ServerFrame =
        piece.type === 'bytes'
          ? { type: 'output', channel, epoch, seq, bytes: piece.bytes }
          : { type: 'resize', channel, epoch, seq, cols: piece.cols, rows: piece.rows };
      this.#send(actions, frame, frameHeaderBytes + payload, now);
      this.#seq = seq + (piece.type === 'bytes' ? payload : 1);
    }
  }

  #draw(actions: ViewerAction[], now: number): void {
    const drawing = this.#drawing;
    if (!drawing) return;
    const { snapshot } = drawing;
    const { epoch, seq, cols, rows } = snapshot;
    for (;;) {
      const room = this.#room(Math.max(1, snapshot.bytes.length - drawing.at));
      if (room === 0) return;
      const bytes = snapshot.bytes.subarray(drawing.at, drawing.at + room);
      const first = drawing.at === 0;
      const last = drawing.at + bytes.length === snapshot.bytes.length;
      const { channel } = this.#o;
      const size = frameHeaderBytes + sizeBytes + bytes.length;
      this.#send(
        actions,
        { type: 'snapshot', channel, epoch, seq, cols, rows, first, last, bytes },
        size,
        now,
      );
      drawing.at += bytes.length;
      if (last) break;
    }
    this.#drawing = null;
    this.#epoch = epoch;
    this.#seq = seq;
    this.#behindSince = null;
    this.#phase = 'following';
  }

  /** Late, so that the snapshot is fresh; but before the link runs dry. */
  #want(actions: ViewerAction[]): void {
    const { inFlight, window } = this.#meter;
    if (inFlight > window / 2) return;
    this.#phase = 'asked';
    actions.push({ type: 'snapshot', lines: this.#o.lines, maxBytes: this.#isSkipped ? window : null });
    this.#isSkipped = false;
  }

  #mustSkip(now: number): boolean {
    const { log } = this.#o;
    if (log.epoch !== this.#epoch || this.#seq > log.end) return true;
    if (this.#seq < log.redrawnAt) {
      // It has all it should; a slow link still need not carry the whole history after every change of the size.
      this.#isSkipped = this.#meter.isSlow;
      return true;
    }
    if (log.end - this.#seq <= mostLagWindows * this.#meter.window) {
      this.#behindSince = null;
      return false;
    }
    this.#behindSince ??= now;
    if (now - this.#behindSince < lagGraceMs) return false;
    this.#isSkipped = true;
    return true;
  }

  #skip(): void {
    this.#isSkipped = true;
    this.#phase = 'wanting';
  }

  /** While one frame is acknowledged another is under way. */
  get #frameBytes(): number {
    return Math.floor(this.#meter.window / 2) - frameHeaderBytes - sizeBytes;
  }

  /**
   * Bytes that the next frame may carry of those that wait; 0 when none is to be sent now. Room for a whole frame is
   * waited for, or a full link would be served crumbs.
   */
  #room(pending: number): number {
    const most = Math.min(pending, this.#frameBytes);
    const free = this.#meter.window - this.#meter.inFlight - frameHeaderBytes - sizeBytes;
    if (free >= most) return most;
    this.#meter.limited();
    return 0;
  }

  #send(actions: ViewerAction[], frame: ServerFrame, bytes: number, now: number): void {
    if (this.#meter.inFlight === 0) this.#heardAt = now;
    this.#meter.sent(bytes, now);
    this.#companyUntil = now + (bytes < bulkBytes ? coalesceMs : bulkCoalesceMs);
    actions.push({ type: 'send', frame });
  }

  #end(actions: ViewerAction[]): void {
    const { channel } = this.#o;
    actions.push({ type: 'send', frame: { type: 'ended', channel, epoch: this.#epoch, seq: this.#seq } });
    this.#phase = 'over';
  }

  #drop(reason: string): ViewerAction[] {
    this.#phase = 'over';
    this.#drawing = null;
    this.#wakeAt = null;
    return [{ type: 'drop', reason }];
  }

  #wakeBy(time: number): void {
    this.#wakeAt = Math.min(this.#wakeAt ?? time, time);
  }
}

/** Bytes that follow each other as one piece. */
function joined(pieces: readonly StreamPiece[]): StreamPiece[] {
  const found: StreamPiece[] = [];
  let run: { seq: number; parts: Uint8Array[] } | null = null;
  for (const piece of pieces) {
    if (piece.type === 'bytes') {
      run ??= { seq: piece.seq, parts: [] };
      run.parts.push(piece.bytes);
      continue;
    }
    if (run) found.push({ type: 'bytes', seq: run.seq, bytes: concat(run.parts) });
    run = null;
    found.push(piece);
  }
  if (run) found.push({ type: 'bytes', seq: run.seq, bytes: concat(run.parts) });
  return found;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only ? only : Buffer.concat(parts);
}
