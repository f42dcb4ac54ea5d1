import { type CastEvent, type CastVersion, castHeader, castLines, castReset, readCastLine } from './cast.ts';
import type { RecordingFolder, Segment } from './folder.ts';
import type { OpenScreen, ReplayScreen } from './replay-screen.ts';

/** Lines of history behind the first screen: what was printed since its segment began. */
const scrollback = 1_000;
/** The emulator is given no more at once, in bytes. */
const mostAtOnce = 1 << 16;
/** Size of a piece, in characters and about. */
const pieceLength = 1 << 18;

export interface PlayRequest {
  folder: RecordingFolder;
  /** Where it begins, in milliseconds since the epoch. */
  from: number;
  version: CastVersion;
  title: string | null;
  openScreen: OpenScreen;
}

const encoder = new TextEncoder();

/**
 * The recording from a moment on, as it is when this is asked, piece by piece: one asciicast whose first event draws the
 * screen at that moment. It is found by playing one segment into an emulator. Where output is missing, and after a new
 * size, the terminal is reset and drawn anew; in front of the first stands a marker `gap`.
 */
export function* play({ folder, from, version, title, openScreen }: PlayRequest): Generator<string> {
  const segments = [...folder.segments];
  const first = Math.max(
    0,
    segments.findLastIndex(({ at }) => at <= from),
  );
  const [begin, startedAt] = [segments[first], folder.startedAt];
  if (!begin || startedAt === null) return;
  const events = eventsOf(folder, begin);
  // Behind the end it is the end, before what is left of it the beginning of that.
  const end = segments[first + 1]?.at ?? endOf(begin, events);
  const start = Math.max(begin.at, Math.min(from, end));
  // At the beginning of a segment nothing but its first screen: what was printed in the same moment is told.
  const later = events.findIndex(
    ({ at }, index) => index > 0 && (start === begin.at || begin.at + at > start),
  );
  const past = later < 0 ? events : events.slice(0, later);
  const shown = screenAfter(begin, past, openScreen);
  const offset = start - begin.at;
  let { cols, rows } = shown;
  const line = castLines(version);
  let piece =
    castHeader(version, { cols, rows, startedAt: start, from: (start - startedAt) / 1000, title }) +
    line({ code: 'o', at: 0, data: shown.data });
  // Whoever seeks sees the screen before anything else is read.
  yield piece;
  piece = '';
  const add = (event: CastEvent, base: number) => {
    if (event.code === 'r') ({ cols, rows } = event);
    piece += line({ ...event, at: event.at + base });
  };
  // What was shown until then is on the screen; what has its name from that moment is not.
  const named = past.filter(({ code, at }) => code === 'm' && at > 0 && begin.at + at === start);
  const rest = later < 0 ? named : [...named, ...events.slice(later)];
  for (const event of rest) {
    add(event, -offset);
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  for (const segment of segments.slice(first + 1)) {
    const [keyframe, ...following] = eventsOf(folder, segment);
    if (keyframe?.code !== 'o') continue;
    const base = segment.at - start;
    if (segment.begins === 'gap') add({ code: 'm', at: 0, data: 'gap' }, base);
    if (segment.cols !== cols || segment.rows !== rows) {
      add({ code: 'r', at: 0, cols: segment.cols, rows: segment.rows }, base);
    }
    if (segment.begins !== 'key') add({ ...keyframe, data: castReset + keyframe.data }, base);
    for (const event of following) {
      add(event, base);
      if (piece.length < pieceLength) continue;
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}

function eventsOf(folder: RecordingFolder, segment: Segment): CastEvent[] {
  const [, ...lines] = folder.read(segment).split('\n');
  return lines.flatMap((line) => readCastLine(line) ?? []);
}

function endOf(segment: Segment, events: readonly CastEvent[]): number {
  return segment.at + (events.at(-1)?.at ?? 0);
}

/** The screen behind some events from the beginning of a segment on. */
function screenAfter(
  { cols, rows }: Segment,
  events: readonly CastEvent[],
  openScreen: OpenScreen,
): { cols: number; rows: number; data: string } {
  using screen = openScreen({ cols, rows, scrollback });
  let text = '';
  for (const event of events) {
    if (event.code === 'o') text += event.data;
    if (event.code !== 'r') continue;
    print(screen, text);
    text = '';
    screen.resize(event.cols, event.rows);
  }
  print(screen, text);
  const snapshot = screen.snapshot({ lines: scrollback });
  return {
    cols: snapshot.cols,
    rows: snapshot.rows,
    data: new TextDecoder('utf-8', { ignoreBOM: true }).decode(snapshot.data),
  };
}

function print(screen: ReplayScreen, text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length; at += mostAtOnce) screen.write(bytes.subarray(at, at + mostAtOnce));
}
