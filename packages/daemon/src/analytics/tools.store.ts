import type { toolOrders } from '@codepiper/core/analytics/analytics.endpoints.ts';
import type { FileReads, ToolUsage } from '@codepiper/core/analytics/analytics.ts';
import type { Reader } from '../db/transcripts/reader.ts';
import { runOf, untimed } from '../db/transcripts/rollups.ts';
import { conversationsOf, during, ofScope, type Scope, type Sql, where } from './scope.store.ts';
import { shown } from './times.ts';

interface ToolRow {
  provider: string;
  tool: string;
  count: number;
  /** Calls with a duration. */
  timed: number;
  failures: number;
  denied: number;
  unfinished: number;
}

/** Calls in scope, and the duration at a rank among the timed ones of a tool. */
interface Calls {
  rows: ToolRow[];
  durationAt(row: ToolRow, rank: number): number | null;
}

/** Tools with their failures and with percentiles of their durations (nearest rank: of a call that was made). */
export function toolUsage(
  db: Reader,
  scope: Scope & { order: (typeof toolOrders)[number]; limit: number },
): ToolUsage {
  const { order, limit, period } = scope;
  const calls = callsOf(db, scope);
  const complete = (row: ToolRow) => {
    const { timed, ...counts } = row;
    const ended = row.count - row.unfinished - row.denied;
    const at = (share: number) =>
      timed === 0 ? null : calls.durationAt(row, Math.max(0, Math.ceil(share * timed) - 1));
    return {
      ...counts,
      failureRate: ended === 0 ? null : row.failures / ended,
      ...{ p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) },
    };
  };
  if (order === 'slow') {
    const tools = calls.rows.map(complete).sort((a, b) => (b.p95Ms ?? -1) - (a.p95Ms ?? -1));
    return { period: shown(period), tools: tools.slice(0, limit) };
  }
  const sorted = calls.rows.sort(
    (a, b) => b[order] - a[order] || b.count - a.count || (a.tool < b.tool ? -1 : 1),
  );
  return { period: shown(period), tools: sorted.slice(0, limit).map(complete) };
}

/** Up to so many conversations are looked up one by one; more are sorted out on the way through all calls. */
const fewConversations = 200;

function callsOf(db: Reader, { period, session, workspace, provider }: Scope): Calls {
  const conditions = during('called_at', period);
  if (provider !== undefined) conditions.push({ text: 'provider = ?', values: [provider] });
  const chosen = conversationsOf({ session, workspace });
  if (chosen === null) return scanCalls(db, conditions);
  const ids = db.all<{ id: number }>(chosen.text, ...chosen.values).map(({ id }) => id);
  if (ids.length <= fewConversations) return collectCalls(db, ids, conditions);
  const within = {
    text: 'conversation IN (SELECT value FROM json_each(?))',
    values: [JSON.stringify(ids)],
  };
  return scanCalls(db, [...conditions, within]);
}

class Counter {
  readonly #rows = new Map<string, ToolRow>();

  row(provider: string, tool: string): ToolRow {
    const key = `${provider} ${tool}`;
    let row = this.#rows.get(key);
    if (!row) {
      row = { provider, tool, count: 0, timed: 0, failures: 0, denied: 0, unfinished: 0 };
      this.#rows.set(key, row);
    }
    return row;
  }

  add(row: ToolRow, duration: number, count: number, failures: number): void {
    row.count += count;
    row.failures += failures;
    if (duration >= 0) row.timed += count;
    if (duration === untimed.unfinished) row.unfinished += count;
    if (duration === untimed.denied) row.denied += count;
  }

