import {
  appendFileSync,
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { ensurePrivateDirectory, readTextFile, writePrivateFile } from '../platform/files.ts';
import { readCastLine } from './cast.ts';
import {
  type IndexLine,
  type Marker,
  readIndexLine,
  type SegmentStart,
  segmentStartSchema,
} from './index-lines.ts';

/** A file of a recording. Times are milliseconds since the epoch. */
export interface Segment {
  n: number;
  at: number;
  /** When its last event was; null while it is written. */
  until: number | null;
  cols: number;
  rows: number;
  begins: SegmentStart;
  /** On the disk. */
  bytes: number;
}

const indexName = 'index.jsonl';
/** The index is written anew when it names more segments that are gone than this. */
const mostStale = 100;

/**
 * The folder of one recording: `<n>.cast`, or `<n>.cast.gz` once nothing is added to it, and an index that could be made
 * anew from them. Opening it repairs what a crash left: half a line is cut off, and what was open is closed.
 * Everything is synchronous: it is for a thread of its own.
 */
export class RecordingFolder {
  readonly path: string;
  readonly segments: Segment[] = [];
  readonly markers: Marker[] = [];
  /** When the recording began, with what went for its size; null when there is none. */
  startedAt: number | null = null;
  turns = 0;
  /** Segments in the index that are gone. */
  #stale = 0;

  /** @param open number of a segment that goes on and is not repaired */
  constructor(path: string, open: number | null = null) {
    this.path = path;
    this.#load(open);
  }

  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** When the last event was, as far as it is noted. */
  get until(): number {
    const last = this.segments.at(-1);
    return last?.until ?? last?.at ?? 0;
  }

  /** Notes a segment and returns the path of its file, which is not there yet. */
  begin(segment: Omit<Segment, 'n' | 'until' | 'bytes'>): { segment: Segment; path: string } {
    if (this.segments.length === 0 && this.startedAt === null) ensurePrivateDirectory(this.path);
    if (this.startedAt === null) {
      this.startedAt = segment.at;
      this.#note({ type: 'recording', at: segment.at, turns: 0 });
    }
    const begun: Segment = { ...segment, n: this.#lastNumber() + 1, until: null, bytes: 0 };
    const { n, at, cols, rows, begins } = begun;
    this.#note({ type: 'segment', n, at, cols, rows, begins });
    this.segments.push(begun);
    return { segment: begun, path: this.#plain(n) };
  }

  /** Nothing is added to a segment any more: it is packed. */
  close(segment: Segment, until: number): void {
    segment.until = until;
    this.#note({ type: 'closed', n: segment.n, until });
    this.#pack(segment);
  }

  mark(marker: Marker): void {
    if (marker.turn !== null && marker.kind === 'turn') this.turns = marker.turn;
    this.markers.push(marker);
    this.#note({ type: 'marker', ...marker });
  }

  /** Removes the oldest segments until the rest takes no more than this many bytes; the last one stays. */
  trim(most: number): void {
    let size = this.bytes;
    let removed = 0;
    for (const { n, bytes } of this.segments.slice(0, -1)) {
      if (size <= most) break;
      size -= bytes;
      removed++;
      for (const path of [this.#plain(n), this.#packed(n)]) rmSync(path, { force: true });
    }
    this.segments.splice(0, removed);
    this.#dropMarkers();
    this.#stale += removed;
    if (this.#stale > mostStale) this.#rewrite();
  }

  /** The file of a segment that is being written. */
  pathOf({ n }: Segment): string {
    return this.#plain(n);
  }

  /** Whole lines of a segment, header first; empty when it is gone. */
  read({ n }: Segment): string {
    try {
      const text = readTextFile(this.#plain(n)) ?? gunzipSync(readFileSync(this.#packed(n))).toString('utf8');
      return text.slice(0, text.lastIndexOf('\n') + 1);
    } catch {
      return ''; // taken away, or damaged: the others are still good
    }
  }

  /** Everything goes. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
    this.segments.length = this.markers.length = 0;
    this.startedAt = null;
    this.turns = 0;
  }

  #load(open: number | null): void {
    const noted = new Map<number, Segment>();
    const lines = readTextFile(join(this.path, indexName))?.split('\n') ?? [];
    const isCut = (lines.pop() ?? '') !== '';
    let isStale = isCut;
    for (const text of lines) {
      const line = readIndexLine(text);
      if (line === null) isStale = true;
      else if (line.type === 'recording') {
        this.startedAt = line.at;
        this.turns = line.turns;
      } else if (line.type === 'segment') {
        const { type: _, ...segment } = line;
        noted.set(line.n, { ...segment, until: null, bytes: 0 });
      } else if (line.type === 'closed') {
        const segment = noted.get(line.n);
        if (segment) segment.until = line.until;
      } else {
        const { type: _, ...marker } = line;
        this.markers.push(marker);
        this.turns = line.turn ?? this.turns;
      }
    }
    const numbers = this.#files();
    for (const n of numbers) {
      const known = noted.get(n);
      const isWhole = known !== undefined && (known.until !== null || n === open);
      const segment = isWhole ? known : this.#repair(n);
      if (!segment) continue;
      if (n === open) segment.bytes = this.#sizeOf(n);
      else if (segment === known) this.#pack(segment);
      else isStale = true;
      this.segments.push(segment);
    }
    isStale ||= noted.size !== this.segments.length;
    this.startedAt ??= this.segments[0]?.at ?? null;
    if (isStale && numbers.length > 0) this.#rewrite();
  }

  /** A segment that was open when the daemon went, or that the index does not know; null when nothing is in it. */
  #repair(n: number): Segment | null {
    const plain = this.#plain(n);
    const text = this.read({ n } as Segment);
    const size = statSync(plain, { throwIfNoEntry: false })?.size;
    if (size !== undefined && size > Buffer.byteLength(text)) truncateSync(plain, Buffer.byteLength(text));
    const header = readHeader(text);
    if (header === null) {
      for (const path of [plain, this.#packed(n)]) rmSync(path, { force: true });
      return null;
    }
    let at = 0;
    for (const line of text.split('\n')) at = Math.max(at, readCastLine(line)?.at ?? 0);
    const segment: Segment = { n, ...header, until: header.at + at, bytes: 0 };
    this.#pack(segment);
    return segment;
  }

  /** Replaces the text by its compressed form; as it is until that is whole on the disk. */
  #pack(segment: Segment): void {
    const [plain, packed] = [this.#plain(segment.n), this.#packed(segment.n)];
    const text = statSync(plain, { throwIfNoEntry: false }) ? readFileSync(plain) : null;
    if (text !== null) {
      const temporary = `${packed}.part`;
      writeFileSync(temporary, gzipSync(text, { level: constants.Z_BEST_SPEED }), { mode: 0o600 });
      const descriptor = openSync(temporary, 'r');
      fsyncSync(descriptor);
      closeSync(descriptor);
      renameSync(temporary, packed);
      rmSync(plain);
    }
    segment.bytes = this.#sizeOf(segment.n);
  }

  /** Without what is gone, so that it grows no further than the recording. */
  #rewrite(): void {
    this.#dropMarkers();
    this.#stale = 0;
    const lines: IndexLine[] = [
      { type: 'recording', at: this.startedAt ?? 0, turns: this.turns },
      ...this.segments.flatMap(({ n, at, cols, rows, begins, until }): IndexLine[] => [
        { type: 'segment', n, at, cols, rows, begins },
        ...(until === null ? [] : [{ type: 'closed' as const, n, until }]),
      ]),
      ...this.markers.map((marker) => ({ type: 'marker' as const, ...marker })),
    ];
    writePrivateFile(join(this.path, indexName), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  #dropMarkers(): void {
    const from = this.segments[0]?.at ?? 0;
    const kept = this.markers.findIndex(({ at }) => at >= from);
    if (kept !== 0) this.markers.splice(0, kept < 0 ? this.markers.length : kept);
  }

  #note(line: IndexLine): void {
    const path = join(this.path, indexName);
    appendFileSync(path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    if (line.type === 'recording') chmodSync(path, 0o600);
  }

  /** Numbers of the files that are there, in order. Parts of a packing that was cut off are removed. */
  #files(): number[] {
    let names: string[];
    try {
      names = readdirSync(this.path);
    } catch {
      return []; // no recording yet
    }
    for (const name of names) if (name.endsWith('.part')) rmSync(join(this.path, name), { force: true });
    const numbers = names.flatMap((name) => /^(\d{1,9})\.cast(?:\.gz)?$/.exec(name)?.[1] ?? []).map(Number);
    return [...new Set(numbers)].sort((a, b) => a - b);
  }

  #lastNumber(): number {
    return this.segments.at(-1)?.n ?? 0;
  }

  #sizeOf(n: number): number {
    const found = [this.#plain(n), this.#packed(n)].map((path) => statSync(path, { throwIfNoEntry: false }));
    return found.reduce((sum, stats) => sum + (stats?.size ?? 0), 0);
  }

  #plain(n: number): string {
    return join(this.path, `${n}.cast`);
  }

  #packed(n: number): string {
    return join(this.path, `${n}.cast.gz`);
  }
}

/** What the first line of a segment says. */
function readHeader(text: string): Omit<Segment, 'n' | 'until' | 'bytes'> | null {
  try {
    const header = JSON.parse(text.slice(0, text.indexOf('\n'))) as Record<string, unknown>;
    const own = header.codepiper as Record<string, unknown>;
    const [cols, rows, at] = [Number(header.width), Number(header.height), Number(own.startedAt)];
    const begins = segmentStartSchema.safeParse(own.begins);
    return cols > 0 && rows > 0 && at > 0 && begins.success ? { cols, rows, at, begins: begins.data } : null;
  } catch {
    return null;
  }
}
