import type { TranscriptItem, TranscriptLine } from '@codepiper/core/transcripts/transcript.ts';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import { searchedText } from '../searched.ts';
import { entryKey } from './entry-key.ts';
import type { FileRow } from './files.store.ts';
import type { ConversationFacts, IngestStore, NewEntry, TurnChange } from './ingest.store.ts';
import { linesOf, type WholeLines } from './whole-lines.ts';

/** Lines that were not understood, kept per file; all are counted. */
const keptProblems = 20;
const previewLength = 200;
const sampleLength = 500;

interface ContentState {
  reader: string | null;
  /** The number of the last turn that began in the file, and the agent's id of it. */
  turn: number;
  turnId: string | null;
  /** Whether that turn goes on. */
  open: boolean;
}

type Problem = { offset: number; kind: 'invalid' | 'unknown'; sample: string };

export interface ContentRead {
  counts: { lines: number; unknown: number; invalid: number };
  state: string;
  /** Stores everything; the number of entries that are new. */
  storeIn(store: IngestStore, file: FileRow): number;
}

/** All but usage in a block of lines. */
export function readContent(
  format: TranscriptFormat,
  state: string | null,
  found: WholeLines,
  offset: number,
): ContentRead {
  const block = new ContentBlock(format, state);
  if (found.overlong === null) {
    for (const { start, end } of linesOf(found.bytes))
      block.add(found.bytes.subarray(start, end), offset + start);
  } else {
    block.addOverlong(found.overlong, offset);
  }
  return block;
}

class ContentBlock implements ContentRead {
  readonly counts = { lines: 0, unknown: 0, invalid: 0 };
  readonly #reader: ReturnType<TranscriptFormat['createReader']>;
  readonly #entries: NewEntry[] = [];
  readonly #turns: TurnChange[] = [];
  readonly #problems: Problem[] = [];
  readonly #facts: ConversationFacts = {
    ...{ cwd: null, title: null, branch: null, version: null, forkedFrom: null, parent: null },
    ...{ startedAt: null, lastAt: null },
  };
  #turn: number;
  #turnId: string | null;
  #open: boolean;

  constructor(format: TranscriptFormat, state: string | null) {
    const before: ContentState =
      state === null
        ? { reader: null, turn: 0, turnId: null, open: false }
        : (JSON.parse(state) as ContentState);
    this.#reader = format.createReader(before.reader);
    this.#turn = before.turn;
    this.#turnId = before.turnId;
    this.#open = before.open;
  }

  get state(): string {
    const state: ContentState = {
      ...{ reader: this.#reader.state(), turn: this.#turn, turnId: this.#turnId, open: this.#open },
    };
    return JSON.stringify(state);
  }

  add(bytes: Buffer, offset: number): void {
    this.counts.lines += 1;
    const text = bytes.toString('utf8');
    if (text.trim() === '') return;
    const { state, line } = this.#reader.readLine(text);
    if (state !== 'known') {
      this.counts[state] += 1;
      this.#note(offset, state, text);
    }
    if (line.at !== null) {
      this.#facts.startedAt = Math.min(this.#facts.startedAt ?? line.at, line.at);
      this.#facts.lastAt = Math.max(this.#facts.lastAt ?? line.at, line.at);
    }
    const turnId = line.turnId ?? null;
    if (turnId !== null && turnId !== this.#turnId) this.#begin(turnId, line.at);
    let part = 0;
    for (const item of line.items) {
      if (item.type === 'entry') {
        this.#addEntry(item, line, part, bytes, offset);
        part += 1;
      } else this.#addFact(item, line);
    }
  }

  addOverlong(length: number, offset: number): void {
    this.counts.lines += 1;
    this.counts.invalid += 1;
    this.#note(offset, 'invalid', `a line of ${length} bytes, longer than any that is read`);
  }

  storeIn(store: IngestStore, file: FileRow): number {
    let added = 0;
    for (const turn of this.#turns) store.noteTurn(file, turn);
    for (const entry of this.#entries) {
      if (store.addEntry(file, entry)) added += 1;
      if (entry.callId !== null) store.noteCall(file, entry.callId, entry);
    }
    const room = this.#problems.length === 0 ? 0 : keptProblems - store.problemsOf(file.id);
    for (const { offset, kind, sample } of this.#problems.slice(0, Math.max(0, room))) {
      store.addProblem(file.id, offset, kind, sample);
    }
    const { startedAt, lastAt } = this.#facts;
    // What a sub-agent's file says of the conversation is about the sub-agent.
    const none = { cwd: null, title: null, branch: null, version: null, forkedFrom: null, parent: null };
    const facts = file.agent_id === null ? this.#facts : { ...none, startedAt, lastAt };
    store.noteConversation(file.conversation, facts);
    return added;
  }

  #addEntry(
    item: Extract<TranscriptItem, { type: 'entry' }>,
    line: TranscriptLine,
    part: number,
    bytes: Buffer,
    offset: number,
  ): void {
    if (item.kind === 'prompt' && !this.#open) this.#begin(null, line.at);
    this.#entries.push({
      offset,
      length: bytes.length,
      part,
      key: entryKey({ id: item.id, part }, { bytes, offset }),
      kind: item.kind,
      at: line.at,
      agentId: line.agentId,
      turn: this.#turn === 0 ? null : this.#turn,
      callId: item.callId,
      tool: item.tool,
      isError: item.isError,
      path: item.path,
      preview: preview(item.text),
      text: searchedText(item),
      denied: item.denied ?? false,
      durationMs: item.durationMs ?? null,
    });
  }

  #addFact(item: Exclude<TranscriptItem, { type: 'entry' }>, line: TranscriptLine): void {
    const facts = this.#facts;
    if (item.type === 'conversation') {
      facts.cwd ??= item.cwd;
      facts.branch = item.branch ?? facts.branch;
      facts.version = item.version ?? facts.version;
      facts.forkedFrom ??= item.forkedFrom;
      facts.parent ??= item.parent;
    } else if (item.type === 'title') facts.title = item.title;
    else if (item.type === 'turn') {
      const { id: turnId, phase, durationMs } = item;
      const begun = this.#open && turnId === this.#turnId;
      if (phase === 'started' ? !begun : this.#turn === 0) this.#begin(turnId, line.at);
      if (phase === 'started') return;
      this.#turns.push({ number: this.#turn, turnId, phase, at: line.at, durationMs });
      this.#open = false;
    }
  }

  #begin(turnId: string | null, at: number | null): void {
    this.#turn += 1;
    this.#turnId = turnId;
    this.#open = true;
    this.#turns.push({ number: this.#turn, turnId, phase: 'started', at, durationMs: null });
  }

  #note(offset: number, kind: Problem['kind'], text: string): void {
    if (this.#problems.length >= keptProblems) return;
    this.#problems.push({ offset, kind, sample: cut(text, sampleLength) });
  }
}

/** The beginning of a text on one line. */
function preview(text: string): string {
  return cut(
    text
      .slice(0, previewLength * 2)
      .replace(/\s+/g, ' ')
      .trim(),
    previewLength,
  );
}

/** At most `length` characters, no character cut in two. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
