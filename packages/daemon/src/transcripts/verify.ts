import { hash } from 'node:crypto';
import { closeSync, fstatSync } from 'node:fs';
import type { TokenCounts } from '@codepiper/core/transcripts/transcript.ts';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import type { TranscriptsDb } from '../db/transcripts/open.ts';
import { open } from './ingest/source.ts';
import { readLines } from './read-lines.ts';
import { readStored, type StoredEntry, type StoredFile, type StoredResponse } from './verify.store.ts';
import { indexDifferences, sumDifferences } from './verify-derived.ts';

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
export type OnVerified = (done: number, all: number) => void;

const longestLine = 64 * 1024 * 1024;
/** Bytes after which others get a word in. */
const breathBytes = 8 * 1024 * 1024;

/**
 * Reads every file again, the simple way (from beginning to end, every line decoded, the fullest usage of each response
 * in memory), and compares with what is stored. It shares nothing with ingestion but what a line means.
 * @throws the signal's reason once it is aborted
 */
export async function verifyTranscripts(
  db: TranscriptsDb,
  formats: Readonly<Record<string, TranscriptFormat>>,
  onVerified: OnVerified = () => undefined,
  signal: AbortSignal = new AbortController().signal,
): Promise<Verification> {
  using stored = readStored(db);
  const files = stored.files.filter(({ prunedAt }) => prunedAt === null);
  const pruned = stored.files.filter(({ prunedAt }) => prunedAt !== null);
  const result: Verification = {
    ...{ files: files.length, lines: 0, entries: 0, responses: 0 },
    tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, reasoning: 0 },
    ...{ differences: [], explained: [] },
  };
  const usage = new Map<string, TokenCounts>();
  const unread = new Set<number>();
  let conversation: ConversationCheck | null = null;
  let done = 0;
  for (const file of files) {
    if (conversation?.id !== file.conversation) {
      conversation?.finish(stored.entries(conversation.id), result);
      conversation = new ConversationCheck(file.conversation);
    }
    const descriptor = openWhole(file);
    const format = formats[file.provider];
    if (descriptor === null || !format) {
      if (descriptor !== null) closeSync(descriptor);
      unread.add(file.id);
      conversation.unread.add(file.id);
      const why = format ? 'it is gone and no copy of it was kept' : `nobody reads files of ${file.provider}`;
      result.explained.push({ about: file.path, message: `not compared: ${why}` });
    } else {
      try {
        await checkFile(file, descriptor, format, { usage, conversation, result, signal });
      } finally {
        closeSync(descriptor);
      }
    }
    done += 1;
    onVerified(done, files.length);
    await breathe(signal);
  }
  conversation?.finish(stored.entries(conversation.id), result);
  const orphans = stored.orphans();
  if (orphans > 0) result.differences.push({ about: 'entries', message: `${orphans} belong to no file` });
  checkResponses(stored.responses(), usage, { unread, pruned: new Set(pruned.map(({ id }) => id)) }, result);
  const sums = stored.wrongSums();
  for (const sum of sums) {
    result.differences.push({
      about: `sum ${sum.name} of conversation ${sum.conversation}, model ${sum.model || 'unknown'}`,
      message: `it is of ${sum.summed} responses with ${sum.summedOutput} output tokens; there are ${sum.responses} with ${sum.output}`,
    });
  }
  // Sums that are wrong as a whole are told by then.
  const told = new Set(sums.map(({ name }) => name));
  result.differences.push(...sumDifferences(db).filter(({ about }) => !told.has(about)));
  result.differences.push(...indexDifferences(db, formats));
  if (pruned.length > 0) {
    const conversations = new Set(pruned.map((file) => file.conversation)).size;
    result.explained.push({
      about: 'transcripts.keepDays',
      message: `not compared: ${pruned.length} files of ${conversations} old conversations, whose texts were removed by this rule`,
    });
  }
  return result;
}

/** Lets messages in. */
async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}

/** A descriptor of a file that has all that was read of it. */
function openWhole(file: StoredFile): number | null {
  // Another file may lie at the path by now; in the archive it is still the same.
  for (const path of [file.archivePath, file.path]) {
    const descriptor = path === null ? 'ENOENT' : open(path);
    if (typeof descriptor === 'string') continue;
    // A copy in the archive grows with the content that was read.
    if (fstatSync(descriptor).size >= Math.max(file.usageOffset, file.contentOffset)) return descriptor;
    closeSync(descriptor);
  }
  return null;
}

async function checkFile(
  file: StoredFile,
  descriptor: number,
  format: TranscriptFormat,
  to: {
    usage: Map<string, TokenCounts>;
    conversation: ConversationCheck;
    result: Verification;
    signal: AbortSignal;
  },
): Promise<void> {
  const { usage, conversation, result, signal } = to;
  const reader = format.createReader();
  const counts = { lines: 0, unknown: 0, invalid: 0 };
  let breath = breathBytes;
  for (const { bytes, offset, length } of readLines(
    descriptor,
    Math.max(file.contentOffset, file.usageOffset),
    longestLine,
  )) {
    const end = offset + length + 1;
    if (end >= breath) {
      // The line is valid until the next: nothing reads on meanwhile.
      await breathe(signal);
      breath = end + breathBytes;
    }
    const counted = end <= file.contentOffset;
    const paid = end <= file.usageOffset;
    if (counted) counts.lines += 1;
    if (bytes === null) {
      if (counted) counts.invalid += 1;
      continue;
    }
    const line = { bytes, offset };
    const text = bytes.toString('utf8');
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

type Line = { bytes: Buffer; offset: number };

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
  files: { unread: ReadonlySet<number>; pruned: ReadonlySet<number> },
  result: Verification,
): void {
  for (const response of stored) {
    result.responses += 1;
    for (const name of names) result.tokens[name] += response[name];
    const read = usage.get(response.key);
    usage.delete(response.key);
    const order = read ? compare(response, read) : 1;
    if (order === 0) continue;
    if (order > 0 && response.fileId !== null && files.pruned.has(response.fileId)) continue;
    const said = names.map((name) => `${name} ${response[name]}`).join(', ');
    const message = read
      ? `the database has ${said}; the files have ${names.map((name) => `${name} ${read[name]}`).join(', ')}`
      : `the database has it (${said}), no file tells of it`;
    const about = `response ${response.key}`;
    if (order > 0 && response.fileId === null) {
      result.explained.push({ about, message: `${message}. The line it was read from is no more` });
    } else if (order > 0 && response.fileId !== null && files.unread.has(response.fileId)) {
      result.explained.push({ about, message: `${message}. Its file is gone` });
    } else result.differences.push({ about, message });
  }
  for (const key of usage.keys()) {
    result.differences.push({ about: `response ${key}`, message: 'it is in a file, not in the database' });
  }
}
