import { closeSync, fstatSync } from 'node:fs';
import type { Clock } from '@codepiper/core/clock.ts';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import type { TranscriptsDb } from '../../db/transcripts/open.ts';
import type { Archive } from './archive.ts';
import { readContent } from './content-pass.ts';
import { conversationOf } from './conversation-of.ts';
import type { FileRow, Progress } from './files.store.ts';
import { fingerprint, hashRange, tailHash } from './fingerprint.ts';
import { IngestStore } from './ingest.store.ts';
import { isAbsent, open, openSource, type Source } from './source.ts';
import { readUsage } from './usage-pass.ts';
import { LineBuffer } from './whole-lines.ts';

export interface IngestParts {
  db: TranscriptsDb;
  formats: Readonly<Record<string, TranscriptFormat>>;
  archive: Archive;
  clock: Clock;
  /** Test seam: how much one step reads, and the longest line, in bytes. */
  limits?: { usageStep?: number; contentStep?: number; maxLine?: number };
}

/** What one step came to. */
export interface Step {
  /** Bytes it went forward; 0 when there was no whole line to read. */
  bytes: number;
  conversation: number;
  /** Entries that are new. */
  entries: number;
  responses: number;
  /** Files that have to be looked at again, besides this one. */
  again: readonly number[];
  /** Why the file cannot be read now: the code of the error. */
  unreadable: string | null;
}

export type Pass = 'usage' | 'content';

/**
 * Brings transcripts into the database, a step at a time. It remembers nothing between two steps: what is known of a
 * file stands in its row, in the same transaction as what was read from it.
 */
export class Ingest {
  readonly store: IngestStore;
  readonly #parts: IngestParts;
  readonly #buffers: Record<Pass, LineBuffer>;

