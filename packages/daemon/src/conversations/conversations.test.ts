import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TranscriptEvent } from '@codepiper/core/events/event.ts';
import type { Conversation, Entry, Turn } from '@codepiper/core/transcripts/conversation.ts';
import { generateTranscripts } from '@codepiper/testkit/transcripts/generate.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConversationsHouse,
  type EntriesReply,
  openConversations,
} from '../../test/conversations-house.ts';
import { cutText } from './entries.ts';

const basic = '11111111-1111-4111-8111-111111111111';
const denied = '22222222-2222-4222-8222-222222222222';
const parent = '33333333-3333-4333-8333-333333333333';
const crashed = '55555555-5555-4555-8555-555555555555';
const forked = '66666666-6666-4666-8666-666666666666';
const codexParent = '01a1fc7c-bd21-7142-b139-e10b5f33523a';
const codexChild = '01a1fc7d-00c8-77d3-a683-60e61431976e';
const rollout = (id: string) => `2026/11/21/rollout-2026-11-21T05-00-00-${id}.jsonl`;

let house: ConversationsHouse;
beforeEach(async () => {
  house = await openConversations();
});
afterEach(() => house[Symbol.asyncDispose]());

const texts = ({ entries }: EntriesReply) => entries.map(({ kind, text }) => [kind, text]);

