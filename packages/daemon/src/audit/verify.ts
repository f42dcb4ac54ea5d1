import { readAuditKey } from './audit-key.ts';
import { hashedColumns, hashOfValues, noHash } from './chain.ts';
import { type Checkpoint, checkpointPath, checkpointText, readCheckpointFile } from './checkpoints.ts';
import { columnOf, TrailReader } from './verify.store.ts';

/** Something that is not as it was written. */
export interface Finding {
  /** The entry it is about; null when it is about none in particular. */
  seq: number | null;
  /** What is wrong, in a sentence without its end. */
  what: string;
}

export interface TrailReport {
  entries: number;
  /** The first and the last entry; `at` is milliseconds since the epoch. */
  first: { seq: number; at: number } | null;
  last: { seq: number; at: number; hash: string } | null;
  /** How many are in the database. */
  checkpoints: number;
  /** The last entry that is signed; 0 for none. */
  signedUpTo: number;
  /** The first ones, by entry; empty when the trail is intact. */
  findings: Finding[];
  /** All of them. */
  findingCount: number;
}

export interface VerifyOptions {
  /** Database file. */
  database: string;
  /** File of the key. */
  key: string;
  /** An end of the trail somebody noted before: it must still be in it. */
  expected?: { seq: number; hash: string };
  /** Told from time to time how many entries have been read. */
  onProgress?: (read: number, all: number) => void;
  /**
   * How long a checkpoint may be in its file only, in milliseconds: a daemon that lives puts it into the database a
   * moment later. Test seam.
   */
  patienceMs?: number;
}

const keptFindings = 20;
/** Entries at the end that may be unsigned: a daemon signs far sooner. */
const longestTail = 4096;
const progressEvery = 25_000;

/**
 * Reads the whole trail and holds it against its hashes, its checkpoints and their second place. The database is only
 * read, and as it is at one moment: a daemon may write meanwhile.
 *
 * @throws Error when a file cannot be read, or the database has no trail
 */
export function verifyTrail(options: VerifyOptions): TrailReport {
  const findings = new Findings();
  const path = checkpointPath(options.database);
  // The daemon writes the file first: what is in it now is in the database below, and what is there is in it then.
  const before = readCheckpointFile(path);
  const report = readTrail(options, findings, () => ({ path, before, after: readCheckpointFile(path) }));
  return { ...report, findings: findings.sorted(), findingCount: findings.count };
}

interface FileCheckpoints {
  path: string;
  before: ReturnType<typeof readCheckpointFile>;
  after: ReturnType<typeof readCheckpointFile>;
}

function readTrail(
  { database, key: keyPath, expected, onProgress, patienceMs = 300 }: VerifyOptions,
  findings: Findings,
  readFiles: () => FileCheckpoints,
): Omit<TrailReport, 'findings' | 'findingCount'> {
  using trail = new TrailReader(database);
  if (!trail.isThere)
    throw new Error(
      `${database} has no audit trail yet; a daemon of this codepiper makes one when it starts`,
    );
  const stored = trail.checkpoints();
  const file = readFiles();
  const noted = (file.before ?? []).flatMap(({ checkpoint }) => checkpoint ?? []);
  checkSignatures(keyPath, stored, file, findings);
  comparePlaces(database, stored, noted, file, patienceMs, findings);

  const wanted = new Map<number, Expectation[]>();
  const want = (seq: number, hash: string, what: string) =>
    wanted.set(seq, [...(wanted.get(seq) ?? []), { hash, what }]);
  for (const { seq, hash } of stored) want(seq, hash, 'the signed checkpoint in the database');
  for (const { seq, hash } of noted) want(seq, hash, `the signed checkpoint in ${file.path}`);
  if (expected) want(expected.seq, expected.hash, 'the end of the trail that was noted');

  const chain = followChain(trail, wanted, findings, onProgress);
  const last = chain.last?.seq ?? 0;
  for (const [seq, expectations] of wanted) {
    for (const { what } of expectations) {
      if (seq > last) findings.add(last + 1, `entries ${last + 1} to ${seq} are gone, says ${what}`);
      else findings.add(seq, `the entry is gone, and ${what} is of it`);
    }
  }
  const signedUpTo = Math.max(0, ...[stored.at(-1)?.seq ?? 0, noted.at(-1)?.seq ?? 0]);
  if (last - signedUpTo > longestTail) {
    findings.add(signedUpTo + 1, `the ${last - signedUpTo} entries from here on were never signed`);
  }
  return { ...chain, checkpoints: stored.length, signedUpTo };
}

interface Expectation {
  hash: string;
  what: string;
}

