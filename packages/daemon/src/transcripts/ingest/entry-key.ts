import { shortHash } from './fingerprint.ts';

/**
 * What an entry is recognised by when it is read a second time. Copies of it in other files have the same key where
 * the agent gives it an id; an entry without one is recognised by its line and where that stands.
 */
export function entryKey(
  entry: { id: string | null; part: number },
  line: { bytes: Buffer; offset: number },
): Buffer {
  if (entry.id !== null) return shortHash(entry.id);
  return shortHash(`${entry.part} @${line.offset} ${shortHash(line.bytes).toString('hex')}`);
}
