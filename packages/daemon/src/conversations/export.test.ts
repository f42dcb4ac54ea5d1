import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Usage } from '@codepiper/core/analytics/analytics.ts';
import type { Entry } from '@codepiper/core/transcripts/conversation.ts';
import { htmlStyle } from '@codepiper/core/transcripts/export/html-style.ts';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConversationsHouse,
  type EntriesReply,
  openConversations,
} from '../../test/conversations-house.ts';
import { createRedaction } from '../audit/redaction.ts';
import { openTranscriptsReader, readerOf } from '../db/transcripts/open.ts';
import type { Ask, QueryContext } from '../db/transcripts/reader.ts';
import { createServer } from '../http/server.ts';
import { silentLog } from '../log/log.ts';
import { mountExport } from './export.routes.ts';
import { type ExportPage, type ExportQueries, type ExportRequest, exportQueries } from './export.ts';

const none: Usage = {
  ...{
    responses: 0,
    input: 0,
    output: 0,
    cacheRead: 0,
    cacheWrite5m: 0,
    cacheWrite1h: 0,
    reasoning: 0,
    total: 0,
  },
  cacheHitRate: null,
  cost: { usd: 0, isComplete: true, unknownModels: [], unknownTokens: 0 },
};

let house: ConversationsHouse;
let pages: ExportPage[];
let failAt: number | null;
let reader: ReturnType<typeof readerOf>;
beforeEach(async () => {
  house = await openConversations();
  pages = [];
  failAt = null;
  reader = readerOf(openTranscriptsReader(join(house.path, 'transcripts.db')));
  const context: QueryContext = {
    db: reader,
    main: () => reader,
    prices: () => {
      throw new Error('not expected');
    },
    formats: transcriptFormats,
    files: { main: ':memory:', auditKey: '' },
    redact: createRedaction((secret) => String(secret.length)).text,
  };
  const { exportPage } = exportQueries((_, conversations) => ({
    models: [],
    total: { ...none, responses: conversations.length },
  }));
  const ask = (async (_: string, request: ExportRequest) => {
    if (pages.length === failAt) throw new Error('the disk is gone');
    const page = structuredClone(exportPage(context, structuredClone(request)));
    pages.push(page);
    return page;
  }) as Ask<ExportQueries>;
  mountExport(house.app, {
    ask,
    sessions: {
      get: async (ref) => ({ ...(await house.sessions.get(ref)), name: `${ref} token=hunter2secret` }),
    },
    clock: { now: () => 0 },
    log: silentLog,
  });
});
afterEach(async () => {
  await house[Symbol.asyncDispose]();
  reader[Symbol.dispose]();
});

const conversationId = '11111111-2222-4333-8444-555555555555';
const line = (index: number, text: string, type: 'user' | 'assistant' = 'user') =>
  `${JSON.stringify({
    ...{ type, uuid: `u-${index}`, sessionId: conversationId, cwd: '/home/ada/app', version: '2.1.329' },
    timestamp: new Date(1_700_000_000_000 + index * 1000).toISOString(),
    message:
      type === 'user'
        ? { role: 'user', content: text }
        : { role: 'assistant', content: [{ type: 'text', text }] },
  })}\n`;

function place(texts: readonly string[]): void {
  house.place('claude-code', `${conversationId}.jsonl`, texts.map((text, i) => line(i, text)).join(''));
  house.link('session-a', conversationId);
}

async function entries(): Promise<Entry[]> {
  const path = '/sessions/session-a/conversation?limit=1000&text=1000000';
  return (await house.get<EntriesReply>(path)).entries;
}

it('has the entries of the API, of every agent', async () => {
  place(['Mend the parser', 'Thanks']);
  const reply = await house.app.inject('/sessions/session-a/export?format=json');
  expect(reply.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'content-disposition': 'attachment; filename="session-a_token_hunter2secret.json"',
  });
  expect(reply.json()).toMatchObject({
    format: 'codepiper-conversation',
    exportedAt: '1970-01-01T00:00:00.000Z',
    redacted: false,
    conversations: [{ conversationId, provider: 'claude-code' }],
    entries: await entries(),
    count: 2,
    usage: { total: { responses: 1 } },
  });
  const byNumber = await house.app.inject(`/conversations/${conversationId}/export?format=json`);
  expect(byNumber.json()).toMatchObject({ session: null, entries: await entries() });
  const [first] = (await house.app.inject('/sessions/session-a/export')).body.split('\n');
  expect(first).toBe('# session-a token\\=hunter2secret');
});

