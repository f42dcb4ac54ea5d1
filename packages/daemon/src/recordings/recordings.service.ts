import { join } from 'node:path';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import type { CastQuery } from '@codepiper/core/recordings/recording.endpoints.ts';
import type { Recording } from '@codepiper/core/recordings/recording.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import { ensurePrivateDirectory } from '../platform/files.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import type { SessionTap, TerminalTap } from '../terminals/terminal-tap.ts';
import { markerOf } from './markers.ts';
import { RecordingThread } from './recording-thread.ts';
import { SessionRecording } from './session-recording.ts';
import { steadyClock } from './steady-clock.ts';
import type { Listed } from './thread-messages.ts';

export interface RecordingsOptions {
  home: string;
  sessions: Pick<SessionsService, 'get' | 'setRecorded'>;
  /** All sessions there are. */
  list: () => Promise<readonly Pick<SessionRecord, 'id' | 'status' | 'launch'>[]>;
  /** Has a session offered to `open` again. */
  retap: (sessionId: string) => Promise<void>;
  ledger: Ledger;
  clock: Clock;
  log: Log;
  /** Settings. `enabled`: sessions that say nothing themselves are recorded. */
  enabled: () => boolean;
  /** Of one recording on the disk, about. */
  maxMegabytes: number;
  /** Days after its last event until a recording is removed; null: never. */
  keepDays: number | null;
  /** How long the thread stays when nothing is recorded, in milliseconds. */
  threadIdleMs?: number;
}

/** What was recorded is handed to the thread after this long, in milliseconds. */
const flushMs = 250;
const dayMs = 86_400_000;
/** A thread that dies twice within this time, in milliseconds, is not started again by itself. */
const restartMs = 60_000;

/**
 * Records the terminals of sessions, each into files of its own, and reads them again. A recording never holds up what
 * it records: what it cannot take is missing in it and marked as a gap.
 */
export class RecordingsService implements TerminalTap, AsyncDisposable {
  readonly #o: RecordingsOptions;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #thread: RecordingThread;
  readonly #taps = new Map<string, SessionRecording>();
  /** Sessions of agents that have no hooks: what is typed for a person begins a turn. */
  readonly #hookless = new Set<string>();
  /** Why a session is not recorded until somebody wants it again, or the daemon starts again. */
  readonly #failed = new Map<string, string>();
  readonly #work = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #daily: NodeJS.Timeout | null = null;
  #lostAt = Number.NEGATIVE_INFINITY;
  #stopListening: () => void;
  #isStopped = false;

