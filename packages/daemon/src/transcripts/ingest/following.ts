import { closeSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import { firstConversation } from './conversation-of.ts';
import { DirectoryWatches } from './directory-watches.ts';
import { findTranscripts, lastDirectory } from './find-transcripts.ts';
import type { Ingest } from './ingest.ts';
import type { Followed } from './messages.ts';
import { open, statsOf } from './source.ts';

export interface FollowingParts {
  ingest: Ingest;
  formats: Readonly<Record<string, TranscriptFormat>>;
  env: Readonly<Record<string, string>>;
  sweepMs: number;
  /** The file may have something new. */
  changed: (file: number) => void;
  problem: (path: string, code: string) => void;
}

interface Session {
  id: string;
  provider: string;
  format: TranscriptFormat;
  /** Transcripts the agent told of, there or not. */
  paths: Set<string>;
  /** Conversations it is or was in, by the agent's ids; sub-agents' as well where they have their own. */
  conversations: Set<string>;
  /** Those of them whose file is not known yet. */
  sought: Set<string>;
  files: Set<number>;
}

/** Sweeps until a conversation is looked for again doubles, up to this many: a search reads every directory. */
const longestPatience = 64;

/**
 * Knows which files belong to the sessions that run, and notices when they change: by the file system's events, and
 * for what it does not tell by a look at each of them now and then. Costs nothing while no session runs.
 */
export class Following implements Disposable {
  readonly #parts: FollowingParts;
  readonly #sessions = new Map<string, Session>();
  readonly #watches = new DirectoryWatches();
  /** Rows by path of the files followed. */
  readonly #files = new Map<string, number>();
  /** Transcripts in watched directories that belong to nobody we follow. */
  readonly #strangers = new Set<string>();
  /** What the last sweep saw of a path. */
  readonly #seen = new Map<string, string>();
  #sweeps = 0;
  #patience = 1;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: FollowingParts) {
    this.#parts = parts;
  }

  follow({ sessionId, provider, path, conversationId }: Followed): void {
    const format = this.#parts.formats[provider];
    if (!format) return;
    let session = this.#sessions.get(sessionId);
    if (!session) {
      session = {
        ...{ id: sessionId, provider, format, paths: new Set(), conversations: new Set() },
        ...{ sought: new Set(), files: new Set() },
      };
      this.#sessions.set(sessionId, session);
    }
    this.#strangers.clear();
    this.#patience = 1;
    if (conversationId !== null) session.conversations.add(conversationId);
    if (path !== null) {
      session.paths.add(path);
      this.#take(session, path);
      this.#watchAround(session, path);
    } else if (conversationId !== null) {
      session.sought.add(conversationId);
      this.#seek();
    }
    this.#timer ??= setInterval(() => this.#sweep(), this.#parts.sweepMs).unref();
  }

  /** The session's files, which are watched no more. */
  unfollow(sessionId: string): number[] {
    const session = this.#sessions.get(sessionId);
    if (!session) return [];
    // Sub-agents may have written last of all.
    for (const path of session.paths) this.#takeChildren(session, path);
    this.#sessions.delete(sessionId);
    const wanted = [...this.#sessions.values()].flatMap((other) => [...other.paths]);
    for (const directory of this.#watches.directories) {
      if (!wanted.some((path) => isAround(directory, path))) this.#watches.unwatch(directory);
    }
    for (const [path, file] of this.#files) {
      if (this.has(file)) continue;
      this.#files.delete(path);
      this.#seen.delete(path);
    }
    if (this.#sessions.size === 0 && this.#timer) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
    return [...session.files];
  }

  has(file: number): boolean {
    for (const session of this.#sessions.values()) if (session.files.has(file)) return true;
    return false;
  }

  /** Another file has taken the place of one; whether that is followed. */
  replaced(file: number, by: number): boolean {
    let followed = false;
    for (const session of this.#sessions.values()) {
      if (!session.files.has(file)) continue;
      followed = true;
      const row = this.#parts.ingest.store.files.byId(by);
      if (row) this.#own(session, row.path, by);
    }
    return followed;
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#watches[Symbol.dispose]();
    this.#sessions.clear();
  }

  /** Makes the file at the path the session's, if there is one. */
  #take(session: Session, path: string): boolean {
    const file = this.#parts.ingest.register(path, session.provider);
    if (typeof file === 'string') {
      if (file !== 'ENOENT' && file !== 'ENOTDIR') this.#parts.problem(path, file);
      return false;
    }
    this.#own(session, path, file);
    this.#takeChildren(session, path);
    return true;
  }

  #own(session: Session, path: string, file: number): void {
    const { store } = this.#parts.ingest;
    const row = store.files.byId(file);
    if (row && !session.files.has(file)) {
      store.linkSession(session.id, row.conversation);
      const named = store.conversationName(row.conversation);
      if (named) session.conversations.add(named.conversationId);
      if (named) session.sought.delete(named.conversationId);
    }
    session.files.add(file);
    this.#files.set(path, file);
    this.#parts.changed(file);
  }

  /** Sub-agents keep their files in a folder named like the transcript. */
  #takeChildren(session: Session, path: string): void {
    for (const found of findTranscripts(childrenOf(path), session.format, this.#parts.problem)) {
      if (this.#files.has(found.path)) continue;
      this.#take(session, found.path);
      this.#watch(session, dirname(found.path));
    }
  }

  #watchAround(session: Session, path: string): void {
    this.#watch(session, dirname(path));
    this.#watch(session, childrenOf(path));
  }

  #watch(session: Session, directory: string): void {
    this.#watches.watch(directory, (name) => this.#changed(session, directory, name));
  }

  #changed(session: Session, directory: string, name: string | null): void {
    if (name === null) {
      this.#look(session);
      return;
    }
    const path = join(directory, name);
    const file = this.#files.get(path);
    if (file !== undefined) this.#parts.changed(file);
    else if (session.format.isTranscript(path)) this.#consider(session.format, path);
    else if (isDirectory(path) && [...session.paths].some((one) => isBelow(path, childrenOf(one)))) {
      this.#watch(session, path);
    }
  }

  /** A file nobody told of: of a session's transcript that comes late, of a sub-agent, or of somebody else. */
  #consider(format: TranscriptFormat, path: string): void {
    if (this.#strangers.has(path)) return;
    for (const session of this.#sessions.values()) {
      if (session.format !== format) continue;
      const own = session.paths.has(path) || [...session.paths].some((one) => isBelow(path, childrenOf(one)));
      if (own) {
        this.#take(session, path);
        return;
      }
    }
    const descriptor = open(path);
    if (typeof descriptor === 'string') return;
    try {
      const said = firstConversation(descriptor, format);
      if (!said) return;
      for (const session of this.#sessions.values()) {
        const related = said.parent !== null && session.conversations.has(said.parent);
        if (session.format !== format || !(related || session.conversations.has(said.id))) continue;
        session.paths.add(path);
        this.#take(session, path);
        return;
      }
      this.#strangers.add(path);
    } finally {
      closeSync(descriptor);
    }
  }

  /** What no event tells, or may not have told. */
  #sweep(): void {
    this.#sweeps += 1;
    this.#watches.retry();
    for (const session of this.#sessions.values()) {
      this.#look(session);
      // A new folder begins at midnight, and sub-agents write there.
      for (const root of session.format.isFiledByDate ? session.format.roots(this.#parts.env) : []) {
        const directory = lastDirectory(root);
        if ([...session.paths].some((path) => isCousin(path, directory))) this.#watch(session, directory);
      }
    }
    if (this.#sweeps % this.#patience === 0) this.#seek();
  }

  #look(session: Session): void {
    for (const path of session.paths) {
      const file = this.#files.get(path);
      if (file === undefined) this.#take(session, path);
      else this.#takeChildren(session, path);
    }
    for (const [path, file] of this.#files) {
      if (!session.files.has(file)) continue;
      const stats = statsOf(path);
      const seen = stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs}` : 'none';
      if (this.#seen.get(path) === seen) continue;
      this.#seen.set(path, seen);
      this.#parts.changed(file);
    }
  }

  /** Looks for transcripts of which only the conversation is known. */
  #seek(): void {
    for (const session of this.#sessions.values()) {
      if (session.sought.size === 0) continue;
      this.#patience = Math.min(this.#patience * 2, longestPatience);
      for (const root of session.format.roots(this.#parts.env)) {
        for (const { path } of findTranscripts(root, session.format, this.#parts.problem)) {
          const { conversationId, agentId } = session.format.identify(path);
          if (conversationId === null || agentId !== null || !session.sought.has(conversationId)) continue;
          session.paths.add(path);
          this.#take(session, path);
          this.#watchAround(session, path);
        }
      }
    }
  }
}

/** The folder of a transcript's sub-agents. */
function childrenOf(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}

/** Whether files of the transcript come to be in the directory. */
function isAround(directory: string, path: string): boolean {
  const children = childrenOf(path);
  return directory === dirname(path) || directory === children || isBelow(directory, children);
}

/** Whether the directory lies as deep as the transcript's, under the same month. */
function isCousin(path: string, directory: string): boolean {
  return dirname(dirname(path)) === dirname(directory);
}

function isDirectory(path: string): boolean {
  return statsOf(path)?.isDirectory() ?? false;
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}