describe('the entries of a conversation', () => {
  it('are what was said and done, calls with what came of them', async () => {
    house.record('claude-code', 'basic-tools', `p/${basic}.jsonl`);
    const page = await house.get<EntriesReply>(`/conversations/${basic}/entries?limit=4`);
    expect(texts(page)).toEqual([
      ['prompt', 'Hello, who are you?'],
      ['answer', 'echo: Hello, who are you?'],
      ['prompt', 'RUN echo hi > x.txt && cat x.txt'],
      ['tool_call', 'echo hi > x.txt && cat x.txt'],
    ]);
    expect(page.hasMore).toBe(true);
    expect(page.conversations).toMatchObject([{ conversationId: basic, cwd: '/home/dev/demo-repo' }]);
    const call = page.entries[3];
    expect(call).toMatchObject({ tool: 'Bash', outcome: 'ok', turn: 2, length: 28, agentId: null });
    expect(call?.durationMs).toBeGreaterThan(0);
    const all = await house.get<EntriesReply>(`/conversations/${basic}/entries?kind=tool_result&limit=1000`);
    expect(all.entries.find(({ callId }) => callId === call?.callId)).toMatchObject({
      ...{ kind: 'tool_result', tool: 'Bash', outcome: 'ok', durationMs: call?.durationMs, text: 'hi' },
    });
    expect(all.entries.filter(({ outcome }) => outcome === 'error').length).toBeGreaterThan(0);
  });

  it('say that a call was refused', async () => {
    house.record('claude-code', 'deny-interrupt-hooks', `p/${denied}.jsonl`);
    const { entries } = await house.get<EntriesReply>(`/conversations/${denied}/entries?kind=tool_call`);
    expect(entries[0]).toMatchObject({ text: 'rm -f zzz', outcome: 'denied' });
  });

  it('are found by kind, after and before an id, from either end', async () => {
    house.record('codex', 'tui-all-events', rollout(codexParent));
    const path = `/conversations/${codexParent}/entries`;
    const all = await house.get<EntriesReply>(`${path}?limit=1000`);
    const ids = all.entries.map(({ id }) => id);
    const [first = 0, second = 0] = ids;
    const last = ids.at(-1) ?? 0;
    const idsOf = async (query: string) =>
      (await house.get<EntriesReply>(`${path}?${query}`)).entries.map(({ id }) => id);
    expect(await idsOf(`since=${first}&before=${last}&limit=1000`)).toEqual(ids.slice(1, -1));
    expect(await idsOf('order=desc&limit=3')).toEqual(ids.slice(-3).reverse());
    expect(await idsOf(`before=${second}`)).toEqual([first]);
    const messages = all.entries.filter(({ kind }) => kind === 'prompt' || kind === 'answer');
    expect(await idsOf('kind=prompt,answer&limit=1000')).toEqual(messages.map(({ id }) => id));
    expect(messages.length).toBeLessThan(ids.length);
  });

  it('name the sub-agent, in whatever file it is', async () => {
    house.record('claude-code', 'subagent', `p/${parent}.jsonl`);
    house.record(
      'claude-code',
      'agent-ab13b7bea4871d6c9',
      `p/${parent}/subagents/agent-ab13b7bea4871d6c9.jsonl`,
    );
    const path = `/conversations/${parent}/entries`;
    const own = await house.get<EntriesReply>(`${path}?agent=main&limit=1000`);
    const sub = await house.get<EntriesReply>(`${path}?agent=ab13b7bea4871d6c9`);
    expect(new Set(own.entries.map(({ agentId }) => agentId))).toEqual(new Set([null]));
    expect(texts(sub)[0]).toEqual(['prompt', 'RUN echo from-sub > sub.txt']);
    const all = await house.get<EntriesReply>(`${path}?limit=1000`);
    expect(all.entries).toHaveLength(own.entries.length + sub.entries.length);
  });

  it('are with those of a sub-agent that has a conversation to itself', async () => {
    house.record('codex', 'tui-all-events', rollout(codexParent));
    house.record('codex', 'subagent-child', rollout(codexChild));
    house.link('session-1', codexParent);
    const path = '/sessions/session-1/conversation';
    const all = await house.get<EntriesReply>(`${path}?limit=1000`);
    const [, child] = all.conversations;
    expect(child).toMatchObject({ conversationId: codexChild, parent: codexParent, sessionIds: [] });
    const sub = await house.get<EntriesReply>(`${path}?agent=${codexChild}`);
    expect(new Set(sub.entries.map(({ conversation }) => conversation))).toEqual(new Set([child?.id]));
    const own = await house.get<EntriesReply>(`${path}?agent=main&limit=1000`);
    expect(own.entries.length + sub.entries.length).toBe(all.entries.length);
    // By itself it is nobody's sub-agent.
    const alone = await house.get<EntriesReply>(`/conversations/${codexChild}/entries?agent=main`);
    expect(alone.entries).toEqual(sub.entries);
  });

  it('of a session with two conversations are one list, and what a fork has copied is there once', async () => {
    house.record('claude-code', 'crash-resume', `p/${crashed}.jsonl`);
    house.record('claude-code', 'fork-of-crash-resume', `p/${forked}.jsonl`);
    house.link('session-1', crashed);
    const before = await house.get<EntriesReply>('/sessions/session-1/conversation?limit=1000');
    house.link('session-1', forked);
    const both = await house.get<EntriesReply>('/sessions/session-1/conversation?limit=1000');
    expect(both.conversations.map(({ conversationId, forkedFrom }) => [conversationId, forkedFrom])).toEqual([
      [crashed, null],
      [forked, crashed],
    ]);
    expect(both.entries.slice(0, before.entries.length)).toEqual(before.entries);
    const prompts = both.entries.filter(({ kind }) => kind === 'prompt').map(({ text }) => text);
    expect(new Set(prompts).size).toBe(prompts.length);
    expect(prompts.length).toBeGreaterThan(before.entries.filter(({ kind }) => kind === 'prompt').length);
    // The fork by itself is whole.
    const fork = await house.get<EntriesReply>(`/conversations/${forked}/entries?limit=1000`);
    expect(fork.entries[0]?.text).toBe(before.entries[0]?.text);
  });

  it('are cut between characters, and say how long they are', async () => {
    const text = '👩‍👩‍👧 Grüße 😀😀😀';
    const line = { type: 'user', uuid: 'u1', sessionId: basic, timestamp: '2026-11-21T05:00:00.000Z' };
    const content = { ...line, promptSource: 'typed', message: { role: 'user', content: text } };
    house.place('claude-code', `p/${basic}.jsonl`, `${JSON.stringify(content)}\n`);
    for (let length = 1; length <= text.length + 1; length += 1) {
      const { entries } = await house.get<EntriesReply>(`/conversations/${basic}/entries?text=${length}`);
      const [entry] = entries;
      expect(entry?.length).toBe(text.length);
      expect(entry?.text.isWellFormed()).toBe(true);
      expect(text.startsWith(entry?.text ?? 'x')).toBe(true);
      expect(Math.min(length, text.length) - (entry?.text.length ?? 0)).toBeLessThan(2);
    }
    const none = await house.get<EntriesReply>(`/conversations/${basic}/entries?text=0`);
    expect(none.entries[0]).toMatchObject({ text: '', length: null });
  });

  it('keep their beginning when the transcript and its copy are gone', async () => {
    const path = house.record('claude-code', 'basic-tools', `p/${basic}.jsonl`);
    const before = await house.get<EntriesReply>(`/conversations/${basic}/entries?limit=1`);
    rmSync(path);
    const kept = await house.get<EntriesReply>(`/conversations/${basic}/entries?limit=1`);
    expect(kept.entries).toEqual(before.entries);
    rmSync(join(house.path, 'transcripts'), { recursive: true });
    const gone = await house.get<EntriesReply>(`/conversations/${basic}/entries?limit=1`);
    expect(gone.entries[0]).toMatchObject({ text: 'Hello, who are you?', length: null });
    const id = gone.entries[0]?.id;
    expect(await house.get(`/entries/${id}`)).toMatchObject({
      source: { line: null, offset: expect.any(Number) },
    });
  });

  it('end a page early rather than hold too much', async () => {
    const line = (n: number) =>
      JSON.stringify({
        ...{ type: 'user', uuid: `u${n}`, sessionId: basic, timestamp: '2026-11-21T05:00:00.000Z' },
        ...{ promptSource: 'typed', message: { role: 'user', content: `${n}${'x'.repeat(999_999)}` } },
      });
    house.place(
      'claude-code',
      `p/${basic}.jsonl`,
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `${line(n)}\n`).join(''),
    );
    const path = `/conversations/${basic}/entries?text=1000000`;
    const page = await house.get<EntriesReply>(path);
    expect(page.hasMore).toBe(true);
    expect(page.entries.length).toBeLessThan(8);
    const rest = await house.get<EntriesReply>(`${path}&since=${page.entries.at(-1)?.id}`);
    expect([...page.entries, ...rest.entries].map(({ text }) => text[0])).toEqual([...'01234567']);
    expect(rest.hasMore).toBe(false);
  });
});

