import type { Fingerprint } from './fingerprint.ts';
import type { Statements } from './statements.store.ts';

/** A row of `files`. */
export interface FileRow {
  id: number;
  path: string;
  provider: string;
  dev: number;
  ino: number;
  born: number;
  size: number;
  head_length: number;
  head_hash: Buffer;
  tail_end: number;
  tail_hash: Buffer | null;
  usage_offset: number;
  usage_state: string | null;
  content_offset: number;
  content_state: string | null;
  conversation: number;
  agent_id: string | null;
  archive_path: string | null;
  archive_copied: number;
  gone: number;
  pruned_at: number | null;
}

/** How far a pass has come, with all that must be stored in the same transaction. */
export interface Progress {
  offset: number;
  state: string;
  size: number;
  tailEnd: number;
  tailHash: Buffer | null;
  at: number;
}

/** SQL of the files there are, and how far each was read. */
export class Files {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  byId(id: number): FileRow | undefined {
    return this.#statements.fileById.get(id) as FileRow | undefined;
  }

  byPath(path: string): FileRow | undefined {
    return this.#statements.fileByPath.get(path) as FileRow | undefined;
  }

  byInode(dev: number, ino: number): FileRow[] {
    return this.#statements.filesByInode.all(ino, dev) as FileRow[];
  }

  /** Files of a conversation, sub-agents' included. */
  of(conversation: number): number[] {
    return this.#statements.filesOf.pluck().all(conversation) as number[];
  }

  add(
    file: { path: string; provider: string; born: number; agentId: string | null; conversation: number },
    print: Fingerprint,
    at: number,
  ): number {
    const { path, provider, born, conversation, agentId } = file;
    const { dev, ino, headLength, headHash } = print;
    const added = this.#statements.addFile.run({
      ...{ path, provider, born, conversation, agentId, dev, ino, headLength, headHash, at },
    });
    return Number(added.lastInsertRowid);
  }

  setPath(id: number, path: string): void {
    this.#statements.setPath.run(path, id);
  }

  setHead(id: number, print: Fingerprint): void {
    this.#statements.setHead.run(print.headLength, print.headHash, id);
  }

  setArchive(id: number, path: string, copied: boolean): void {
    this.#statements.setArchive.run(path, copied ? 1 : 0, id);
  }

  setGone(id: number, gone: boolean): void {
    this.#statements.setGone.run(gone ? 1 : 0, id);
  }

  advanceUsage(id: number, progress: Progress): void {
    this.#statements.advanceUsage.run({ id, ...progress });
  }

  advanceContent(id: number, progress: Progress & { lines: number; unknown: number; invalid: number }): void {
    this.#statements.advanceContent.run({ id, ...progress });
  }

  /** Reads the content from the file's beginning again; what is stored of it stays. */
  rewindContent(id: number): void {
    this.#statements.rewindContent.run(id);
  }

  byArchive(path: string): FileRow | undefined {
    return this.#statements.fileByArchive.get(path) as FileRow | undefined;
  }
}
