import type { ModelUsage } from '@codepiper/core/analytics/analytics.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Conversation, Entry } from '@codepiper/core/transcripts/conversation.ts';
import { type ExportFormat, type ExportPlace, placeOf } from '@codepiper/core/transcripts/export/document.ts';
import { exportRenderers } from '@codepiper/core/transcripts/export/renderers.ts';
import type { QueryContext } from '../db/transcripts/reader.ts';
import { conversationsById, idsOfSession, idsWithSubAgents, turnOf } from './conversations.store.ts';
import { findOne } from './conversations.ts';
import { newestEntry } from './entries.store.ts';
import { entryPage } from './entries.ts';

export interface ExportRequest {
  /** A session, or what names a conversation. */
  of: { session: { id: string; name: string | null } } | { conversation: string };
  format: ExportFormat;
  /** Replace secrets. */
  redact: boolean;
  /** ISO 8601. */
  exportedAt: string;
  /** What the page before said; null for the first. */
  cursor: ExportCursor | null;
}

/** How far an export has come. */
interface ExportCursor {
  conversations: readonly number[];
  /** The last entry that is told, and how many are. */
  since: number;
  entries: number;
  /** Behind the last one that was there when it began: what comes meanwhile is left out. */
  before: number;
  place: ExportPlace | null;
}

export interface ExportPage {
  text: string;
  /** Null behind the last page. */
  cursor: ExportCursor | null;
}

/** A page ends behind the entries that make it longer than this, in characters, or more: others ask in between. */
const pageLength = 256_000;
const pageEntries = 480;
/** Entries that are read at once, at first, for they may be long; while they are short, each time twice as many. */
const fewAtOnce = 16;

/** The query for a page of an export. @param usageOf what conversations used */
export function exportQueries(
  usageOf: (context: QueryContext, conversations: readonly number[]) => Pick<ModelUsage, 'models' | 'total'>,
) {
  return {
    exportPage: (context: QueryContext, request: ExportRequest): ExportPage => {
      const renderer = exportRenderers[request.format];
      const redacted = redactionOf(context, request);
      let { cursor } = request;
      let text = '';
      let told = 0;
      let atOnce = fewAtOnce;
      if (cursor === null) {
        cursor = begin(context, request);
        text = renderer.head({
          exportedAt: request.exportedAt,
          redacted: request.redact,
          session: 'session' in request.of ? redacted.session(request.of.session) : null,
          conversations: conversationsById(context.db, cursor.conversations).map(redacted.conversation),
        });
      }
      for (;;) {
        const { since, before, conversations: ids } = cursor;
        const query = {
          since,
          before,
          limit: atOnce,
          order: 'asc',
          text: Number.MAX_SAFE_INTEGER,
        } as const;
        const page = entryPage(context, ids, query);
        const conversations = new Map(page.conversations.map((one) => [one.id, redacted.conversation(one)]));
        for (const entry of page.entries) {
          const conversation = conversations.get(entry.conversation);
          if (!conversation) continue;
          const exported = { entry: redacted.entry(entry), conversation, turn: null };
          const place = placeOf(exported, cursor.place);
          // Looked up where it is told only.
          const isTold = place.turn !== null && place.turn !== cursor.place?.turn;
          const isOther = place.conversation !== cursor.place?.conversation;
          const turn = isTold || isOther ? turnOf(context.db, entry.id) : null;
          text += renderer.entry({ ...exported, turn }, cursor.place);
          cursor = { ...cursor, since: entry.id, entries: cursor.entries + 1, place };
          told += 1;
          // The others that were read are read again: they may be long, and secrets take long to find.
          if (text.length >= pageLength || told >= pageEntries) return { text, cursor };
        }
        if (!page.hasMore) {
          const usage = usageOf(context, ids);
          return { text: text + renderer.tail({ entries: cursor.entries, usage }), cursor: null };
        }
        atOnce *= 2;
      }
    },
  } as const;
}

export type ExportQueries = ReturnType<typeof exportQueries>;

/** @throws CodepiperError `conversation_not_found`, `conversation_ambiguous` */
function begin({ db }: QueryContext, { of }: ExportRequest): ExportCursor {
  const conversations =
    'session' in of ? idsOfSession(db, of.session.id) : idsWithSubAgents(db, findOne(db, of.conversation).id);
  if ('session' in of && conversations.length === 0) {
    throw new CodepiperError(
      'conversation_not_found',
      `Session ${of.session.name ?? of.session.id} has no conversation: its agent keeps none, or nothing was said yet.`,
    );
  }
  return { conversations, since: 0, entries: 0, before: newestEntry(db) + 1, place: null };
}

interface Redacted {
  session(session: { id: string; name: string | null }): { id: string; name: string | null };
  conversation(conversation: Conversation): Conversation;
  entry(entry: Entry): Entry;
}

function redactionOf(context: QueryContext, { redact }: ExportRequest): Redacted {
  if (!redact) return { session: (one) => one, conversation: (one) => one, entry: (one) => one };
  const hide = (text: string | null): string | null => (text === null ? null : context.redact(text));
  return {
    session: ({ id, name }) => ({ id, name: hide(name) }),
    conversation: (one) => ({ ...one, title: hide(one.title), cwd: hide(one.cwd), branch: hide(one.branch) }),
    entry: (one) => {
      const text = context.redact(one.text);
      return { ...one, text, length: one.length === null ? null : text.length, path: hide(one.path) };
    },
  };
}
