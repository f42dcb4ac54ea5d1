import { closeSync, readSync } from 'node:fs';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import type { TranscriptsDb } from '../db/transcripts/open.ts';
import { open } from './ingest/source.ts';
import { searchedText } from './searched.ts';
import { Derived, type SampledEntry } from './verify-derived.store.ts';

/** Entries whose words are read again and looked for in the index. */
const sampled = 200;

/** Where the search index is not what entries and files say. */
export function indexDifferences(
  db: TranscriptsDb,
  formats: Readonly<Record<string, TranscriptFormat>>,
): { about: string; message: string }[] {
  const derived = new Derived(db);
  const differences: { about: string; message: string }[] = [];
  const { missing, orphans } = derived.indexCounts();
  if (missing > 0) {
    differences.push({ about: 'search index', message: `${missing} entries are not in it` });
  }
  if (orphans > 0) {
    differences.push({ about: 'search index', message: `it has words of ${orphans} entries there are not` });
  }
  for (const entry of derived.sample(sampled)) {
    const text = textOf(entry, formats[entry.provider]);
    if (text === null || derived.isIndexed(entry, text)) continue;
    differences.push({
      about: 'search index',
      message: `it does not have the words of entry ${entry.id} (${entry.path}, byte ${entry.offset})`,
    });
  }
  return differences;
}

/** What search finds of an entry; null when its line is no more. */
function textOf(entry: SampledEntry, format: TranscriptFormat | undefined): string | null {
  if (!format) return null;
  for (const path of [entry.archivePath, entry.path]) {
    const line = path === null ? null : readLine(path, entry);
    if (line === null) continue;
    const items = format
      .createReader()
      .readLine(line)
      .line.items.filter(({ type }) => type === 'entry');
    const item = items[entry.part];
    // Another line by now: that is told by the comparison of lines.
    return item?.type === 'entry' && item.kind === entry.kind ? searchedText(item) : null;
  }
  return null;
}

function readLine(path: string, { offset, length }: SampledEntry): string | null {
  const descriptor = open(path);
  if (typeof descriptor === 'string') return null;
  try {
    const bytes = Buffer.alloc(length);
    return readSync(descriptor, bytes, 0, length, offset) === length ? bytes.toString('utf8') : null;
  } finally {
    closeSync(descriptor);
  }
}

/** Where single rows of the sums are not what the responses say. */
export function sumDifferences(db: TranscriptsDb): { about: string; message: string }[] {
  return new Derived(db).wrongRows();
}
