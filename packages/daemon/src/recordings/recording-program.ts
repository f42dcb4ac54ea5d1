import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { CastPlace } from '@codepiper/core/recordings/recording.endpoints.ts';
import { RecordingFolder } from './folder.ts';
import { play } from './player.ts';
import { Recorder, type RestedRecorder } from './recorder.ts';
import type { OpenScreen } from './replay-screen.ts';
import type { Answers, FromRecordings, Listed, Question, ToRecordings } from './thread-messages.ts';

/** What the thread of recordings is started with. */
export interface RecordingData {
  /** Folder of all recordings. */
  directory: string;
  /** Size of one recording on the disk, at most. */
  maxBytes: number;
  /** Where the thread before this one left off, by session. */
  rested: ReadonlyMap<string, RestedRecorder>;
}

const encoder = new TextEncoder();

/**
 * Writes all recordings and reads them for others; nobody else touches their files. Ends when it is told to, with
 * everything it was given on the disk.
 */
export function runRecordings(port: MessagePort, data: RecordingData, openScreen: OpenScreen): void {
  const recorders = new Map<string, Recorder>();
  /** They are opened when something is to be done with them. */
  const rested = new Map(data.rested);
  const readings = new Map<number, Generator<string>>();
  let lastReading = 0;
  const tell = (message: FromRecordings, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const pathOf = (session: string) => join(data.directory, session);
  const folderOf = (session: string) => recorderOf(session)?.folder ?? new RecordingFolder(pathOf(session));

  function recorderOf(session: string): Recorder | undefined {
    const left = rested.get(session);
    if (left) {
      rested.delete(session);
      const recorder = Recorder.resume(left, pathOf(session), { maxBytes: data.maxBytes, openScreen });
      recorders.set(session, recorder);
    }
    return recorders.get(session);
  }

  function write({ session, title, bytes, items }: Extract<ToRecordings, { type: 'batch' }>): void {
    try {
      let recorder = recorderOf(session);
      if (!recorder) {
        const folder = new RecordingFolder(pathOf(session));
        recorder = new Recorder({ folder, maxBytes: data.maxBytes, openScreen, title });
        recorders.set(session, recorder);
      }
      recorder.write(bytes, items);
    } catch (error) {
      fail(session, error);
    }
    const { length, buffer: memory } = bytes;
    tell({ type: 'written', bytes: length, memory }, [memory]);
  }

  function close(session: string): void {
    try {
      const recorder = recorderOf(session);
      recorders.delete(session);
      recorder?.[Symbol.dispose]();
    } catch (error) {
      fail(session, error);
    }
  }

  function fail(session: string, error: unknown): void {
    const recorder = recorders.get(session);
    recorders.delete(session);
    try {
      recorder?.[Symbol.dispose]();
    } catch {
      // What could be written was; the rest is repaired when the folder is opened again.
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    tell({ type: 'failed', session, code, message: error instanceof Error ? error.message : String(error) });
  }

  function answer(question: Question): Answers[Question['type']] {
    switch (question.type) {
      case 'list':
        return list(folderOf(question.session), recorderOf(question.session));
      case 'remove': {
        const recorder = recorders.get(question.session);
        recorders.delete(question.session);
        rested.delete(question.session);
        recorder?.[Symbol.dispose]();
        folderOf(question.session).remove();
        return null;
      }
      case 'sweep':
        return sweep(question);
      case 'open': {
        const folder = folderOf(question.session);
        if (folder.segments.length === 0 || folder.startedAt === null) return null;
        const from = timeOf(question.from, folder.startedAt);
        readings.set(++lastReading, play({ ...question, folder, from, openScreen }));
        return lastReading;
      }
      case 'next': {
        const piece = readings.get(question.reading)?.next();
        if (piece && !piece.done) return encoder.encode(piece.value);
        readings.delete(question.reading);
        return null;
      }
      case 'drop':
        readings.delete(question.reading);
        return null;
    }
  }

  function sweep({ keep, live, before }: Extract<Question, { type: 'sweep' }>): string[] {
    const [kept, used] = [new Set(keep), new Set([...live, ...recorders.keys(), ...rested.keys()])];
    const removed: string[] = [];
    for (const entry of readdirSync(data.directory, { withFileTypes: true })) {
      // Whatever is no folder of a session was put there by somebody else.
      if (!entry.isDirectory() || !/^[0-9a-f-]{36}$/.test(entry.name) || used.has(entry.name)) continue;
      const folder = new RecordingFolder(pathOf(entry.name));
      if (kept.has(entry.name) && (before === null || folder.until >= before)) continue;
      folder.remove();
      removed.push(entry.name);
    }
    return removed;
  }

  port.on('message', (message: ToRecordings) => {
    switch (message.type) {
      case 'batch':
        write(message);
        break;
      case 'close':
        close(message.session);
        break;
      case 'ask': {
        const { id, question } = message;
        try {
          const result = answer(question);
          tell({ type: 'answer', id, result }, result instanceof Uint8Array ? [result.buffer] : []);
        } catch (error) {
          tell({ type: 'error', id, message: error instanceof Error ? error.message : String(error) });
        }
        break;
      }
      case 'rest':
        for (const [session, recorder] of recorders) {
          const left = recorder.rest();
          if (left) rested.set(session, left);
        }
        recorders.clear();
        tell({ type: 'rested', recorders: rested });
        break;
      case 'stop':
        for (const session of [...recorders.keys()]) close(session);
        port.close();
    }
  });
}

function timeOf(place: CastPlace, startedAt: number): number {
  return 'time' in place ? place.time : startedAt + Math.round(place.seconds * 1000);
}

function list(folder: RecordingFolder, recorder: Recorder | undefined): Listed {
  const { segments, markers, startedAt, bytes } = folder;
  const to = recorder?.until ?? folder.until;
  return {
    ...{ startedAt, bytes, markers: [...markers] },
    from: segments[0]?.at ?? 0,
    to,
    segments: segments.map(({ at, until, cols, rows, bytes: size, begins }) => ({
      ...{ from: at, to: until ?? to, cols, rows, bytes: size, gap: begins === 'gap' },
    })),
  };
}
