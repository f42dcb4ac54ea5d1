import type { StreamLog, StreamPiece } from './viewer.ts';

const defaultCapacity = 1 << 20;
/** What a log takes when the first byte comes; it doubles up to its capacity. */
const firstCapacity = 1 << 12;
/** Resizes that are kept: a storm of them must not cost more than bytes would. */
const maxResizes = 1_000;

interface Resize {
  seq: number;
  cols: number;
  rows: number;
}

/**
 * The newest part of a session's stream, to be read again by those who missed something. Each byte takes one place,
 * counted from 0 in each epoch; a resize takes one as well, so that a reader who is behind it is not told it twice and
 * one who is before it never misses it.
 */
export class OutputLog implements StreamLog {
  readonly #capacity: number;
  /** The byte of a place is at its remainder; that of a resize is not used. */
  #ring = new Uint8Array();
  #resizes: Resize[] = [];
  #epoch: number;
  #begin = 0;
  #end = 0;
  #redrawnAt = 0;

  /**
   * @param epoch the first one; another daemon's must not be the same, as a viewer may come from there
   * @param capacity places that are kept at most, and so about bytes of memory
   */
  constructor(epoch: number, capacity = defaultCapacity) {
    this.#epoch = epoch >>> 0;
    this.#capacity = capacity;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The oldest place that can be read. */
  get begin(): number {
    return this.#begin;
  }

  /** Place behind the last piece. */
  get end(): number {
    return this.#end;
  }

  get redrawnAt(): number {
    return this.#redrawnAt;
  }

  append(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    // Of more than it holds, only the end.
    const skipped = Math.max(0, bytes.length - this.#ring.length);
    const at = (this.#end + skipped) % (this.#ring.length || 1);
    const untilEdge = this.#ring.length - at;
    if (bytes.length <= untilEdge) this.#ring.set(bytes, at);
    else {
      this.#ring.set(bytes.subarray(skipped, skipped + untilEdge), at);
      this.#ring.set(bytes.subarray(skipped + untilEdge), 0);
    }
    this.#advance(bytes.length);
  }

  /** The size of the terminal from here on, in cells. */
  resize(cols: number, rows: number): void {
    this.#makeRoom(1);
    this.#resizes.push({ seq: this.#end, cols, rows });
    this.#advance(1);
  }

  /**
   * Who draws what is read must start over from a snapshot of this place or a later one. Nothing is missing: who reads
   * the text goes on. It takes a place of its own, so that who comes to the one behind it has started over.
   */
  redraw(cols: number, rows: number): void {
    this.resize(cols, rows);
    this.#redrawnAt = this.#end;
  }

  /** What comes now does not follow what was: a new epoch, from place 0. */
  restart(): void {
    this.#epoch = (this.#epoch + 1) >>> 0;
    this.#begin = this.#end = this.#redrawnAt = 0;
    this.#resizes = [];
  }

  /**
   * Pieces in order from a place on.
   *
   * @param most places they take together at most
   * @returns `gone` where the log no longer has that place, or never had it. Bytes are views: they are valid until
   * something is written.
   */
  read(epoch: number, from: number, most: number): StreamPiece[] | 'gone' {
    if (epoch !== this.#epoch || from < this.#begin || from > this.#end) return 'gone';
    const until = Math.min(this.#end, from + most);
    const pieces: StreamPiece[] = [];
    let next = this.#firstResize(from);
    for (let at = from; at < until; ) {
      const resize = this.#resizes[next];
      if (resize?.seq === at) {
        pieces.push({ type: 'resize', ...resize });
        next++;
        at++;
        continue;
      }
      const place = at % this.#ring.length;
      const length = Math.min((resize?.seq ?? until) - at, until - at, this.#ring.length - place);
      pieces.push({ type: 'bytes', seq: at, bytes: this.#ring.subarray(place, place + length) });
      at += length;
    }
    return pieces;
  }

  /** Index of the first resize at or behind a place. */
  #firstResize(from: number): number {
    let [low, high] = [0, this.#resizes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#resizes[middle]?.seq ?? from) < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Grows the ring while it may, so that a session that prints little costs little. */
  #makeRoom(more: number): void {
    const needed = Math.min(this.#end - this.#begin + more, this.#capacity);
    if (needed <= this.#ring.length) return;
    let length = Math.max(firstCapacity, this.#ring.length);
    while (length < needed) length *= 2;
    const grown = new Uint8Array(Math.min(length, this.#capacity));
    const kept = this.read(this.#epoch, this.#begin, Number.POSITIVE_INFINITY);
    for (const piece of kept === 'gone' ? [] : kept) {
      if (piece.type === 'resize') continue;
      const place = piece.seq % grown.length;
      grown.set(piece.bytes.subarray(0, grown.length - place), place);
      grown.set(piece.bytes.subarray(grown.length - place), 0);
    }
    this.#ring = grown;
  }

  #advance(places: number): void {
    this.#end += places;
    this.#begin = Math.max(this.#begin, this.#end - this.#ring.length);
    const surplus = this.#resizes.length - 1 - maxResizes;
    // A place before the first is looked for as a name, which takes longer than all else here.
    const dropped = surplus < 0 ? undefined : this.#resizes[surplus];
    if (dropped) this.#begin = Math.max(this.#begin, dropped.seq + 1);
    const gone = this.#firstResize(this.#begin);
    if (gone > 0) this.#resizes.splice(0, gone);
  }
}
