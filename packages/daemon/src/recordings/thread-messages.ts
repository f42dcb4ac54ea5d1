import type { CastPlace } from '@codepiper/core/recordings/recording.endpoints.ts';
import type { MarkerKind } from '@codepiper/core/recordings/recording.ts';
import type { CastVersion } from './cast.ts';
import type { RecordedItem, RestedRecorder } from './recorder.ts';

/** A recording as its thread knows it; times in milliseconds since the epoch. */
export interface Listed {
  startedAt: number | null;
  from: number;
  to: number;
  bytes: number;
  segments: { from: number; to: number; cols: number; rows: number; bytes: number; gap: boolean }[];
  markers: { at: number; kind: MarkerKind; label: string; turn: number | null }[];
}

/** What the thread of recordings is told. `session` is an id, and the name of its folder. */
export type ToRecordings =
  | {
      type: 'batch';
      session: string;
      title: string | null;
      bytes: Uint8Array<ArrayBuffer>;
      items: RecordedItem[];
    }
  /** Nothing more comes of this run. */
  | { type: 'close'; session: string }
  | { type: 'ask'; id: number; question: Question }
  /** What is being written is let go of, to be gone on with by the next thread. */
  | { type: 'rest' }
  | { type: 'stop' };

export type Question =
  | { type: 'list'; session: string }
  /** Answered when the segments are gone, those that were being written too. */
  | { type: 'remove'; session: string }
  /** Folders of recordings that are none of these sessions', or whose last event was before `before`, are removed. */
  | { type: 'sweep'; keep: string[]; live: string[]; before: number | null }
  | { type: 'open'; session: string; from: CastPlace; version: CastVersion; title: string | null }
  /** The next piece of what was opened; null behind the last. */
  | { type: 'next'; reading: number }
  | { type: 'drop'; reading: number };

export interface Answers {
  list: Listed;
  remove: null;
  /** Sessions whose recordings went. */
  sweep: string[];
  /** Number of the reading; null when nothing is recorded. */
  open: number | null;
  next: Uint8Array<ArrayBuffer> | null;
  drop: null;
}

export type FromRecordings =
  /** Bytes of a batch were written; it may be sent as many more. Its memory comes back. */
  | { type: 'written'; bytes: number; memory: ArrayBuffer }
  /** Where each recording that goes on stands, by session. */
  | { type: 'rested'; recorders: ReadonlyMap<string, RestedRecorder> }
  /** A recording cannot be written; it was closed. `code` as the file system gave it. */
  | { type: 'failed'; session: string; code: string | null; message: string }
  | { type: 'answer'; id: number; result: Answers[Question['type']] }
  | { type: 'error'; id: number; message: string };
