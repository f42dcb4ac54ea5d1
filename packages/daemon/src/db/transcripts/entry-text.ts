import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import type { QueryContext, Reader } from './reader.ts';

/** Files that are kept open at a time: entries of a page may lie in as many files as there are sub-agents. */
const mostOpen = 16;

/** Where an entry's text lies, and how to know it again: columns of `entries`. */
export interface EntryPlace {
  file_id: number;
  line_offset: number;
  line_length: number;
  part: number;
  kind: string;
  preview: string;
}

export interface EntryText {
  text: string;
  /** The line of the transcript it stands in. */
  line: string;
}

/** A line that was read, and the entries it says. */
interface SourceLine {
  text: string;
  entries: { kind: string; text: string }[];
}

/**
 * The texts of entries, from the transcripts they were read from: from the copy that was kept, else from where the
 * agent has it. Null for each whose line is gone or says something else by now. At most one line is held at a time,
 * beside what is returned.
 */
export function entryTexts(
  { db, formats }: Pick<QueryContext, 'db' | 'formats'>,
  rows: readonly EntryPlace[],
): (EntryText | null)[] {
  using files = new SourceFiles(db, formats);
  return rows.map((row) => {
    for (const line of files.linesAt(row)) {
      const entry = line.entries[row.part];
      if (entry && entry.kind === row.kind && beginsWith(entry.text, row.preview)) {
        return { text: entry.text, line: line.text };
      }
    }
    return null;
  });
}

/** Whether a preview was made from the text. */
function beginsWith(text: string, preview: string): boolean {
  const beginning = text.slice(0, preview.length * 2 + 400).replace(/\s+/g, ' ');
  // The database holds no halves of characters.
  return beginning.trim().toWellFormed().startsWith(preview);
}

interface SourceFile {
  descriptors: number[];
  format: TranscriptFormat | null;
}

class SourceFiles implements Disposable {
  readonly #db: Reader;
  readonly #formats: QueryContext['formats'];
  /** The one that was opened last at the end. */
  readonly #files = new Map<number, SourceFile>();
  /** The entries of one line follow each other: the last line is kept. */
  #last: { key: string; lines: SourceLine[] } | null = null;

  constructor(db: Reader, formats: QueryContext['formats']) {
    this.#db = db;
    this.#formats = formats;
  }

  /** What stands at the entry's place, in each of the files that may hold it. */
  *linesAt({ file_id, line_offset, line_length }: EntryPlace): Generator<SourceLine> {
    const key = `${file_id}:${line_offset}`;
    if (this.#last?.key === key) {
      yield* this.#last.lines;
      return;
    }
    const { descriptors, format } = this.#open(file_id);
    const lines: SourceLine[] = [];
    this.#last = { key, lines };
    for (const descriptor of format ? descriptors : []) {
      const text = readText(descriptor, line_offset, line_length);
      if (text === null || !format) continue;
      // What lines before it say changes whose entry it is, never its text.
      const { items } = format.createReader().readLine(text).line;
      const line = { text, entries: items.filter((item) => item.type === 'entry') };
      lines.push(line);
      yield line;
    }
  }

  #open(id: number): SourceFile {
    const known = this.#files.get(id);
    if (known) return known;
    const file = this.#db.get<{ path: string; archive_path: string | null; gone: number; provider: string }>(
      'SELECT path, archive_path, gone, provider FROM files WHERE id = ?',
      id,
    );
    const paths = new Set([file?.archive_path, file?.gone === 0 ? file.path : null]);
    const opened = {
      descriptors: [...paths].flatMap((path) => (path ? (openFile(path) ?? []) : [])),
      format: this.#formats[file?.provider ?? ''] ?? null,
    };
    const [oldest] = this.#files.keys();
    if (oldest !== undefined && this.#files.size >= mostOpen) this.#close(oldest);
    this.#files.set(id, opened);
    return opened;
  }

  #close(id: number): void {
    for (const descriptor of this.#files.get(id)?.descriptors ?? []) closeSync(descriptor);
    this.#files.delete(id);
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#files.keys()]) this.#close(id);
  }
}

/** Null when there is no file to be read there. Never waits for one that is a pipe. */
function openFile(path: string): number | null {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
  } catch {
    // It is gone, or it is not ours to read: the entry's beginning is in the database.
  }
  return null;
}

function readText(descriptor: number, offset: number, length: number): string | null {
  try {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(descriptor, bytes, filled, length - filled, offset + filled);
      if (count === 0) return null;
      filled += count;
    }
    return bytes.toString('utf8');
  } catch {
    return null;
  }
}
