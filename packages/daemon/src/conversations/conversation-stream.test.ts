import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Entry } from '@codepiper/core/transcripts/conversation.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ConversationsHouse, openConversations } from '../../test/conversations-house.ts';
import { silentLog } from '../log/log.ts';
import { type ConversationStreamOptions, mountConversationStream } from './conversation-stream.routes.ts';

const first = '11111111-1111-4111-8111-111111111111';
const second = '22222222-2222-4222-8222-222222222222';
const codexParent = '01a1fc7c-bd21-7142-b139-e10b5f33523a';
const codexChild = '01a1fc7d-00c8-77d3-a683-60e61431976e';

let house: ConversationsHouse;
let held = 0;
const clients: Socket[] = [];
beforeEach(async () => {
  house = await openConversations();
  held = 0;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await house[Symbol.asyncDispose]();
});

async function serve(options: Partial<ConversationStreamOptions> = {}): Promise<void> {
  mountConversationStream(house.app, {
    queries: {
      ask: house.ask,
      hold() {
        held += 1;
        return () => {
          held -= 1;
        };
      },
    },
    transcripts: {
      listen(listener) {
        house.listeners.add(listener);
        return () => void house.listeners.delete(listener);
      },
    },
    sessions: house.sessions,
    log: silentLog,
    ...options,
  });
  await house.app.listen({ path: join(house.path, 's') });
}

let lastLine = 0;
const line = (conversation: string, text: string): string => {
  lastLine += 1;
  const base = { type: 'user', uuid: `u${lastLine}`, sessionId: conversation, promptSource: 'typed' };
  const at = new Date(1_800_000_000_000 + lastLine).toISOString();
  return `${JSON.stringify({ ...base, timestamp: at, message: { role: 'user', content: text } })}\n`;
};

/** What ingestion says once it has stored something. */
function committed(conversationId: string, entries = 1): void {
  const [row] = house.ingest.rows<{ id: number; sessions: string }>(
    `SELECT id, (SELECT json_group_array(session_id) FROM session_conversations s WHERE s.conversation = c.id) AS sessions
       FROM conversations c WHERE conversation_id = ?`,
    conversationId,
  );
  const news = {
    conversation: row?.id ?? 0,
    conversationId,
    provider: 'claude-code',
    lastEntry: 0,
    responses: 0,
  };
  for (const listener of house.listeners) {
    listener({ ...news, sessionIds: JSON.parse(row?.sessions ?? '[]') as string[], entries });
  }
}

/** Says something in a conversation of Claude Code, as the agent does: a line more in its file. */
function say(conversation: string, ...texts: string[]): void {
  const path = join(house.path, 'claude-code', `p/${conversation}.jsonl`);
  const lines = texts.map((text) => line(conversation, text)).join('');
  if (house.ingest.rows('SELECT 1 FROM files WHERE path = ?', path).length === 0) {
    house.place('claude-code', `p/${conversation}.jsonl`, lines);
  } else {
    appendFileSync(path, lines);
    house.ingest.readAll([path], 'claude-code');
  }
  committed(conversation);
}

/** A reader of the stream that remembers entries in the order they came. */
async function open(query = '', headers: Record<string, string> = {}) {
  const path = `/sessions/session-1/conversation/stream${query}`;
  const call = request({ socketPath: join(house.path, 's'), path, headers });
  call.end();
  const [reply] = (await once(call, 'response')) as [IncomingMessage];
  clients.push(reply.socket);
  let text = '';
  let ended = false;
  reply.setEncoding('utf8');
  reply.on('data', (chunk: string) => {
    text += chunk;
  });
  reply.on('close', () => {
    ended = true;
  });
  reply.on('error', () => {});
  const frames = () =>
    [...text.matchAll(/^event: entry\nid: (\d+)\ndata: (.*)\n\n/gm)].map((match) => ({
      id: Number(match[1]),
      entry: JSON.parse(match[2] ?? '') as Entry,
    }));
  return {
    reply,
    text: () => text,
    frames,
    said: () => frames().map(({ entry }) => entry.text),
    ids: () => frames().map(({ id }) => id),
    ended: () => ended,
    cut: () => reply.destroy(),
  };
}

it('sends what is said from now on, with its ids', async () => {
  say(first, 'before');
  house.link('session-1', first);
  await serve();
  const reader = await open();
  expect(reader.reply.headers['content-type']).toContain('text/event-stream');
  say(first, 'hello', 'again');
  await waitFor('two entries', () => reader.frames().length === 2);
  expect(reader.said()).toEqual(['hello', 'again']);
  expect(reader.frames()[0]).toMatchObject({ id: reader.frames()[0]?.entry.id, entry: { kind: 'prompt' } });
});

it('goes on after a cut, where the reader was, and loses and doubles nothing while it is away', async () => {
  say(first, 'one');
  house.link('session-1', first);
  await serve();
  let before = await open('?since=0');
  const ids: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    say(first, `a${round}`);
    const reader = before;
    await waitFor('an entry', () => reader.ids().length > 0);
    before.cut();
    ids.push(...reader.ids());
    say(first, ...Array.from({ length: round * 12 }, (_, n) => `b${round}.${n}`));
    before = await open(round % 2 ? `?since=${ids.at(-1)}` : '?since=0', {
      ...(round % 2 ? {} : { 'last-event-id': String(ids.at(-1)) }),
    });
  }
  say(first, 'the end');
  await waitFor('the end', () => before.said().at(-1) === 'the end');
  ids.push(...before.ids());
  const stored = house.ingest.rows<{ id: number }>('SELECT id FROM entries ORDER BY id');
  expect(ids).toEqual(stored.map(({ id }) => id));
  expect(ids.length).toBeGreaterThan(2000);
});

