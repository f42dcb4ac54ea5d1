import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import { compareTokens } from './fullness.ts';
import type { NewResponse } from './ingest.store.ts';
import { type Marks, markedLines, toMarks, type WholeLines } from './whole-lines.ts';

const marksOf = new WeakMap<TranscriptFormat, Marks>();

/** Responses in a block of lines, each once. Lines that cannot speak of usage are not even decoded. */
export function readUsage(
  format: TranscriptFormat,
  state: string | null,
  found: WholeLines,
  offset: number,
): { responses: NewResponse[]; state: string } {
  const reader = format.createReader(state);
  let marks = marksOf.get(format);
  if (!marks) {
    marks = toMarks(format.usageMarks);
    marksOf.set(format, marks);
  }
  const responses = new Map<string, NewResponse>();
  for (const [start, end] of markedLines(found.bytes, marks)) {
    const { line } = reader.readLine(found.bytes.toString('utf8', start, end));
    for (const item of line.items) {
      if (item.type !== 'usage') continue;
      const { key, model, tokens, turnId } = item;
      const before = responses.get(key);
      if (before && compareTokens(tokens, before.tokens) <= 0) continue;
      const { agentId, at } = line;
      responses.set(key, { key, model, tokens, turnId, agentId, at, offset: offset + start });
    }
  }
  return { responses: [...responses.values()], state: reader.state() };
}