it('is made page by page, whatever its size, and whole', async () => {
  place(Array.from({ length: 300 }, (_, i) => `${i} ${'lorem ipsum '.repeat(i === 7 ? 100_000 : 700)}`));
  const { entries: told, count } = (await house.app.inject('/sessions/session-a/export?format=json')).json();
  expect(count).toBe(300);
  expect((told as Entry[]).map(({ text }) => text.split(' ', 1)[0])).toEqual(
    Array.from({ length: 300 }, (_, i) => `${i}`),
  );
  expect((told as Entry[])[7]?.text).toHaveLength('7 '.length + 1_200_000 - 1);
  expect(pages.length).toBeGreaterThan(8);
  expect(Math.max(...pages.slice(2).map(({ text }) => text.length))).toBeLessThan(500_000);
});

it('of very many short entries is made in pieces, too: others ask in between', async () => {
  place(Array.from({ length: 1500 }, (_, i) => `${i}`));
  const { count } = (await house.app.inject('/sessions/session-a/export?format=json')).json();
  expect(count).toBe(1500);
  expect(pages.length).toBeGreaterThan(2);
});

it('leaves out what comes while it is made', async () => {
  place(Array.from({ length: 100 }, (_, i) => `${i} ${'lorem ipsum '.repeat(700)}`));
  const before = await entries();
  await house.app.inject('/sessions/session-a/export?format=json');
  const [first] = pages;
  house.place('claude-code', `other/${conversationId}.jsonl`, line(1000, 'later'));
  expect(await entries()).toHaveLength(101);
  expect(first?.cursor?.before).toBe((before.at(-1)?.id ?? 0) + 1);
});

it.each(['markdown', 'json', 'html'])('replaces secrets in %s', async (format) => {
  place(['export API_TOKEN=ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'password: hunter2secret']);
  const plain = (await house.app.inject(`/sessions/session-a/export?format=${format}`)).body;
  expect(plain).toMatch(/ghp.*abcdefghijkl/);
  const { body } = await house.app.inject(`/sessions/session-a/export?format=${format}&redact=true`);
  expect(body).not.toMatch(/abcdefghijkl|hunter2/);
  expect(body.replaceAll('\\', '')).toContain('redacted:');
});

it('the page allows the style it has', async () => {
  place(['Hello']);
  const { body } = await house.app.inject('/sessions/session-a/export?format=html');
  const hash = createHash('sha256').update(htmlStyle).digest('base64');
  expect(body).toContain(`content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'`);
  expect(body).toContain(`<style>${htmlStyle}</style>`);
});

it.each([
  ['/sessions/nobody/export', 404, 'session_not_found'],
  ['/sessions/session-b/export', 404, 'conversation_not_found'],
  ['/conversations/zzz/export', 404, 'conversation_not_found'],
  ['/sessions/session-a/export?format=pdf', 400, 'invalid_request'],
  ['/sessions/session-a/export?redact=maybe', 400, 'invalid_request'],
  ['/conversations/1/export?fromat=html', 400, 'invalid_request'],
])('%s is refused', async (path, status, code) => {
  const reply = await house.app.inject(path);
  expect({ status: reply.statusCode, code: reply.json().code }).toEqual({ status, code });
});

describe('over a connection', () => {
  /** The answer's head; its body is not read yet. */
  async function begin(app = house.app): Promise<IncomingMessage> {
    const socketPath = join(house.path, `s-${pages.length}`);
    await app.listen({ path: socketPath });
    return new Promise((resolve, reject) => {
      get({ socketPath, path: '/sessions/session-a/export' }, resolve).on('error', reject);
    });
  }

  it('breaks when it cannot be finished', async () => {
    place(Array.from({ length: 200 }, () => 'lorem ipsum '.repeat(700)));
    failAt = 3;
    const reply = await begin();
    expect(reply.statusCode).toBe(200);
    let length = 0;
    const reading = (async () => {
      for await (const chunk of reply) length += (chunk as Buffer).length;
    })();
    await expect(reading).rejects.toThrow('aborted');
    expect(length).toBeGreaterThan(0);
  });

  it('is made no faster than it is read, and ends with its reader', async () => {
    let asked = 0;
    const app = createServer({ log: silentLog, authenticate: async () => null });
    const cursor = { conversations: [], since: 0, before: 0, entries: 0, place: null };
    mountExport(app, {
      ask: (async () => {
        asked += 1;
        // Others have their turn in between.
        await new Promise(setImmediate);
        return { text: 'x'.repeat(256_000), cursor };
      }) as unknown as Ask<ExportQueries>,
      sessions: { get: async (ref) => ({ id: ref, name: null }) },
      clock: { now: () => 0 },
      log: silentLog,
    });
    const reply = await begin(app);
    reply.pause();
    let last = -1;
    await waitFor('the export to wait for its reader', () => {
      const isSame = asked === last;
      last = asked;
      return isSame && asked > 0;
    });
    const waiting = asked;
    reply.destroy();
    await app.close();
    expect(asked).toBeLessThanOrEqual(waiting + 1);
  });
});