/** Goes through every entry. What was met of `wanted` is taken out of it. */
function followChain(
  trail: TrailReader,
  wanted: Map<number, Expectation[]>,
  findings: Findings,
  onProgress: VerifyOptions['onProgress'],
): Pick<TrailReport, 'entries' | 'first' | 'last'> {
  const all = onProgress ? trail.count() : 0;
  const [seqColumn, atColumn, hashColumn] = [columnOf('seq'), columnOf('at'), hashedColumns.length];
  let entries = 0;
  let first: TrailReport['first'] = null;
  let last: TrailReport['last'] = null;
  let before = noHash;
  let next = 1;
  for (const row of trail.entries()) {
    const seq = row[seqColumn] as number;
    const hash = row[hashColumn] as string;
    entries++;
    if (seq > next) {
      const range = seq - next === 1 ? `entry ${next} is` : `entries ${next} to ${seq - 1} are`;
      findings.add(next, `${range} missing`);
    } else if (seq < next) findings.add(seq, 'the entry has a place it cannot have');
    if (hashOfValues(before, row) !== hash) {
      findings.add(seq, 'the entry does not fit its hash: it, or what is before it, was changed');
    }
    const expectations = wanted.get(seq);
    if (expectations) {
      for (const expectation of expectations) {
        if (expectation.hash !== hash) findings.add(seq, `the entry is not the one of ${expectation.what}`);
      }
      wanted.delete(seq);
    }
    const at = row[atColumn] as number;
    first ??= { seq, at };
    last = { seq, at, hash };
    before = hash;
    next = seq + 1;
    if (onProgress && entries % progressEvery === 0) onProgress(entries, all);
  }
  return { entries, first, last };
}

function checkSignatures(
  keyPath: string,
  stored: readonly Checkpoint[],
  { path, after }: FileCheckpoints,
  findings: Findings,
): void {
  for (const { line, checkpoint } of after ?? []) {
    if (checkpoint === null) findings.add(null, `line ${line} of ${path} is no checkpoint`);
  }
  const places = [
    ...stored.map((checkpoint) => ({ checkpoint, place: 'in the database' })),
    ...(after ?? []).flatMap(({ line, checkpoint }) =>
      checkpoint ? [{ checkpoint, place: `in line ${line} of ${path}` }] : [],
    ),
  ];
  if (places.length === 0) return;
  const key = readAuditKey(keyPath);
  if (key === null) {
    findings.add(null, `the key ${keyPath} is not there: no signature can be checked`);
    return;
  }
  const good = new Set<string>();
  for (const { checkpoint, place } of places) {
    // Most are in both places: checked once.
    const text = `${checkpointText(checkpoint)}${checkpoint.signature}`;
    if (good.has(text)) continue;
    if (key.verify(checkpointText(checkpoint), checkpoint.signature)) good.add(text);
    else findings.add(checkpoint.seq, `the checkpoint of the entry ${place} has a wrong signature`);
  }
}

/** What is in one place has to be in the other. */
function comparePlaces(
  database: string,
  stored: readonly Checkpoint[],
  noted: readonly Checkpoint[],
  { path, after }: FileCheckpoints,
  patienceMs: number,
  findings: Findings,
): void {
  if (after === null) {
    if (stored.length > 0) findings.add(null, `the file of the checkpoints is not there: ${path}`);
    return;
  }
  const inFile = new Set(after.map(({ checkpoint }) => checkpoint?.seq));
  const missing = stored.find(({ seq }) => !inFile.has(seq));
  if (missing) findings.add(missing.seq, `the checkpoint of the entry is not in ${path}`);
  const inDatabase = new Set(stored.map(({ seq }) => seq));
  const unstored = noted.find(({ seq }) => !inDatabase.has(seq));
  if (!unstored) return;
  if (unstored === noted.at(-1) && isStoredSoon(database, unstored.seq, patienceMs)) return;
  const hint = unstored === noted.at(-1) ? '; a killed daemon leaves that to its next start' : '';
  findings.add(unstored.seq, `the checkpoint of the entry is in ${path} and not in the database${hint}`);
}

/** Whether a daemon was between the two places, and is no more. */
function isStoredSoon(database: string, seq: number, patienceMs: number): boolean {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, patienceMs);
  using trail = new TrailReader(database);
  return trail.checkpoints().some((checkpoint) => checkpoint.seq === seq);
}

class Findings {
  #kept: Finding[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(seq: number | null, what: string): void {
    this.#count++;
    this.#kept.push({ seq, what });
    // Far more than are shown: the first by entry are wanted, and they do not come in that order.
    if (this.#kept.length > 50 * keptFindings) this.#kept = this.sorted();
  }

  sorted(): Finding[] {
    const place = (finding: Finding) => finding.seq ?? Number.POSITIVE_INFINITY;
    return this.#kept.sort((a, b) => place(a) - place(b)).slice(0, keptFindings);
  }
}
