import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Usage } from '@codepiper/core/analytics/analytics.ts';
import type { Doing } from '@codepiper/core/fleet/fleet.ts';
import { entryTexts } from '../db/transcripts/entry-text.ts';
import type { QueryContext } from '../db/transcripts/reader.ts';
import { lastLineOf, oneLine } from './card-text.ts';
import {
  currentConversation,
  currentFile,
  lastResponse,
  openTurn,
  type RecentEntry,
  recentEntries,
} from './said.store.ts';

/** What transcripts know of a session. Times are milliseconds since the epoch. */
export interface Said {
  doing: (Omit<Doing, 'since'> & { at: number | null }) | null;
  /** The last line of what the agent said last. */
  lastLine: string | null;
  turnStartedAt: number | null;
  tokens: number;
  /** Null before the first response. */
  cost: Pick<Usage['cost'], 'usd' | 'isComplete' | 'unknownTokens'> | null;
  context: { used: number; size: number | null } | null;
}

/** What was used in all conversations of a session, those of its sub-agents included; at the prices of now. */
export type UsageOf = (
  context: QueryContext,
) => (session: string) => Pick<Usage, 'total' | 'cost' | 'responses'>;

/** Bytes at the end of a transcript in which an agent says how much its model can read. */
const endBytes = 64 * 1024;

/** What the thread that reads runs for the fleet. */
export function fleetQueries(usageOf: UsageOf) {
  return {
    /** Of each session, in their order; null where no transcript was read. */
    said(context: QueryContext, { sessions }: { sessions: readonly string[] }): (Said | null)[] {
      const usage = usageOf(context);
      return sessions.map((session) => saidOf(context, session, usage));
    },
  } as const;
}

export type FleetQueries = ReturnType<typeof fleetQueries>;

function saidOf(context: QueryContext, session: string, usageOf: ReturnType<UsageOf>): Said | null {
  const { db, formats } = context;
  const conversation = currentConversation(db, session);
  if (!conversation) return null;
  const { id, provider } = conversation;
  const recent = recentEntries(db, id);
  const response = lastResponse(db, id);
  const size = response && formats[provider]?.contextSize?.(response.model, () => endOf(currentFile(db, id)));
  const { total, cost, responses } = usageOf(session);
  return {
    doing: doingOf(recent),
    lastLine: lastWords(context, recent),
    turnStartedAt: openTurn(db, id),
    tokens: total,
    cost:
      responses === 0
        ? null
        : { usd: cost.usd, isComplete: cost.isComplete, unknownTokens: cost.unknownTokens },
    // A model that has read more than it can is another one than is known by this name.
    context: response ? { used: response.read, size: size && size >= response.read ? size : null } : null,
  };
}

const kinds = {
  prompt: 'prompt',
  answer: 'text',
  error: 'text',
  thinking: 'thinking',
  tool_call: 'tool',
} as const;

/** The newest thing somebody would name; of calls that were made together, one that still runs. */
function doingOf(recent: readonly RecentEntry[]): Said['doing'] {
  const named = recent.filter(
    (entry): entry is RecentEntry & { kind: keyof typeof kinds } => entry.kind in kinds,
  );
  const [newest] = named;
  if (!newest) return null;
  const end = named.findIndex(({ kind }) => kind !== 'tool_call');
  const together = named.slice(0, end === -1 ? named.length : end);
  const entry = together.find(({ is_running }) => is_running === 1) ?? newest;
  const text = entry.kind === 'tool_call' ? callLine(entry) : entry.preview;
  return { kind: kinds[newest.kind], text: oneLine(text), at: entry.at };
}

function callLine({ tool, path, preview }: RecentEntry): string {
  const what = path ?? preview;
  return tool === null ? what : what === '' ? tool : `${tool}: ${what}`;
}

function lastWords(context: QueryContext, recent: readonly RecentEntry[]): string | null {
  const words = recent.find(({ kind }) => kind === 'answer');
  if (!words) return null;
  const [read] = entryTexts(context, [words]);
  return lastLineOf(read?.text ?? words.preview);
}

/** The end of a file as text; empty when it cannot be read. */
function endOf(path: string | null): string {
  if (path === null) return '';
  let file: number | undefined;
  try {
    // An agent may have put a pipe there.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, endBytes));
    const count = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, count);
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
