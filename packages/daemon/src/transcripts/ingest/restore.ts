import { closeSync, fstatSync } from 'node:fs';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import type { Archive } from './archive.ts';
import { findTranscripts } from './find-transcripts.ts';
import { hashRange } from './fingerprint.ts';
import { open, statsOf } from './source.ts';

const headBytes = 4096;

/** Every file that was ever read, from the archive: at its own place where it still lies there, else in the archive. */
export function* archivedTranscripts(
  archive: Archive,
  formats: Readonly<Record<string, TranscriptFormat>>,
): Generator<{ provider: string; path: string; size: number }> {
  for (const [provider, format] of Object.entries(formats)) {
    for (const { path, size } of findTranscripts(archive.directoryOf(provider), format, () => undefined)) {
      const place = archive.originOf(path);
      const isThere = place !== null && isSameFile(path, place);
      yield { provider, path: isThere ? place : path, size };
    }
  }
}

/** Whether the file at its own place is the archived one, or one that goes on from its copy. */
function isSameFile(kept: string, place: string): boolean {
  const stats = statsOf(kept);
  const descriptor = open(place);
  if (typeof descriptor === 'string') return false;
  try {
    const there = fstatSync(descriptor);
    if (stats?.ino === there.ino && stats.dev === there.dev) return true;
    return stats !== undefined && there.size >= stats.size && beginsAlike(kept, descriptor, stats.size);
  } finally {
    closeSync(descriptor);
  }
}

function beginsAlike(kept: string, descriptor: number, size: number): boolean {
  const copy = open(kept);
  if (typeof copy === 'string') return false;
  try {
    const length = Math.min(headBytes, size);
    return hashRange(copy, 0, length).equals(hashRange(descriptor, 0, length));
  } finally {
    closeSync(copy);
  }
}
