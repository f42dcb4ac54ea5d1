import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { searchEndpoints } from '@codepiper/core/search/search.endpoints.ts';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { conversationsById } from '../src/conversations/conversations.store.ts';
import { entriesWithoutText } from '../src/conversations/entries.ts';
import { openReader } from '../src/db/transcripts/open.ts';
import type { Ask, QueryContext } from '../src/db/transcripts/reader.ts';
import { mountEndpoints } from '../src/http/mount.ts';
import { createServer } from '../src/http/server.ts';
import { silentLog } from '../src/log/log.ts';
import { searchHandlers } from '../src/search/search.routes.ts';
import { type SearchPage, type SearchQueries, searchQueries } from '../src/search/search.ts';
import { type ConversationsHouse, openConversations } from './conversations-house.ts';

/** One thing in a conversation with Claude Code. */
export interface Said {
  kind?: 'prompt' | 'answer' | 'tool_call' | 'tool_result';
  text: string;
  /** Of a call. */
  tool?: string;
  /** Joins a call and its result. */
  call?: string;
  /** ISO 8601. */
  at?: string;
  /** The same in copies. */
  uuid?: string;
}

export interface SearchHouse extends AsyncDisposable {
  readonly conversations: ConversationsHouse;
  /** Writes a conversation and reads it. Returns its path. */
  say(conversationId: string, said: readonly (Said | string)[], cwd?: string): string;
  search(query: Record<string, string | number>): Promise<SearchPage>;
  /** The texts of the first page's hits, put together again. */
  find(q: string, more?: Record<string, string | number>): Promise<string[]>;
  status(query: Record<string, string>): Promise<{ code: number; message: string }>;
}

/** Search as the daemon serves it, in a transcripts.db that ingestion wrote. */
export async function openSearch(): Promise<SearchHouse> {
  const conversations = await openConversations();
  const db = openReader(join(conversations.path, 'transcripts.db'));
  const unused = () => {
    throw new Error('not expected');
  };
  const context: QueryContext = {
    ...{
      db,
      formats: transcriptFormats,
      files: { main: ':memory:', auditKey: '' },
      main: unused,
      prices: unused,
      redact: unused,
    },
  };
  const queries = searchQueries({ entries: entriesWithoutText, conversations: conversationsById });
  const ask: Ask<SearchQueries> = async (name, args) =>
    // The name belongs to the arguments.
    (queries[name] as (context: QueryContext, args: unknown) => never)(context, args);
  const app = createServer({ log: silentLog, authenticate: async () => null });
  const clock = { now: () => Date.parse('2026-11-21T12:00:00Z') };
  const handlers = searchHandlers({
    ...{ ask, clock, sessions: conversations.sessions },
    conversations: {
      get: async (ref) => (await conversations.ask('conversation', { ref })).conversation,
    },
  });
  mountEndpoints(app, searchEndpoints, handlers, { validateReplies: true });
  const inject = (query: Record<string, string | number>) =>
    app.inject({
      path: '/search',
      query: Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)])),
    });
  const house: SearchHouse = {
    conversations,
    say: (id, said, cwd = '/home/ada/app') =>
      conversations.place('claude-code', `p/${id}.jsonl`, said.map((one) => line(id, cwd, one)).join('')),
    async search(query) {
      const reply = await inject(query);
      if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`);
      return reply.json<SearchPage>();
    },
    async find(q, more = {}) {
      const { results } = await house.search({ q, ...more });
      return results.map(({ snippet }) => snippet.join(''));
    },
    async status(query) {
      const reply = await inject(query);
      return { code: reply.statusCode, message: reply.json<{ error?: string }>().error ?? '' };
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      db[Symbol.dispose]();
      await conversations[Symbol.asyncDispose]();
    },
  };
  return house;
}

function line(sessionId: string, cwd: string, said: Said | string): string {
  const {
    kind = 'prompt',
    text,
    tool = 'Bash',
    call = 'c',
    at,
    uuid,
  } = typeof said === 'string' ? { text: said } : said;
  const common = {
    ...{ uuid: uuid ?? randomUUID(), timestamp: at ?? '2026-11-20T10:00:00.000Z', cwd, sessionId },
    ...{ version: '2.1.329', gitBranch: 'main' },
  };
  const user = (content: unknown, more = {}) => ({
    type: 'user',
    ...more,
    message: { role: 'user', content },
  });
  const assistant = (block: unknown) => ({
    type: 'assistant',
    message: { id: randomUUID(), model: 'claude-opus-5-5', content: [block] },
  });
  const lines = {
    prompt: () => user(text, { promptId: randomUUID(), promptSource: 'typed' }),
    answer: () => assistant({ type: 'text', text }),
    tool_call: () => assistant({ type: 'tool_use', id: call, name: tool, input: { command: text } }),
    tool_result: () => user([{ type: 'tool_result', tool_use_id: call, content: text }]),
  };
  return `${JSON.stringify({ ...common, ...lines[kind]() })}\n`;
}
