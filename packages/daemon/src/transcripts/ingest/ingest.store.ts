import type { EntryKind, TokenCounts, TranscriptItem } from '@codepiper/core/transcripts/transcript.ts';
import type { TranscriptsDb } from '../../db/transcripts/open.ts';
import type { Fingerprint } from './fingerprint.ts';
import { prepare, type Statements } from './statements.store.ts';

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
}

export interface NewResponse {
  key: string;
  agentId: string | null;
  model: string | null;
  at: number | null;
  tokens: TokenCounts;
  turnId: string | null;
  offset: number;
}

export interface NewEntry {
  offset: number;
  length: number;
  part: number;
  key: Buffer;
  kind: EntryKind;
  at: number | null;
  agentId: string | null;
  turn: number | null;
  callId: string | null;
  tool: string | null;
  isError: boolean;
  path: string | null;
  preview: string;
  /** Of the result of a call: it was refused or broken off. */
  denied: boolean;
  durationMs: number | null;
}

export interface TurnChange {
  number: number;
  turnId: string | null;
  phase: 'started' | 'done' | 'failed' | 'interrupted';
  at: number | null;
  durationMs: number | null;
}

export interface ConversationFacts {
  cwd: string | null;
  title: string | null;
  branch: string | null;
  version: string | null;
  forkedFrom: string | null;
  parent: string | null;
  startedAt: number | null;
  lastAt: number | null;
}

export type ConversationItem = Extract<TranscriptItem, { type: 'conversation' }>;

/** How far a pass has come, with all that must be stored in the same transaction. */
export interface Progress {
  offset: number;
  state: string;
  size: number;
  tailEnd: number;
  tailHash: Buffer | null;
  at: number;
}

/** SQL of the one writer of transcripts.db. Every method is a part of the transaction that the caller runs. */
export class IngestStore {
  readonly #db: TranscriptsDb;
  readonly #statements: Statements;

  constructor(db: TranscriptsDb) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  /** All of `work` is stored, or nothing. */
  transact<T>(work: () => T): T {
    return this.#db.transaction(work).immediate();
  }

  fileById(id: number): FileRow | undefined {
    return this.#statements.fileById.get(id) as FileRow | undefined;
  }

  fileByPath(path: string): FileRow | undefined {
    return this.#statements.fileByPath.get(path) as FileRow | undefined;
  }

  filesByInode(dev: number, ino: number): FileRow[] {
    return this.#statements.filesByInode.all(ino, dev) as FileRow[];
  }

  /** Files of a conversation, sub-agents' included. */
  filesOf(conversation: number): number[] {
    return this.#statements.filesOf.pluck().all(conversation) as number[];
  }

  conversation(provider: string, conversationId: string): number {
    this.#statements.addConversation.run(provider, conversationId);
    const row = this.#statements.conversation.get(provider, conversationId) as { id: number };
    return row.id;
  }

  conversationName(conversation: number): { conversationId: string; provider: string } | undefined {
    return this.#statements.conversationName.get(conversation) as
      | { conversationId: string; provider: string }
      | undefined;
  }

  linkSession(sessionId: string, conversation: number): void {
    this.#statements.linkSession.run(sessionId, conversation);
  }

  sessionsOf(conversation: number): string[] {
    return this.#statements.sessionsOf.pluck().all(conversation) as string[];
  }

  addFile(
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

  /** The lines from `offset` on are no more: responses read from them stay, without a place. */
  cutUsage(id: number, offset: number): void {
    this.#statements.cutResponses.run(id, offset);
    this.#statements.cutUsage.run(offset, id);
  }

  fileByArchive(path: string): FileRow | undefined {
    return this.#statements.fileByArchive.get(path) as FileRow | undefined;
  }

  addResponse(file: FileRow, response: NewResponse): void {
    const { key, model, at, tokens, turnId, offset } = response;
    this.#statements.addResponse.run(
      ...[key, file.conversation, response.agentId ?? file.agent_id, model, at, tokens.input, tokens.output],
      ...[tokens.cacheRead, tokens.cacheWrite5m, tokens.cacheWrite1h, tokens.reasoning, turnId, file.id],
      ...[offset, file.born],
    );
  }

  /** False when the conversation has it already. */
  addEntry(file: FileRow, entry: NewEntry): boolean {
    const added = this.#statements.addEntry.run(
      ...[file.conversation, file.id, entry.offset, entry.length, entry.part, entry.key, entry.kind],
      ...[entry.at, entry.agentId ?? file.agent_id, entry.turn, entry.callId, entry.tool],
      ...[entry.isError ? 1 : 0, entry.path, entry.preview],
    );
    return added.changes > 0;
  }

  lastEntry(): number {
    return (this.#statements.lastEntry.get() as { id: number | null }).id ?? 0;
  }

  noteCall(file: FileRow, callId: string, entry: NewEntry): void {
    const result = entry.kind === 'tool_result';
    this.#statements.noteCall.run({
      ...{ conversation: file.conversation, callId, fileId: file.id, tool: entry.tool, path: entry.path },
      agentId: entry.agentId ?? file.agent_id,
      calledAt: result ? null : entry.at,
      endedAt: result ? entry.at : null,
      isError: result ? Number(entry.isError) : null,
      denied: Number(entry.denied),
      durationMs: entry.durationMs,
    });
  }

  noteTurn(file: FileRow, turn: TurnChange): void {
    const started = turn.phase === 'started';
    this.#statements.noteTurn.run({
      ...{ fileId: file.id, number: turn.number, conversation: file.conversation, turnId: turn.turnId },
      startedAt: started ? turn.at : null,
      endedAt: started ? null : turn.at,
      phase: turn.phase,
      durationMs: turn.durationMs,
    });
  }

  noteConversation(conversation: number, facts: ConversationFacts): void {
    this.#statements.noteConversation.run({ id: conversation, ...facts });
  }

  problemsOf(fileId: number): number {
    return this.#statements.problemsOf.pluck().get(fileId) as number;
  }

  addProblem(fileId: number, offset: number, kind: 'invalid' | 'unknown', sample: string): void {
    this.#statements.addProblem.run(fileId, offset, kind, sample);
  }

  /**
   * Takes what was read from a file's content back, because the content is no more. Responses stay: they were made.
   * Every file of the conversation is read again, since what two of them have is stored for one.
   */
  forget(file: FileRow, now: { dev: number; ino: number } & Fingerprint): void {
    const { forgetEntries, forgetCalls, forgetResponses, forgetTurns, forgetProblems } = this.#statements;
    forgetEntries.run(file.conversation, file.id);
    forgetCalls.run(file.conversation, file.id);
    forgetResponses.run(file.id);
    for (const id of this.filesOf(file.conversation)) {
      forgetTurns.run(id);
      forgetProblems.run(id);
      this.#statements.rewindContent.run(id);
    }
    this.#statements.rewindAll.run({ ...now, id: file.id });
  }
}