  constructor(options: RecordingsOptions) {
    this.#o = options;
    this.#clock = steadyClock(options.clock);
    this.#maxBytes = options.maxMegabytes * 1_000_000;
    const directory = join(options.home, homeFiles.recordings);
    ensurePrivateDirectory(directory);
    this.#thread = new RecordingThread({
      data: { directory, maxBytes: this.#maxBytes },
      log: options.log,
      onFailed: (session, code, message) => this.#fail(session, describeFailure(code, message)),
      onLost: () => this.#lost(),
      ...(options.threadIdleMs !== undefined && { idleMs: options.threadIdleMs }),
    });
    this.#stopListening = options.ledger.listen((events) => {
      for (const event of events) this.#heard(event);
    });
  }

  /** Removes what is too old, or of sessions that are gone; then daily. */
  async start(): Promise<void> {
    await this.#sweep();
    if (this.#o.keepDays === null || this.#isStopped) return;
    this.#daily = setInterval(() => this.#inBackground(this.#sweep()), dayMs).unref();
  }

  /** The setting may have changed: live sessions that say nothing themselves follow it. */
  async decideAnew(): Promise<void> {
    for (const record of await this.#o.list()) {
      if (!isLive(record.status) || this.#decide(record).on === this.#taps.has(record.id)) continue;
      await this.#o.retap(record.id);
    }
  }

  open(record: SessionRecord): SessionTap | null {
    if (this.#isStopped || !this.#decide(record).on) return null;
    const { id } = record;
    const tap: SessionRecording = new SessionRecording({
      session: id,
      title: record.name,
      maxBytes: this.#maxBytes,
      thread: this.#thread,
      clock: this.#clock,
      onDirty: () => this.#flushSoon(),
      onClosed: () => {
        if (this.#taps.get(id) === tap) this.#taps.delete(id);
      },
    });
    this.#taps.get(id)?.close();
    this.#taps.set(id, tap);
    if (!getProvider(record.provider).capabilities.nativeHooks) this.#hookless.add(id);
    return tap;
  }

  /** @throws CodepiperError `session_not_found`, `session_ambiguous` */
  async describe(ref: string): Promise<Recording> {
    const record = await this.#o.sessions.get(ref);
    this.#taps.get(record.id)?.flush();
    const listed = await this.#thread.ask({ type: 'list', session: record.id });
    return { sessionId: record.id, ...this.#decide(record), ...present(listed) };
  }

  /** @throws CodepiperError `session_not_found`, `session_ambiguous` */
  async switch(ref: string, on: boolean): Promise<Recording> {
    const { id } = await this.#o.sessions.setRecorded(ref, on);
    this.#failed.delete(id);
    if (on !== this.#taps.has(id)) await this.#o.retap(id);
    return this.describe(id);
  }

  /**
   * Removes what was recorded so far; a live session goes on with a new recording.
   *
   * @throws CodepiperError `session_not_found`, `session_ambiguous`
   */
  async remove(ref: string): Promise<Recording> {
    const { id } = await this.#o.sessions.get(ref);
    this.#taps.get(id)?.startOver();
    await this.#thread.ask({ type: 'remove', session: id });
    return this.describe(id);
  }

  /**
   * The recording as asciicast, from a moment on.
   *
   * @throws CodepiperError `session_not_found`, `session_ambiguous`, `recording_not_found`
   */
  async read(ref: string, { from = { seconds: 0 }, version }: CastQuery): Promise<AsyncIterable<Uint8Array>> {
    const record = await this.#o.sessions.get(ref);
    const { id: session, name: title } = record;
    this.#taps.get(session)?.flush();
    const reading = await this.#thread.ask({ type: 'open', session, from, version, title });
    if (reading === null) {
      throw new CodepiperError(
        'recording_not_found',
        `Nothing of this session was recorded: ${this.#decide(record).because}.`,
      );
    }
    return this.#pieces(reading);
  }

  async *#pieces(reading: number): AsyncGenerator<Uint8Array> {
    const release = this.#thread.hold();
    try {
      for (;;) {
        const piece = await this.#thread.ask({ type: 'next', reading });
        if (piece === null) return;
        yield piece;
      }
    } finally {
      await this.#thread.ask({ type: 'drop', reading }).catch(() => undefined); // it is gone with its thread
      release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#stopListening();
    if (this.#daily) clearInterval(this.#daily);
    for (const tap of [...this.#taps.values()]) tap.close();
    if (this.#timer) clearTimeout(this.#timer);
    await this.#thread[Symbol.asyncDispose]();
    await Promise.all(this.#work);
  }

  /** Whether a session is recorded while it lives, and why. */
  #decide({ id, launch }: Pick<SessionRecord, 'id' | 'launch'>): { on: boolean; because: string } {
    const failure = this.#failed.get(id);
    if (failure !== undefined) return { on: false, because: failure };
    if (launch.recorded === true) return { on: true, because: 'somebody switched it on' };
    if (launch.recorded === false) return { on: false, because: 'somebody switched it off' };
    const enabled = this.#o.enabled();
    return { on: enabled, because: `recordings.enabled is ${enabled ? 'on' : 'off'}` };
  }

  #heard(event: LedgerEvent): void {
    const { sessionId, type } = event;
    if (sessionId === null) return;
    if (type === 'session.removed') {
      this.#failed.delete(sessionId);
      this.#hookless.delete(sessionId);
      this.#taps.get(sessionId)?.close();
      this.#inBackground(this.#thread.ask({ type: 'remove', session: sessionId }));
      return;
    }
    const tap = this.#taps.get(sessionId);
    if (!tap) return;
    const isTyped = type === 'delivery.typed' && this.#hookless.has(sessionId);
    const marker = isTyped ? { kind: 'turn' as const, label: 'turn' } : markerOf(event);
    if (marker) tap.mark(marker.kind, marker.label, Date.parse(event.timestamp));
  }

  #fail(session: string, reason: string): void {
    if (this.#isStopped || this.#failed.has(session)) return;
    const because = `recording was stopped: ${reason}`;
    this.#failed.set(session, because);
    const { log, ledger, retap } = this.#o;
    log.warn({ session, reason }, 'a session is not recorded any more; codepiper record on starts it again');
    const told = ledger.record(async (_tx, emit) =>
      emit({
        sessionId: session,
        source: 'session',
        type: 'session.recording',
        payload: { on: false, reason: because },
      }),
    );
    // The event may fail on the same full disk; the session goes on in any case.
    this.#inBackground(Promise.allSettled([told, retap(session)]));
  }

  #lost(): void {
    const now = this.#clock.now();
    const isAgain = now - this.#lostAt < restartMs;
    this.#lostAt = now;
    for (const [session, tap] of [...this.#taps]) {
      if (isAgain) this.#fail(session, 'the thread of recordings failed again');
      else tap.startOver();
    }
  }

  async #sweep(): Promise<void> {
    const { list, keepDays, clock, log } = this.#o;
    const records = await list();
    const removed = await this.#thread.ask({
      type: 'sweep',
      keep: records.map(({ id }) => id),
      live: records.filter(({ status }) => isLive(status)).map(({ id }) => id),
      before: keepDays === null ? null : clock.now() - keepDays * dayMs,
    });
    if (removed.length > 0) log.info({ recordings: removed.length }, 'recordings that were due were removed');
  }

  #flushSoon(): void {
    if (this.#timer || this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      for (const tap of this.#taps.values()) tap.flush();
    }, flushMs).unref();
  }

  #inBackground(work: Promise<unknown>): void {
    const noted: Promise<void> = work
      .then(() => undefined)
      .catch((error) => {
        if (!this.#isStopped) this.#o.log.warn({ err: error }, 'recordings were not tidied up');
      })
      .finally(() => this.#work.delete(noted));
    this.#work.add(noted);
  }
}

function present({
  startedAt,
  from,
  to,
  bytes,
  segments,
  markers,
}: Listed): Omit<Recording, 'sessionId' | 'on' | 'because'> {
  const position = (at: number) => Math.max(0, at - (startedAt ?? at)) / 1000;
  return {
    startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
    from: position(from),
    to: position(to),
    bytes,
    segments: segments.map((segment) => ({
      ...segment,
      from: position(segment.from),
      to: position(segment.to),
    })),
    markers: markers.map((marker) => ({ ...marker, at: position(marker.at) })),
  };
}

function describeFailure(code: string | null, message: string): string {
  if (code === 'ENOSPC' || code === 'EDQUOT') return `the disk or quota is full (${code})`;
  return message;
}
