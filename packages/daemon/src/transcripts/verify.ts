import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TokenCounts } from '@codepiper/core/transcripts/transcript.ts';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import type { TranscriptsDb } from '../db/transcripts/open.ts';
import { readStored, type StoredEntry, type StoredFile, type StoredResponse } from './verify.store.ts';

/** A place where database and files do not agree. */
export interface Difference {
  /** File, response or conversation. */
  about: string;
  message: string;
}

export interface Verification {
  files: number;
  lines: number;
  entries: number;
  responses: number;
  tokens: TokenCounts;
  /** Empty when all agrees. */
  differences: Difference[];
  /** Differences that have a reason and are no fault. */
  explained: Difference[];
}

/** Called after each file. */
export type OnVerified = (done: number, all: number) => void | Promise<void>;

type Line = { bytes: Buffer; offset: number };

const longestLine = 64 * 1024 * 1024;

/**
 * Reads every file again, the simple way (whole files, every line decoded, the fullest usage of each response in
 * memory), and compares with what is stored. It shares nothing with ingestion but what a line means.
 */
export async function verifyTranscripts(
  db: TranscriptsDb,
  formats: Readonly<Record<string, TranscriptFormat>>,
  onVerified: OnVerified = () => undefined,
): Promise<Verification> {
  using stored = readStored(db);
  const result: Verification = {
    ...{ files: stored.files.length, lines: 0, entries: 0, responses: 0 },
    tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, reasoning: 0 },
    ...{ differences: [], explained: [] },
  };
  const usage = new Map<string, TokenCounts>();
  const unread = new Set<number>();
  let conversation: ConversationCheck | null = null;
  let done = 0;
  for (const file of stored.files) {
    if (conversation?.id !== file.conversation) {
      conversation?.finish(stored.entries(conversation.id), result);
      conversation = new ConversationCheck(file.conversation);
    }
    const content = readWhole(file);
    const format = formats[file.provider];
    if (content === null || !format) {
      unread.add(file.id);
      conversation.unread.add(file.id);
      const why = format ? 'it is gone and no copy of it was kept' : `nobody reads files of ${file.provider}`;
      result.explained.push({ about: file.path, message: `not compared: ${why}` });
    } else checkFile(file, content, format, { usage, conversation, result });
    done += 1;
    await onVerified(done, stored.files.length);
  }
  conversation?.finish(stored.entries(conversation.id), result);
  const orphans = stored.orphans();
  if (orphans > 0) result.differences.push({ about: 'entries', message: `${orphans} belong to no file` });
  checkResponses(stored.responses(), usage, unread, result);
  return result;
}

function readWhole(file: StoredFile): Buffer | null {
  // Another file may lie at the path by now; in the archive it is still the same.
  for (const path of [file.archivePath, file.path]) {
    if (path === null) continue;
    try {
      const content = readFileSync(path);
      // A copy in the archive grows with the content that was read.
      if (content.length >= Math.max(file.usageOffset, file.contentOffset)) return content;
    } catch {
      // The next place.
    }
  }
  return null;
}

function checkFile(
  file: StoredFile,
  content: Buffer,
  format: TranscriptFormat,
  to: { usage: Map<string, TokenCounts>; conversation: ConversationCheck; result: Verification },
): void {
  const { usage, conversation, result } = to;
  const reader = format.createReader();
  const counts = { lines: 0, unknown: 0, invalid: 0 };
  for (const line of split(content)) {
    const end = line.offset + line.bytes.length + 1;
    const counted = end <= file.contentOffset;
    const paid = end <= file.usageOffset;
    if (!counted && !paid) break;
    if (counted) counts.lines += 1;
    if (end - line.offset > longestLine) {
      if (counted) counts.invalid += 1;
      continue;
    }
    const text = line.bytes.toString('utf8');
    if (text.trim() === '') continue;
    const { state, line: read } = reader.readLine(text);
    if (counted && state !== 'known') counts[state] += 1;
    let part = 0;
    for (const item of read.items) {
      if (item.type === 'entry') {
        if (counted) conversation.add(file, line, { part, id: item.id, kind: item.kind });
        part += 1;
      } else if (item.type === 'usage' && paid) {
        const before = usage.get(item.key);
        if (!before || compare(item.tokens, before) > 0) usage.set(item.key, item.tokens);
      }
    }
  }
  result.lines += counts.lines;
  for (const name of ['lines', 'unknown', 'invalid'] as const) {
    if (counts[name] === file[name]) continue;
    const what = name === 'lines' ? 'lines' : `${name} lines`;
    result.differences.push({
      about: file.path,
      message: `the file has ${counts[name]} ${what} in its first ${file.contentOffset} bytes, the database says ${file[name]}`,
    });
  }
}