describe('pages', () => {
  it('are the same list whatever their size, order and texts, while a writer appends', async () => {
    const { files } = generateTranscripts(3, { conversations: 3, turns: 14 });
    const seen = new Set<string>();
    const written = files.map(({ agent, path, content }, n) => {
      const half = content.lastIndexOf('\n', content.length / 2) + 1;
      return { agent, path: house.place(agent, path, content.slice(0, half)), rest: content.slice(half), n };
    });
    for (const { conversationId } of await listAll('?limit=7')) {
      seen.add(conversationId);
      house.link('session-1', conversationId);
    }
    const path = '/sessions/session-1/conversation';
    const walk = async (limit: number, order: 'asc' | 'desc', from: number, meanwhile: () => void) => {
      const ids: number[] = [];
      for (let at: number | undefined = from; ; ) {
        const edge = at === undefined ? '' : order === 'asc' ? `&since=${at}` : `&before=${at}`;
        const page = await house.get<EntriesReply>(`${path}?limit=${limit}&order=${order}&text=0${edge}`);
        ids.push(...page.entries.map(({ id }) => id));
        at = ids.at(-1);
        if (!page.hasMore) return ids;
        meanwhile();
      }
    };
    const everything = Number.MAX_SAFE_INTEGER;
    const whole = await walk(1000, 'asc', 0, () => undefined);
    expect(whole.length).toBeGreaterThan(200);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.boolean(), async (limit, isAscending) => {
        const ids = isAscending
          ? await walk(limit, 'asc', 0, () => undefined)
          : (await walk(limit, 'desc', everything, () => undefined)).reverse();
        expect(ids).toEqual(whole);
      }),
      { numRuns: 12 },
    );
    const todo = [...written];
    const grown = await walk(13, 'asc', 0, () => {
      const file = todo.shift();
      if (!file) return;
      appendFileSync(file.path, file.rest);
      house.ingest.readAll([file.path], file.agent);
    });
    expect(todo).toEqual([]);
    const after = await walk(1000, 'asc', 0, () => undefined);
    expect(after.length).toBeGreaterThan(whole.length);
    expect(grown).toEqual(after);
  });

  it('of conversations are the same list whatever their size', async () => {
    for (const { agent, path, content } of generateTranscripts(9).files) house.place(agent, path, content);
    house.ingest.db.prepare('UPDATE conversations SET last_at = NULL WHERE id % 5 = 0').run();
    house.ingest.db.prepare('UPDATE conversations SET last_at = 1700000000000 WHERE id % 5 = 1').run();
    const whole = await listAll('?limit=1000');
    expect(whole.length).toBeGreaterThan(8);
    for (const limit of [1, 2, 3, 7]) {
      expect(await listAll(`?limit=${limit}`)).toEqual(whole);
    }
    const times = whole.map(({ lastAt }) => (lastAt === null ? -1 : Date.parse(lastAt)));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    const [one] = whole.filter(({ provider }) => provider === 'codex');
    const inside = await listAll(`?provider=codex&workspace=${encodeURIComponent(`${one?.cwd}/`)}`);
    expect(inside.map(({ id }) => id)).toEqual(
      whole
        .filter(({ provider, cwd }) => provider === 'codex' && cwd?.startsWith(one?.cwd ?? '-'))
        .map(({ id }) => id),
    );
  });
});