  constructor(parts: IngestParts) {
    const { usageStep = 2 << 20, contentStep = 256 << 10, maxLine } = parts.limits ?? {};
    this.#parts = parts;
    this.store = new IngestStore(parts.db);
    this.#buffers = {
      usage: new LineBuffer(usageStep, maxLine),
      content: new LineBuffer(contentStep, maxLine),
    };
  }

  /**
   * Makes a file known: its row, and its place in the archive. The id of its row, or the code of the error why it
   * cannot be read.
   */
  register(path: string, provider: string): number | string {
    const format = this.#parts.formats[provider];
    if (!format) return 'ENOENT';
    const known =
      this.store.files.byPath(path) ??
      (this.#parts.archive.holds(path) ? this.store.files.byArchive(path) : undefined);
    if (known) return known.id;
    const descriptor = open(path);
    if (typeof descriptor === 'string') return this.#archived(provider, path) ?? descriptor;
    try {
      const stats = fstatSync(descriptor);
      const print = fingerprint(descriptor, stats);
      const same = this.store.files.byInode(stats.dev, stats.ino).find((row) => isSame(row, descriptor));
      if (same) return this.#found(same, path);
      const identity = conversationOf(path, descriptor, format);
      const { archive, clock } = this.#parts;
      // First, so that no row points to a file that may be taken away.
      const kept = archive.keep(provider, path, print);
      return this.store.transact(() => {
        const conversation = this.store.conversation(provider, identity.conversationId);
        const file = { path, provider, conversation, agentId: identity.agentId };
        const id = this.store.files.add(
          { ...file, born: stats.birthtimeMs || stats.mtimeMs },
          print,
          clock.now(),
        );
        if (kept) this.store.files.setArchive(id, kept.path, kept.copied);
        return id;
      });
    } finally {
      closeSync(descriptor);
    }
  }

  /**
   * Reads the next part of a file in one pass, and stores it with how far it came in one transaction.
   * @throws what SQLite throws; then nothing was changed
   */
  step(id: number, pass: Pass): Step {
    const row = this.store.files.byId(id);
    const format = row && this.#parts.formats[row.provider];
    if (!row || !format) return { ...nothing, conversation: 0 };
    const source = openSource(row);
    try {
      return this.#read(row, format, source, pass);
    } finally {
      if ('descriptor' in source) closeSync(source.descriptor);
    }
  }

  /** As `revive`, for the conversation of a file that was pruned, if its last word is not older than `keepMs`. */
  reviveKept(id: number, keepMs: number | null): readonly number[] {
    const row = this.store.files.byId(id);
    if (!row || row.pruned_at === null) return [];
    const lastAt = this.store.lastOf(row.conversation);
    const isKept = keepMs === null || lastAt >= this.#parts.clock.now() - keepMs;
    return isKept ? this.revive(row.conversation) : [];
  }

  /** Has what was pruned of a conversation read again; its files. */
  revive(conversation: number): readonly number[] {
    const { store } = this;
    const files = store.files.of(conversation);
    store.transact(() => {
      for (const id of files) if (store.files.byId(id)?.pruned_at != null) store.files.rewindContent(id);
    });
    return files;
  }

  /** What was pruned stays away until its conversation goes on. */
  #lookAtPruned(row: FileRow, descriptor: number): readonly number[] {
    const found = this.#buffers.content.read(descriptor, Math.max(row.usage_offset, row.content_offset));
    return (found.overlong ?? found.bytes.length) === 0 ? [] : this.revive(row.conversation);
  }

  #read(row: FileRow, format: TranscriptFormat, source: Source, pass: Pass): Step {
    const idle: Step = { ...nothing, conversation: row.conversation };
    if (source.state === 'unreadable') return { ...idle, unreadable: source.code };
    if (source.state === 'lost') return { ...idle, again: this.#settle(row, source.after) };
    if (source.state === 'rewritten') return { ...idle, again: this.#startAgain(row, source) };

    const { descriptor, stats } = source;
    if (row.pruned_at !== null) return { ...idle, again: this.#lookAtPruned(row, descriptor) };
    const offset = pass === 'usage' ? row.usage_offset : row.content_offset;
    const found = this.#buffers[pass].read(descriptor, offset);
    const length = found.overlong ?? found.bytes.length;
    if (length === 0) {
      const done = row.usage_offset === row.content_offset;
      const again = this.#look(row, source);
      return { ...idle, again: done && source.after ? this.#settle(row, source.after) : again };
    }
    const end = offset + length;
    const tailEnd = Math.max(end, pass === 'usage' ? row.content_offset : row.usage_offset);
    const progress: Omit<Progress, 'state'> = {
      offset: end,
      size: stats.size,
      tailEnd,
      tailHash: tailHash(descriptor, tailEnd),
      at: this.#parts.clock.now(),
    };
    const { store } = this;
    if (pass === 'usage') {
      const read = readUsage(format, row.usage_state, found, offset);
      store.transact(() => {
        for (const response of read.responses) store.addResponse(row, response);
        store.files.advanceUsage(row.id, { ...progress, state: read.state });
      });
      return { ...idle, bytes: length, responses: read.responses.length };
    }
    if (row.archive_path !== null && row.archive_copied === 1 && !source.kept) {
      this.#parts.archive.extend(row.archive_path, found.bytes, offset);
    }
    const read = readContent(format, row.content_state, found, offset);
    const entries = store.transact(() => {
      const added = read.storeIn(store, row);
      store.files.advanceContent(row.id, { ...progress, ...read.counts, state: read.state });
      return added;
    });
    return { ...idle, bytes: length, entries };
  }

  /** What is worth noting whenever a file is looked at and has nothing new. */
  #look(row: FileRow, source: Extract<Source, { state: 'open' }>): readonly number[] {
    const { store } = this;
    if (source.after === null && row.gone === 1) store.files.setGone(row.id, false);
    if (source.kept) return [];
    if (row.head_length < 4096 && source.stats.size > row.head_length) {
      store.files.setHead(row.id, fingerprint(source.descriptor, source.stats));
    }
    if (row.archive_path !== null) return [];
    const kept = this.#parts.archive.keep(row.provider, row.path, row);
    if (!kept) return [];
    store.transact(() => {
      store.files.setArchive(row.id, kept.path, kept.copied);
      // A copy begins with the file's beginning.
      if (kept.copied) store.files.rewindContent(row.id);
    });
    return kept.copied ? [row.id] : [];
  }

  /** The file has other content than what was read from it. */
  #startAgain(row: FileRow, source: Extract<Source, { state: 'rewritten' }>): readonly number[] {
    if (row.archive_copied === 1) return this.#settle(row, 'retire');
    this.store.transact(() => this.store.forget(row, fingerprint(source.descriptor, source.stats)));
    return this.store.files.of(row.conversation);
  }

  /** All of a file was read, and at its path there is another one, or none. */
  #settle(row: FileRow, after: 'retire' | 'gone'): readonly number[] {
    const { store } = this;
    if (after === 'gone') {
      if (row.gone === 0) store.files.setGone(row.id, true);
      return [];
    }
    store.transact(() => {
      // Of a copy, what it was not given any more is no more.
      store.cutUsage(row.id, Math.min(row.usage_offset, row.content_offset));
      store.files.setPath(row.id, row.archive_path ?? `${row.path}#${row.id}`);
      store.files.setGone(row.id, true);
    });
    const next = this.register(row.path, row.provider);
    return typeof next === 'string' ? [] : [next];
  }

  /** What lay at a path before a new database was made, where nothing lies any more. */
  #archived(provider: string, path: string): number | undefined {
    for (const place of this.#parts.archive.placesOf(provider, path)) {
      const row = this.store.files.byArchive(place);
      if (row) return row.id;
    }
    return undefined;
  }

  /** A known file under a name of which nobody knew: it was renamed, or has two names. */
  #found(row: FileRow, path: string): number {
    if (row.gone === 0 && isAbsent(codeOf(open(row.path)))) this.store.files.setPath(row.id, path);
    return row.id;
  }
}

const nothing: Omit<Step, 'conversation'> = {
  bytes: 0,
  entries: 0,
  responses: 0,
  again: [],
  unreadable: null,
};

function isSame(row: FileRow, descriptor: number): boolean {
  return hashRange(descriptor, 0, row.head_length).equals(row.head_hash);
}

function codeOf(opened: number | string): string {
  if (typeof opened === 'string') return opened;
  closeSync(opened);
  return '';
}
