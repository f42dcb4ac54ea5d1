import type { toolOrders } from '@codepiper/core/analytics/analytics.endpoints.ts';
import type { FileReads, ToolUsage } from '@codepiper/core/analytics/analytics.ts';
import type { Period } from '@codepiper/core/analytics/periods.ts';
import type { Reader } from '../db/transcripts/reader.ts';
import { conversationsOf, type Sql } from '../db/transcripts/scope.ts';
import { readTools, slotOf, slotWidth, weekMs } from '../db/transcripts/tool-rollups.ts';
import { during, ofScope, type Scope, where } from './scope.store.ts';
import { shown } from './times.ts';
import { ToolCount } from './tool-count.ts';

type Tools = Map<string, ToolCount>;

/**
 * Tools with their failures and with percentiles of their durations (nearest rank: the duration of a call that was
 * made). All of them are exact: weeks that are summed up lead to the slot a percentile lies in, and only the calls of
 * that slot are looked at.
 */
export function toolUsage(
  db: Reader,
  scope: Scope & { order: (typeof toolOrders)[number]; limit: number },
): ToolUsage {
  const { order, limit, period, provider } = scope;
  const chosen = chosenConversations(db, scope);
  const counts = [
    ...(chosen === null ? callsInPeriod(db, period) : callsOf(db, chosen, period)).values(),
  ].filter((tool) => provider === undefined || tool.provider === provider);
  const exact = (tool: ToolCount) =>
    tool.usage((slot, rank) =>
      chosen === null ? durationAt(db, period, tool, slot, rank) : tool.durationAt(slot, rank),
    );
  if (order === 'slow') {
    const tools = counts.map(exact).sort((a, b) => (b.p95Ms ?? -1) - (a.p95Ms ?? -1));
    return { period: shown(period), tools: tools.slice(0, limit) };
  }
  const sorted = counts.sort(
    (a, b) => b[order] - a[order] || b.count - a.count || (a.tool < b.tool ? -1 : 1),
  );
  return { period: shown(period), tools: sorted.slice(0, limit).map(exact) };
}

/** Conversations in scope; null when all of them are. Providers are told apart by the calls themselves. */
function chosenConversations(db: Reader, { session, conversation, workspace }: Scope): number[] | null {
  const chosen = conversationsOf({ session, conversation, workspace });
  if (chosen === null) return null;
  const ids = db.lists(chosen.text, ...chosen.values).map(([id]) => Number(id));
  const all = db.get<{ count: number }>('SELECT count(*) AS count FROM conversations');
  return ids.length === all?.count ? null : ids;
}

/** Calls of some conversations. A copy of a call, in a fork, belongs to the conversation that had it first. */
function callsOf(db: Reader, ids: readonly number[], period: Period): Tools {
  const tools: Tools = new Map();
  const wanted = { text: 'json_each(?) AS wanted', values: [JSON.stringify(ids)] };
  addCalls(db, tools, wanted, 'wanted.value', period, true);
  return tools;
}

/** Whole weeks as they are summed up, and the calls before and behind them. */
function callsInPeriod(db: Reader, period: Period): Tools {
  const { since, until } = period;
  const tools: Tools = new Map();
  const from = since === null ? null : Math.ceil(since / weekMs);
  const to = until === null ? null : Math.floor(until / weekMs);
  const everyone = { text: 'conversations AS c', values: [] };
  if (from !== null && to !== null && from >= to) {
    addCalls(db, tools, everyone, 'c.id', period, false);
    return tools;
  }
  const weeks = where(during('week', { ...period, since: from, until: to }));
  const rows = db.lists(
    `SELECT provider, tool, slot, sum(runs), sum(failures) FROM tool_weeks ${weeks.text}
     GROUP BY provider, tool, slot`,
    ...weeks.values,
  ) as [provider: string, tool: string, slot: number, runs: number, failures: number][];
  for (const [provider, tool, slot, runs, failures] of rows) {
    toolIn(tools, provider, tool).add(slot, runs, failures);
  }
  if (from !== null) addCalls(db, tools, everyone, 'c.id', { ...period, until: from * weekMs }, false);
  if (to !== null) addCalls(db, tools, everyone, 'c.id', { ...period, since: to * weekMs }, false);
  return tools;
}

/** Adds single calls, by the conversations they belong to. @param keep their durations as well as their slots */
function addCalls(
  db: Reader,
  tools: Tools,
  conversations: Sql,
  id: string,
  period: Period,
  keep: boolean,
): void {
  const times = where([{ text: `r.conversation = ${id}`, values: [] }, ...during('r.called_at', period)]);
  const rows = db.lists(
    `SELECT r.provider, r.tool, r.duration_ms, r.is_error FROM ${conversations.text}
     CROSS JOIN tool_runs AS r INDEXED BY runs_of_conversation ${times.text}`,
    ...conversations.values,
    ...times.values,
  ) as [provider: string, tool: string, duration: number, isError: number][];
  for (const [provider, tool, duration, isError] of rows) {
    const counted = toolIn(tools, provider, tool);
    counted.add(slotOf(duration), 1, isError);
    if (keep && duration >= 0) counted.keep(duration);
  }
}

function toolIn(tools: Tools, provider: string, tool: string): ToolCount {
  const key = `${provider} ${tool}`;
  let found = tools.get(key);
  if (!found) {
    found = new ToolCount(provider, tool);
    tools.set(key, found);
  }
  return found;
}

/** The duration at a rank within a slot, from the calls themselves. */
function durationAt(
  db: Reader,
  period: Period,
  { provider, tool }: ToolCount,
  slot: number,
  rank: number,
): number {
  const width = slotWidth(slot);
  if (width === 1) return slot;
  const filter = where([
    {
      text: 'provider = ? AND tool = ? AND duration_ms >= ? AND duration_ms < ?',
      values: [provider, tool, slot, slot + width],
    },
    ...during('called_at', period),
  ]);
  const found = db.get<{ duration: number }>(
    `SELECT duration_ms AS duration FROM tool_runs ${filter.text} ORDER BY duration_ms LIMIT 1 OFFSET ?`,
    ...filter.values,
    rank,
  );
  return found?.duration ?? slot;
}

/**
 * A call that is no copy of another conversation's: of those at one moment it owns a run. Few conversations have copies
 * at all.
 */
const isOwnRead: Sql = {
  text: `(conversation NOT IN (SELECT conversation FROM tool_run_copies) OR EXISTS
    (SELECT 1 FROM tool_runs AS r WHERE r.conversation = file_reads.conversation
       AND r.called_at = file_reads.called_at AND r.tool IN (${readTools.map(() => '?').join(', ')})))`,
  values: [...readTools],
};

/** Files that one conversation read more than once. */
export function rereadFiles(db: Reader, scope: Scope & { limit: number }): FileReads {
  const filter = where([...during('called_at', scope.period), ...ofScope(scope), isOwnRead]);
  const files = db.all<FileReads['files'][number]>(
    `SELECT path, c.conversation_id AS conversationId, c.provider, reads FROM (
       SELECT conversation, path, count(*) AS reads FROM file_reads ${filter.text}
       GROUP BY conversation, path HAVING count(*) > 1 ORDER BY reads DESC, path LIMIT ?) AS f
     JOIN conversations AS c ON c.id = f.conversation ORDER BY reads DESC, path`,
    ...filter.values,
    scope.limit,
  );
  return { period: shown(scope.period), files };
}