  get rows(): ToolRow[] {
    return [...this.#rows.values()];
  }
}

/** By the calls of a few conversations. */
function collectCalls(db: Reader, ids: readonly number[], conditions: readonly Sql[]): Calls {
  const filter = where([
    { text: 'r.conversation = c.conversation', values: [] },
    ...conditions.map(({ text, values }) => ({ text: `r.${text}`, values })),
  ]);
  const runs = db.lists(
    `SELECT DISTINCT r.provider, r.tool, r.duration_ms, r.called_at, r.is_error, r.twin
     FROM json_each(?) AS wanted CROSS JOIN tool_calls AS c ON c.conversation = wanted.value
     CROSS JOIN tool_runs AS r ON ${runOf('c', 'r.')} ${filter.text}`,
    JSON.stringify(ids),
    ...filter.values,
  ) as [provider: string, tool: string, duration: number, at: number, isError: number][];
  const counter = new Counter();
  const durations = new Map<ToolRow, number[]>();
  for (const [provider, tool, duration, , isError] of runs) {
    const row = counter.row(provider, tool);
    counter.add(row, duration, 1, isError);
    if (duration < 0) continue;
    const known = durations.get(row);
    if (known) known.push(duration);
    else durations.set(row, [duration]);
  }
  for (const known of durations.values()) known.sort((a, b) => a - b);
  return { rows: counter.rows, durationAt: (row, rank) => durations.get(row)?.[rank] ?? null };
}

/** Two passes along the primary key: over the many calls with a duration, and straight to the few without. */
function scanCalls(db: Reader, conditions: readonly Sql[]): Calls {
  const counter = new Counter();
  const timed = where([{ text: 'duration_ms >= 0', values: [] }, ...conditions]);
  const many = db.lists(
    `SELECT provider, tool, count(*), sum(is_error) FROM tool_runs ${timed.text} GROUP BY provider, tool`,
    ...timed.values,
  ) as [provider: string, tool: string, count: number, failures: number][];
  for (const [provider, tool, count, failures] of many) {
    counter.add(counter.row(provider, tool), 0, count, failures);
  }
  for (const [provider, tool] of tools(db)) {
    const own = { text: 'provider = ? AND tool = ? AND duration_ms < 0', values: [provider, tool] };
    const rest = where([own, ...conditions]);
    const few = db.lists(
      `SELECT duration_ms, count(*), sum(is_error) FROM tool_runs ${rest.text} GROUP BY duration_ms`,
      ...rest.values,
    ) as [duration: number, count: number, failures: number][];
    for (const [duration, count, failures] of few) {
      counter.add(counter.row(provider, tool), duration, count, failures);
    }
  }
  return { rows: counter.rows, durationAt: (row, rank) => durationAt(db, conditions, row, rank) };
}

/** Every tool, by leaps along the primary key. */
function tools(db: Reader): [provider: string, tool: string][] {
  const found: [provider: string, tool: string][] = [];
  for (const provider of leaps(db, 'provider', [])) {
    const own = [{ text: 'provider = ?', values: [provider] }];
    for (const tool of leaps(db, 'tool', own)) found.push([provider, tool]);
  }
  return found;
}

/** The different values of a column whose predecessors in the primary key are fixed. */
function* leaps(db: Reader, column: 'provider' | 'tool', fixed: readonly Sql[]): Iterable<string> {
  for (let last = ''; ; ) {
    const filter = where([...fixed, { text: `${column} > ?`, values: [last] }]);
    const [next] = db.lists(`SELECT min(${column}) FROM tool_runs ${filter.text}`, ...filter.values);
    if (typeof next?.[0] !== 'string') return;
    last = next[0];
    yield last;
  }
}

/** Read from the nearer end. */
function durationAt(db: Reader, conditions: readonly Sql[], row: ToolRow, rank: number): number | null {
  const { provider, tool, timed } = row;
  const fromEnd = rank > timed / 2;
  const filter = where([
    { text: 'provider = ? AND tool = ? AND duration_ms >= 0', values: [provider, tool] },
    ...conditions,
  ]);
  const [found] = db.all<{ duration: number }>(
    `SELECT duration_ms AS duration FROM tool_runs ${filter.text}
     ORDER BY duration_ms ${fromEnd ? 'DESC' : 'ASC'} LIMIT 1 OFFSET ?`,
    ...filter.values,
    fromEnd ? timed - 1 - rank : rank,
  );
  return found?.duration ?? null;
}

/** Files that one conversation read more than once. */
export function rereadFiles(db: Reader, scope: Scope & { limit: number }): FileReads {
  const filter = where([...during('called_at', scope.period), ...ofScope(scope)]);
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
