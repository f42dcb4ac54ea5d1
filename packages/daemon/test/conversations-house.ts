import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { conversationEndpoints } from '@codepiper/core/transcripts/conversation.endpoints.ts';
import type { Conversation, Entry } from '@codepiper/core/transcripts/conversation.ts';
import { transcriptFormats } from '@codepiper/providers/transcript-formats.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import type { FastifyInstance } from 'fastify';
import { conversationHandlers } from '../src/conversations/conversations.routes.ts';
import { type ConversationQueries, conversationQueries } from '../src/conversations/conversations.ts';
import { openTranscriptsReader, readerOf } from '../src/db/transcripts/open.ts';
import type { Ask, QueryContext } from '../src/db/transcripts/reader.ts';
import { mountEndpoints } from '../src/http/mount.ts';
import { createServer } from '../src/http/server.ts';
import { silentLog } from '../src/log/log.ts';
import type { CommittedListener } from '../src/transcripts/transcripts.service.ts';
import { type IngestHouse, openIngest } from './transcripts/ingest-house.ts';

type Agent = 'claude-code' | 'codex';

/** Conversations as the daemon serves them, from a transcripts.db that ingestion wrote. */
export interface ConversationsHouse extends AsyncDisposable {
  readonly path: string;
  readonly ingest: IngestHouse;
  readonly app: FastifyInstance;
  readonly ask: Ask<ConversationQueries>;
  readonly listeners: Set<CommittedListener>;
  /** Sessions that are known: names to whole ids. */
  readonly sessions: { get(ref: string): Promise<{ id: string; name: string | null }> };
  /** Puts a transcript where its agent does, and reads it. Returns its path. */
  place(agent: Agent, name: string, content: string): string;
  /** The same with one of the recorded conversations. */
  record(agent: Agent, fixture: string, name: string): string;
  link(session: string, conversationId: string): void;
  get<Reply>(path: string): Promise<Reply>;
}

export interface EntriesReply {
  conversations: Conversation[];
  entries: Entry[];
  hasMore: boolean;
}

export async function openConversations(): Promise<ConversationsHouse> {
  const temp = await makeTempDir();
  const ingest = openIngest(temp.path, transcriptFormats);
  const db = readerOf(openTranscriptsReader(join(temp.path, 'transcripts.db')));
  const unused = () => {
    throw new Error('not expected');
  };
  const context: QueryContext = {
    db,
    main: unused,
    prices: unused,
    formats: transcriptFormats,
    files: { main: ':memory:', auditKey: '' },
    redact: unused,
  };
  const ask: Ask<ConversationQueries> = async (name, args) =>
    // The name belongs to the arguments.
    (conversationQueries[name] as (context: QueryContext, args: unknown) => never)(context, args);
  const sessions = {
    async get(ref: string) {
      if (ref.startsWith('session-')) return { id: ref, name: null };
      throw new CodepiperError('session_not_found', `No session has the id "${ref}".`);
    },
  };
  const app = createServer({ log: silentLog, authenticate: async () => null });
  mountEndpoints(app, conversationEndpoints, conversationHandlers({ ask, sessions }), {
    validateReplies: true,
  });
  const house: ConversationsHouse = {
    path: temp.path,
    ingest,
    app,
    ask,
    listeners: new Set(),
    sessions,
    place(agent, name, content) {
      const path = join(temp.path, agent, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      ingest.readAll([path], agent);
      return path;
    },
    record: (agent, fixture, name) =>
      house.place(agent, name, readFileSync(recorded(agent, fixture), 'utf8')),
    link(session, conversationId) {
      ingest.db
        .prepare(
          'INSERT INTO session_conversations SELECT ?, id FROM conversations WHERE conversation_id = ?',
        )
        .run(session, conversationId);
    },
    async get<Reply>(path: string) {
      const reply = await app.inject(path);
      if (reply.statusCode !== 200) throw new Error(`${path}: ${reply.statusCode} ${reply.body}`);
      return reply.json<Reply>();
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      db[Symbol.dispose]();
      ingest[Symbol.dispose]();
      await temp[Symbol.asyncDispose]();
    },
  };
  return house;
}

function recorded(agent: Agent, fixture: string): string {
  return resolve(
    import.meta.dirname,
    '../../providers/src',
    agent,
    'fixtures/conversations',
    `${fixture}.jsonl`,
  );
}
