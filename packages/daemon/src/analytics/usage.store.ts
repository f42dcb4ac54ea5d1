import type {
  CostDrivers,
  ModelUsage,
  Overview,
  ProviderUsage,
  SessionUsage,
  TokenDays,
  Usage,
} from '@codepiper/core/analytics/analytics.ts';
import { dayText, localDay } from '@codepiper/core/analytics/periods.ts';
import { CostSum, namelessModel, type PriceBook } from '@codepiper/core/analytics/pricing.ts';
import type { Reader } from '../db/transcripts/reader.ts';
import { countMessages } from './activity.store.ts';
import { type Scope, spansOf } from './scope.store.ts';
import { isoTime, shown } from './times.ts';
import { usageGroups } from './usage-groups.store.ts';
import { byCost, sumBy } from './usage-sum.ts';

interface ConversationRow {
  id: number;
  provider: string;
  conversation_id: string;
  title: string | null;
  cwd: string | null;
  last_at: number | null;
}

function conversations(db: Reader): Map<number, ConversationRow> {
  const rows = db.all<ConversationRow>(
    'SELECT id, provider, conversation_id, title, cwd, last_at FROM conversations',
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Sessions by conversation. */
function sessions(db: Reader): Map<number, string[]> {
  const found = new Map<number, string[]>();
  const rows = db.all<{ session_id: string; conversation: number }>(
    'SELECT session_id, conversation FROM session_conversations ORDER BY session_id',
  );
  for (const { session_id, conversation } of rows) {
    found.set(conversation, [...(found.get(conversation) ?? []), session_id]);
  }
  return found;
}

/** Everything in one look; how many sessions live is not in this database. */
export function overview(db: Reader, scope: Scope, book: PriceBook): Omit<Overview, 'activeSessions'> {
  const groups = usageGroups(db, scope, book);
  const { total } = sumBy(groups, () => null);
  const conversationIds = new Set(groups.map(({ conversation }) => conversation));
  const sessionsOf = sessions(db);
  const used = new Set([...conversationIds].flatMap((id) => sessionsOf.get(id) ?? []));
  return {
    period: shown(scope.period),
    sessionsCount: scope.session === undefined ? used.size : Math.min(used.size, 1),
    conversationsCount: conversationIds.size,
    totalTokens: total.total,
    inputTokens: total.input,
    outputTokens: total.output,
    cacheReadTokens: total.cacheRead,
    cacheCreationTokens: total.cacheWrite5m + total.cacheWrite1h,
    reasoningTokens: total.reasoning,
    totalMessages: countMessages(db, scope),
    requests: total.responses,
    cacheHitRate: total.cacheHitRate,
    cost: total.cost,
  };
}

/** Days with something, oldest first. Responses without a time are in the total only. */
export function tokensByDay(db: Reader, scope: Scope, book: PriceBook): TokenDays {
  const spans = spansOf(db, 'responses', 'at', scope.period);
  const undated = Number.NaN;
  const groups = usageGroups(db, scope, book, (at) => (at === 0 ? undated : localDay(spans, at)));
  const { by, total } = sumBy(groups, ({ day }) => day);
  const days = [...by]
    .filter(([day]) => !Number.isNaN(day))
    .sort(([a], [b]) => a - b)
    .map(([day, usage]) => ({ date: dayText(day), ...usage }));
  return { period: shown(scope.period), days, total };
}

export function tokensByModel(db: Reader, scope: Scope, book: PriceBook): ModelUsage {
  const groups = usageGroups(db, scope, book);
  const { by, total } = sumBy(groups, ({ model }) => model || namelessModel);
  const models = [...by]
    .map(([model, usage]) => ({ model, ...usage }))
    // Errors of the agent are answers of a model that does not exist.
    .filter(({ total: tokens }) => tokens > 0)
    .sort(byCost);
  return { period: shown(scope.period), models, total };
}

export function usageByProvider(db: Reader, scope: Scope, book: PriceBook): ProviderUsage {
  const groups = usageGroups(db, scope, book);
  const known = conversations(db);
  const sessionsOf = sessions(db);
  const { by, total } = sumBy(groups, ({ conversation }) => known.get(conversation)?.provider ?? '');
  const used = new Map<string, { sessions: Set<string>; conversations: Set<number> }>();
  for (const { conversation } of groups) {
    const provider = known.get(conversation)?.provider ?? '';
    const mine = used.get(provider) ?? { sessions: new Set(), conversations: new Set() };
    mine.conversations.add(conversation);
    for (const session of sessionsOf.get(conversation) ?? []) mine.sessions.add(session);
    used.set(provider, mine);
  }
  const providers = [...by]
    .map(([provider, usage]) => ({
      provider,
      sessions: used.get(provider)?.sessions.size ?? 0,
      conversations: used.get(provider)?.conversations.size ?? 0,
      ...usage,
    }))
    .sort(byCost);
  return { period: shown(scope.period), providers, total };
}

/** Everything in a session's conversations, whenever it was. */
export function usageOfSession(db: Reader, session: string, book: PriceBook): Usage {
  const period = { since: null, until: null, timezone: 'UTC' };
  return sumBy(usageGroups(db, { session, period }, book), () => null).total;
}

export function usageByConversation(
  db: Reader,
  scope: Scope & { limit: number },
  book: PriceBook,
): SessionUsage {
  const groups = usageGroups(db, scope, book);
  const { by, total } = sumBy(groups, (group) => group.conversation);
  const top = [...by].sort(([, a], [, b]) => byCost(a, b)).slice(0, scope.limit);
  const known = conversations(db);
  const sessionsOf = sessions(db);
  const modelsOf = new Map<number, Set<string>>(top.map(([id]) => [id, new Set()]));
  for (const { conversation, model } of groups) {
    modelsOf.get(conversation)?.add(model || namelessModel);
  }
  return {
    period: shown(scope.period),
    conversations: top.map(([id, usage]) => {
      const row = known.get(id);
      return {
        sessionIds: sessionsOf.get(id) ?? [],
        provider: row?.provider ?? '',
        conversationId: row?.conversation_id ?? '',
        title: row?.title ?? null,
        cwd: row?.cwd ?? null,
        models: [...(modelsOf.get(id) ?? [])].sort(),
        lastAt: isoTime(row?.last_at ?? null),
        ...usage,
      };
    }),
    total,
    leftOff: by.size - top.length,
  };
}

const classes = ['input', 'output', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h'] as const;
const none = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };

export function costDrivers(db: Reader, scope: Scope, book: PriceBook): CostDrivers {
  const groups = usageGroups(db, scope, book);
  const known = conversations(db);
  const workspaces = sumBy(groups, ({ conversation }) => known.get(conversation)?.cwd ?? null);
  const agents = sumBy(groups, ({ isSubagent }) => (isSubagent ? 'subagent' : 'main'));
  return {
    period: shown(scope.period),
    classes: classes.map((name) => {
      const sum = new CostSum();
      let tokens = 0;
      for (const group of groups) {
        tokens += group[name];
        sum.add(group.model || null, group.rates, { ...none, [name]: group[name] });
      }
      return { class: name, tokens, cost: sum.cost };
    }),
    agents: [...agents.by]
      .map(([agent, usage]) => ({ agent, ...usage }))
      .sort(byCost) as CostDrivers['agents'],
    workspaces: [...workspaces.by]
      .map(([cwd, usage]) => ({ cwd, ...usage }))
      .sort(byCost)
      .slice(0, 20),
    total: agents.total,
  };
}
