import { readSync } from 'node:fs';
import { basename, extname } from 'node:path';
import type { TranscriptFormat } from '@codepiper/providers/transcripts.ts';
import type { ConversationItem } from './ingest.store.ts';
import { linesOf } from './whole-lines.ts';

/** How far into a file its conversation is looked for. */
const headBytes = 256 * 1024;
const headLines = 50;

interface ConversationName {
  conversationId: string;
  agentId: string | null;
}

/** The conversation a file is part of: what its path says, else its first lines, else its name. */
export function conversationOf(path: string, descriptor: number, format: TranscriptFormat): ConversationName {
  const { conversationId, agentId } = format.identify(path);
  if (conversationId !== null) return { conversationId, agentId };
  const said = firstConversation(descriptor, format);
  return { conversationId: said?.id ?? basename(path, extname(path)), agentId };
}

/** What the first lines say of the conversation; null when they do not say it (yet). */
export function firstConversation(descriptor: number, format: TranscriptFormat): ConversationItem | null {
  const bytes = Buffer.allocUnsafe(headBytes);
  const block = bytes.subarray(0, readSync(descriptor, bytes, 0, headBytes, 0));
  const reader = format.createReader();
  let looked = 0;
  for (const { start, end } of linesOf(block)) {
    looked += 1;
    if (looked > headLines) break;
    for (const item of reader.readLine(block.toString('utf8', start, end)).line.items) {
      if (item.type === 'conversation') return item;
    }
  }
  return null;
}
