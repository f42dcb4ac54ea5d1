import type { EntryKind, TokenCounts, TranscriptItem } from '@codepiper/core/transcripts/transcript.ts';
import { readerOf, type TranscriptsDb } from '../../db/transcripts/open.ts';
import type { Reader } from '../../db/transcripts/reader.ts';
import { readTotals, type StoredTotals } from '../status.store.ts';
import { type FileRow, Files } from './files.store.ts';
import type { Fingerprint } from './fingerprint.ts';
import { Responses } from './responses.store.ts';
import { SearchIndex } from './search-index.store.ts';
import { prepare, type Statements } from './statements.store.ts';

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
  /** What search finds it by; null: it is not searched. */
  text: string | null;
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

/** SQL of the one writer of transcripts.db. Every method is a part of the transaction that the caller runs. */
export class IngestStore {
  readonly files: Files;
  readonly #db: TranscriptsDb;
  readonly #statements: Statements;
  readonly #responses: Responses;
  readonly #index: SearchIndex;
  readonly #reader: Reader;

  constructor(db: TranscriptsDb) {
    this.#db = db;
    this.#statements = prepare(db);
    this.files = new Files(this.#statements);
    this.#responses = new Responses(db);
    this.#index = new SearchIndex(db);
    this.#reader = readerOf(db);
  }

  /**
   * All of `work` is stored, or nothing. Within another one it is a part of that: when it fails, so must the whole.
   */
  transact<T>(work: () => T): T {
    if (this.#db.inTransaction) return work();
    try {
      return this.#db
        .transaction(() => {
          const result = work();
          this.#responses.flush();
          return result;
        })
        .immediate();
    } catch (error) {
      this.#responses.drop();
      throw error;
    }
  }

  /** What there is of all conversations. */
  totals(): StoredTotals {
    return readTotals(this.#reader);
  }

  /** Whether what an earlier database knew is known to this one. */
  get isRestored(): boolean {
    return this.#db.pragma('application_id', { simple: true }) !== 0;
  }

  setRestored(): void {
    this.#db.pragma('application_id = 1');
  }

  /** When the last word of a conversation was said; when it was last read where no line tells. */
  lastOf(conversation: number): number {
    return this.#statements.lastOf.pluck().get(conversation) as number;
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

  /** The lines from `offset` on are no more: responses read from them stay, without a place. */
  cutUsage(id: number, offset: number): void {
    this.#statements.cutResponses.run(id, offset);
    this.#statements.cutUsage.run(offset, id);
  }

  addResponse(file: FileRow, response: NewResponse): void {
    this.#responses.add(file, response);
  }

  /** False when the conversation has it already. */
  addEntry(file: FileRow, entry: NewEntry): boolean {
    const tool = entry.tool ?? this.#toolOf(file, entry);
    const added = this.#statements.addEntry.run(
      ...[file.conversation, file.id, entry.offset, entry.length, entry.part, entry.key, entry.kind],
      ...[entry.at, entry.agentId ?? file.agent_id, entry.turn, entry.callId, tool],
      ...[entry.isError ? 1 : 0, entry.path, entry.preview],
    );
    if (added.changes === 0) return false;
    const { text } = entry;
    if (text !== null) this.#index.add(added.lastInsertRowid, file, { kind: entry.kind, tool, text });
    return true;
  }

  /** The tool whose result an entry is: only its call says it. */
  #toolOf(file: FileRow, entry: NewEntry): string | null {
    if (entry.kind !== 'tool_result' || entry.callId === null) return null;
    return (
      (this.#statements.toolOf.pluck().get(file.conversation, entry.callId) as string | undefined) ?? null
    );
  }

  /** Empties the write-ahead log, unless somebody reads from it just now. */
  shrinkJournal(): void {
    const wait = this.#db.pragma('busy_timeout', { simple: true }) as number;
    this.#db.pragma('busy_timeout = 0');
    try {
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      this.#db.pragma(`busy_timeout = ${wait}`);
    }
  }

  /** Joins a few small parts of the full-text index. False when there is nothing worth joining. */
  mergeIndex(): boolean {
    return this.#index.merge();
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
    for (const id of this.files.of(file.conversation)) {
      forgetTurns.run(id);
      forgetProblems.run(id);
      this.files.rewindContent(id);
    }
    this.#statements.rewindAll.run({ ...now, id: file.id });
  }
}
