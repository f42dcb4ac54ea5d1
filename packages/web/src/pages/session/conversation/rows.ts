import type { AnyEvent } from '@codepiper/core/events/event.ts';
import type { Conversation, Entry } from '@codepiper/core/transcripts/conversation.ts';
import { isInterruption } from '@codepiper/core/transcripts/interruption.ts';

/** One thing in the list. `depth` is 1 within a sub-agent. */
export type Row =
  | { key: string; kind: 'entry'; entry: Entry; depth: number }
  /** A call with what came of it, as far as that is known. */
  | { key: string; kind: 'tool'; entry: Entry; result: Entry | null; depth: number }
  | { key: string; kind: 'agent'; agent: string; title: string; entries: readonly Entry[]; isOpen: boolean }
  | { key: string; kind: 'model'; from: string | null; to: string | null; at: string }
  | { key: string; kind: 'conversation'; conversation: Conversation }
  /** The turn was stopped here. */
  | { key: string; kind: 'interruption'; entry: Entry; depth: number };

export interface RowSource {
  entries: readonly Entry[];
  conversations: readonly Conversation[];
  /** Events `session.model` of the ledger. */
  modelSwitches: readonly Pick<AnyEvent, 'id' | 'timestamp' | 'payload'>[];
  /** Sub-agents whose entries are shown. */
  openAgents: ReadonlySet<string>;
}

/** Who of a session says an entry: null for its own agent. */
export function agentOf({ agentId, conversation }: Entry, children: ReadonlySet<number>): string | null {
  if (agentId !== null) return agentId;
  return children.has(conversation) ? `conversation-${conversation}` : null;
}

/** Conversations that an agent of another one here has begun. */
export function childrenOf(conversations: readonly Conversation[]): ReadonlySet<number> {
  const ids = new Set(conversations.map(({ conversationId }) => conversationId));
  return new Set(
    conversations.filter(({ parent }) => parent !== null && ids.has(parent)).map(({ id }) => id),
  );
}

/** Entries as a person reads them: calls with their results, sub-agents as one thing each, where they began. */
export function toRows({ entries, conversations, modelSwitches, openAgents }: RowSource): Row[] {
  const children = childrenOf(conversations);
  const results = new Map<string, Entry>();
  const calls = new Set<string>();
  const ofAgents = new Map<string, Entry[]>();
  for (const entry of entries) {
    const join = joinOf(entry);
    if (join !== null && entry.kind === 'tool_result') results.set(join, entry);
    if (join !== null && entry.kind === 'tool_call') calls.add(join);
    const agent = agentOf(entry, children);
    if (agent === null) continue;
    const its = ofAgents.get(agent) ?? [];
    its.push(entry);
    ofAgents.set(agent, its);
  }
  const rowOf = (entry: Entry, depth: number): Row[] => {
    const join = joinOf(entry);
    const key = String(entry.id);
    if (entry.kind === 'tool_call') {
      return [
        { key, kind: 'tool', entry, result: join === null ? null : (results.get(join) ?? null), depth },
      ];
    }
    if (entry.kind === 'tool_result' && join !== null && calls.has(join)) return [];
    if (isInterruption(entry)) return [{ key, kind: 'interruption', entry, depth }];
    return [{ key, kind: 'entry', entry, depth }];
  };

  const rows: Row[] = [];
  const switches = [...modelSwitches].filter(({ payload }) => 'before' in payload);
  const shown = new Set<string>();
  let conversation: number | null = null;
  const first = entries.find(({ at }) => at !== null)?.at ?? null;
  for (const entry of entries) {
    while (switches[0] && entry.at !== null && switches[0].timestamp < entry.at) {
      const made = switches.shift();
      // Those before the window belong to what was not read yet.
      if (made && first !== null && made.timestamp >= first) rows.push(modelRow(made));
    }
    const agent = agentOf(entry, children);
    if (agent !== null) {
      if (shown.has(agent)) continue;
      shown.add(agent);
      const its = ofAgents.get(agent) ?? [];
      const isOpen = openAgents.has(agent);
      rows.push({
        ...{ key: `agent-${agent}`, kind: 'agent', agent, isOpen, entries: its },
        title: its.find(({ kind }) => kind === 'prompt')?.text.split('\n')[0] ?? 'Sub-agent',
      });
      if (isOpen) rows.push(...its.flatMap((each) => rowOf(each, 1)));
      continue;
    }
    if (conversation !== null && entry.conversation !== conversation) {
      const found = conversations.find(({ id }) => id === entry.conversation);
      if (found) rows.push({ key: `conversation-${entry.id}`, kind: 'conversation', conversation: found });
    }
    conversation = entry.conversation;
    rows.push(...rowOf(entry, 0));
  }
  return [...rows, ...switches.map(modelRow)];
}

function modelRow({ id, timestamp, payload: { model, before } }: RowSource['modelSwitches'][number]): Row {
  const name = (value: unknown) => (typeof value === 'string' ? value : null);
  return { key: `model-${id}`, kind: 'model', from: name(before), to: name(model), at: timestamp };
}

/** What joins a call and its result; null where the agent gave the call no id. */
function joinOf({ callId, conversation, agentId }: Entry): string | null {
  return callId === null ? null : `${conversation}/${agentId ?? ''}/${callId}`;
}

/** What all rows are told of their session. */
export interface RowContext {
  session: string;
  /** Directory of the session. */
  cwd: string;
  /** The agent is at work: a call without a result still runs. */
  isBusy: boolean;
}