async function listAll(query: string): Promise<Conversation[]> {
  const found: Conversation[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { conversations: Conversation[]; cursor: string | null } = await house.get(
      `/conversations${query}${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    found.push(...page.conversations);
    cursor = page.cursor;
  }
  return found;
}

describe('a conversation', () => {
  it('is found by number, by the agent’s id and by the beginning of it', async () => {
    house.record('claude-code', 'basic-tools', `p/${basic}.jsonl`);
    house.record('claude-code', 'crash-resume', `p/${crashed}.jsonl`);
    const { conversation } = await house.get<{ conversation: Conversation }>(`/conversations/${basic}`);
    for (const ref of [String(conversation.id), basic.slice(0, 8), '1111']) {
      expect(await house.get(`/conversations/${ref}`)).toEqual({ conversation });
    }
    house.record('claude-code', 'basic-tools', 'p/11111111-1111-4111-8111-111111111112.jsonl');
    const both = await house.app.inject('/conversations/1111111');
    expect([both.statusCode, both.json().code]).toEqual([409, 'conversation_ambiguous']);
    expect(both.json().error).toContain(basic);
    for (const ref of ['999', '%25', '_', 'zz']) {
      const none = await house.app.inject(`/conversations/${ref}`);
      expect([none.statusCode, none.json().code]).toEqual([404, 'conversation_not_found']);
    }
  });

  it('has turns, the newest last', async () => {
    house.record('claude-code', 'deny-interrupt-hooks', `p/${denied}.jsonl`);
    house.link('session-1', denied);
    const all = await house.get<{ turns: Turn[] }>('/sessions/session-1/turns');
    expect(all.turns[0]).toMatchObject({ number: 1, phase: 'interrupted', agentId: null });
    expect(all.turns.map(({ number }) => number)).toEqual(all.turns.map((_, i) => i + 1));
    const two = await house.get<{ turns: Turn[]; hasMore: boolean }>('/sessions/session-1/turns?limit=2');
    expect(two).toEqual({ turns: all.turns.slice(-2), hasMore: true });
  });

  it('has entries that can be asked for one by one, with their lines', async () => {
    const path = house.record('claude-code', 'basic-tools', `p/${basic}.jsonl`);
    const { entries } = await house.get<EntriesReply>(
      `/conversations/${basic}/entries?kind=tool_call&text=3`,
    );
    const reply = await house.get<{ entry: Entry; source: { file: string; line: string } }>(
      `/entries/${entries[0]?.id}`,
    );
    expect(reply.entry).toMatchObject({ text: 'echo hi > x.txt && cat x.txt', length: 28, outcome: 'ok' });
    expect(reply.source.file).toBe(path);
    expect(JSON.parse(reply.source.line)).toMatchObject({ type: 'assistant', sessionId: basic });
    const none = await house.app.inject('/entries/999999');
    expect([none.statusCode, none.json().code]).toEqual([404, 'entry_not_found']);
  });
});

describe('the events of a transcript', () => {
  it('are its entries', async () => {
    house.record('claude-code', 'basic-tools', `p/${basic}.jsonl`);
    house.link('session-1', basic);
    const { entries } = await house.get<EntriesReply>('/sessions/session-1/conversation?limit=1000');
    const path = '/sessions/session-1/transcript/events';
    const { events } = await house.get<{ events: TranscriptEvent[] }>(`${path}?limit=1000`);
    expect(events.map(({ payload }) => payload)).toEqual(entries);
    expect(events[0]).toMatchObject({
      ...{ id: entries[0]?.id, sessionId: 'session-1', source: 'transcript', type: 'prompt' },
      timestamp: entries[0]?.at,
    });
    const some = await house.get<{ events: TranscriptEvent[]; hasMore: boolean }>(
      `${path}?type=answer,error&order=desc&limit=2&before=${events.at(-1)?.id}`,
    );
    expect(some.events.map(({ type }) => type)).toEqual(['answer', 'answer']);
    expect(some.hasMore).toBe(true);
    expect(await house.get(`${path}?type=session.created`)).toEqual({ events: [], hasMore: false });
  });
});

it.each([
  '/conversations?cursor=x',
  '/conversations/1/entries?kind=nonsense',
  '/conversations/1/entries?limit=0',
  '/conversations/1/entries?text=-1',
  '/sessions/session-1/conversation?order=up',
  '/sessions/session-1/transcript/events?source=hook',
  '/entries/first',
])('refuses %s', async (path) => {
  const reply = await house.app.inject(path);
  expect([reply.statusCode, reply.json().code]).toEqual([400, 'invalid_request']);
});

it('knows no conversation of a session that is not there', async () => {
  const reply = await house.app.inject('/sessions/nobody/conversation');
  expect([reply.statusCode, reply.json().code]).toEqual([404, 'session_not_found']);
  expect(await house.get('/sessions/session-9/conversation')).toEqual({
    conversations: [],
    entries: [],
    hasMore: false,
  });
});

it('never cuts a character in two', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, length) => {
      const cut = cutText(text, length);
      expect(cut.isWellFormed()).toBe(true);
      expect(text.startsWith(cut)).toBe(true);
      expect(cut.length).toBeLessThanOrEqual(length);
      if (text.length > length) expect(cut.length).toBeGreaterThanOrEqual(length - 1);
    }),
  );
});