function* split(content: Buffer): Generator<Line> {
  for (let offset = 0; ; ) {
    const end = content.indexOf(10, offset);
    if (end < 0) return;
    yield { bytes: content.subarray(offset, end), offset };
    offset = end + 1;
  }
}

/** Entries of one conversation: in its files, and stored. */
class ConversationCheck {
  readonly id: number;
  readonly unread = new Set<number>();
  readonly #places = new Map<string, Set<string>>();
  #path = '';

  constructor(id: number) {
    this.id = id;
  }

  add(file: StoredFile, line: Line, entry: { part: number; id: string | null; kind: string }): void {
    this.#path ||= file.path;
    const key = keyOf(entry, line);
    const place = placeOf({ ...entry, fileId: file.id, offset: line.offset, length: line.bytes.length });
    const places = this.#places.get(key);
    if (places) places.add(place);
    else this.#places.set(key, new Set([place]));
  }

  finish(stored: readonly StoredEntry[], result: Verification): void {
    result.entries += stored.length;
    const about = `${this.#path} (conversation ${this.id})`;
    const missing = new Set(this.#places.keys());
    for (const entry of stored) {
      const places = this.#places.get(entry.key);
      missing.delete(entry.key);
      if (places?.has(placeOf(entry)) || this.unread.has(entry.fileId)) continue;
      const where = `${entry.kind} at byte ${entry.offset} of file ${entry.fileId}`;
      result.differences.push({ about, message: `the database has an entry no line tells of: ${where}` });
    }
    for (const key of missing) {
      const [place] = this.#places.get(key) ?? [];
      result.differences.push({ about, message: `an entry is not in the database: ${place}` });
    }
  }
}

function placeOf(entry: {
  fileId: number;
  offset: number;
  part: number;
  kind: string;
  length: number;
}): string {
  return `file ${entry.fileId}, byte ${entry.offset}, ${entry.length} bytes, part ${entry.part}, ${entry.kind}`;
}

function keyOf(entry: { id: string | null; part: number }, line: Line): string {
  const short = (data: string | Buffer) => hash('sha1', data).slice(0, 20);
  const text = entry.id ?? `${entry.part} @${line.offset} ${short(line.bytes)}`;
  return short(text).toUpperCase();
}

const names = ['input', 'output', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'reasoning'] as const;

/** Which of two tellings of one response is the fuller one: positive when it is the first. */
function compare(one: TokenCounts, other: TokenCounts): number {
  const rest = (t: TokenCounts) => t.input + t.cacheRead + t.cacheWrite5m + t.cacheWrite1h;
  const order = (t: TokenCounts) => [
    ...[t.output, rest(t), t.input, t.cacheRead, t.cacheWrite5m, t.cacheWrite1h, t.reasoning],
  ];
  const [a, b] = [order(one), order(other)];
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function checkResponses(
  stored: Iterable<StoredResponse>,
  usage: Map<string, TokenCounts>,
  unread: ReadonlySet<number>,
  result: Verification,
): void {
  for (const response of stored) {
    result.responses += 1;
    for (const name of names) result.tokens[name] += response[name];
    const read = usage.get(response.key);
    usage.delete(response.key);
    const order = read ? compare(response, read) : 1;
    if (order === 0) continue;
    const said = names.map((name) => `${name} ${response[name]}`).join(', ');
    const message = read
      ? `the database has ${said}; the files have ${names.map((name) => `${name} ${read[name]}`).join(', ')}`
      : `the database has it (${said}), no file tells of it`;
    const about = `response ${response.key}`;
    if (order > 0 && response.fileId === null) {
      result.explained.push({ about, message: `${message}. The line it was read from is no more` });
    } else if (order > 0 && response.fileId !== null && unread.has(response.fileId)) {
      result.explained.push({ about, message: `${message}. Its file is gone` });
    } else result.differences.push({ about, message });
  }
  for (const key of usage.keys()) {
    result.differences.push({ about: `response ${key}`, message: 'it is in a file, not in the database' });
  }
}
