/**
 * asciicast. What is stored is version 2: its times count from the beginning of the file, so that a line that is lost,
 * or cut off by a crash, moves no other. Version 3 counts from event to event; it is made when somebody wants it.
 */

/** One event; times are milliseconds since the beginning of the file. */
export type CastEvent =
  | { code: 'o'; at: number; data: string }
  | { code: 'r'; at: number; cols: number; rows: number }
  | { code: 'm'; at: number; data: string };

export type CastVersion = 2 | 3;

/**
 * In front of a screen that is drawn anew: ends a control sequence that has begun, and resets the terminal and its
 * titles, which a reset leaves as they are.
 */
export const castReset = '\x18\x1bc\x1b]0;\x07';

export interface CastHeader {
  cols: number;
  rows: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Seconds since the recording began at which this file begins. */
  from: number;
  title: string | null;
}

/** First line of a file. Players ignore the key `codepiper`. */
export function castHeader(version: CastVersion, header: CastHeader): string {
  const { cols, rows, startedAt, from, title } = header;
  return `${JSON.stringify({
    version,
    ...(version === 2 ? { width: cols, height: rows } : { term: { cols, rows, type: 'xterm-256color' } }),
    timestamp: Math.floor(startedAt / 1000),
    ...(title === null ? {} : { title }),
    codepiper: { from },
  })}\n`;
}

/**
 * Writes events as lines of one version. Times do not go back: one that would is that of the event before. Intervals
 * of version 3 are differences of whole milliseconds, so that they add up.
 */
export function castLines(version: CastVersion): (event: CastEvent) => string {
  let last = 0;
  return (event) => {
    const at = Math.max(last, Math.round(event.at));
    const time = version === 2 ? at : at - last;
    last = at;
    const data = event.code === 'r' ? `${event.cols}x${event.rows}` : event.data;
    return castLine(time, event.code, data);
  };
}

/** @param time in milliseconds */
export function castLine(time: number, code: string, data: string): string {
  return `[${(time / 1000).toFixed(3)},"${code}",${JSON.stringify(data)}]\n`;
}

/** Reads a line of version 2; null for one that is none, or of a kind that is not known. */
export function readCastLine(line: string): CastEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!Array.isArray(value)) return null;
  const [time, code, data] = value as unknown[];
  if (typeof time !== 'number' || typeof data !== 'string') return null;
  const at = Math.round(time * 1000);
  if (code === 'o' || code === 'm') return { code, at, data };
  const size = code === 'r' ? /^(\d{1,4})x(\d{1,4})$/.exec(data) : null;
  return size ? { code: 'r', at, cols: Number(size[1]), rows: Number(size[2]) } : null;
}