it('follows the session into its next conversation, and says nothing of others', async () => {
  say(first, 'before');
  house.link('session-1', first);
  await serve();
  const reader = await open();
  say('99999999-9999-4999-8999-999999999999', 'of somebody else');
  say(first, 'old');
  house.place('claude-code', `p/${second}.jsonl`, '');
  house.link('session-1', second);
  say(second, 'cleared');
  say(second, 'new');
  await waitFor('three entries', () => reader.frames().length === 3);
  expect(reader.said()).toEqual(['old', 'cleared', 'new']);
});

it('goes on when the newest entries were removed meanwhile', async () => {
  say(first, 'old');
  house.link('session-1', first);
  say(second, 'one', 'two', 'three');
  await serve();
  const reader = await open();
  say(first, 'here');
  await waitFor('the first', () => reader.said().length === 1);
  // As a file that is replaced, or retention, takes them away.
  house.ingest.db.prepare("DELETE FROM entries WHERE preview <> 'old'").run();
  say(first, 'next');
  await waitFor('the next', () => reader.said().length === 2);
  expect(reader.said()).toEqual(['here', 'next']);
  expect(reader.ids()[1]).toBeGreaterThan(reader.ids()[0] ?? 0);
});

it('tells of an agent that the session’s agent started', async () => {
  const rollout = (id: string) => `2026/11/21/rollout-2026-11-21T05-00-00-${id}.jsonl`;
  house.record('codex', 'tui-all-events', rollout(codexParent));
  house.link('session-1', codexParent);
  await serve();
  const reader = await open();
  house.record('codex', 'subagent-child', rollout(codexChild));
  committed(codexChild, 4);
  await waitFor('the sub-agent', () => reader.said()[0] === 'RUN echo from-subagent');
});

it('sends what is asked for only, cut as asked', async () => {
  house.record('claude-code', 'basic-tools', `p/${first}.jsonl`);
  house.link('session-1', first);
  await serve();
  const reader = await open('?since=0&kind=tool_call,tool_result&text=4');
  await waitFor('entries', () => reader.frames().length > 10);
  expect(new Set(reader.frames().map(({ entry }) => entry.kind))).toEqual(
    new Set(['tool_call', 'tool_result']),
  );
  expect(reader.said().every((text) => text.length <= 4)).toBe(true);
  // Behind entries that were passed over, too.
  const prompts = await open('?kind=prompt');
  house.record('claude-code', 'deny-interrupt-hooks', `p/${second}.jsonl`);
  house.link('session-1', second);
  committed(second);
  await waitFor('a prompt', () => prompts.said().includes('SLOW 8'));
  say(second, 'and one more');
  await waitFor('the next prompt', () => prompts.said().at(-1) === 'and one more');
  expect(new Set(prompts.ids()).size).toBe(prompts.ids().length);
});

it('keeps a quiet connection open, and the thread that answers', async () => {
  await serve({ heartbeatMs: 5 });
  const reader = await open();
  await waitFor('heartbeats', () => reader.text().split(': alive\n\n').length > 3);
  expect(held).toBe(1);
  reader.cut();
  await waitFor('the thread to be let go', () => held === 0);
  expect(house.listeners.size).toBe(0);
});

it('closes a reader that does not read, and serves the others', async () => {
  say(first, 'one');
  house.link('session-1', first);
  await serve({ stallMs: 50 });
  const stalled = connect(join(house.path, 's'));
  clients.push(stalled);
  stalled.on('error', () => {});
  stalled.write('GET /sessions/session-1/conversation/stream?since=0 HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(stalled, 'readable');
  say(first, ...Array.from({ length: 200 }, () => 'x'.repeat(20_000)));
  const last = house.ingest.rows<{ id: number }>('SELECT max(id) AS id FROM entries')[0]?.id ?? 0;
  const good = await open(`?since=${last - 1}`);
  await waitFor('the server to hang up', async () => {
    const count = await new Promise<number>((resolve) =>
      house.app.server.getConnections((_, connections) => resolve(connections)),
    );
    return count === 1;
  });
  expect(good.ids()).toEqual([last]);
});

it('ends its streams when the server closes', async () => {
  await serve();
  const reader = await open();
  await house.app.close();
  await waitFor('the end', () => reader.ended());
  expect(held).toBe(0);
});

it.each(['?since=-1', '?since=x', '?kind=nonsense', '?sinc=1', '?limit=1'])('refuses %s', async (query) => {
  await serve();
  const reply = await house.app.inject(`/sessions/session-1/conversation/stream${query}`);
  expect([reply.statusCode, reply.json().code]).toEqual([400, 'invalid_request']);
  expect(held).toBe(0);
});

it('refuses a Last-Event-ID that is none, and a session that is not there', async () => {
  await serve();
  const url = '/sessions/session-1/conversation/stream';
  const reply = await house.app.inject({ url, headers: { 'last-event-id': 'abc' } });
  expect(reply.statusCode).toBe(400);
  const none = await house.app.inject('/sessions/nobody/conversation/stream');
  expect([none.statusCode, none.json().code]).toEqual([404, 'session_not_found']);
});
