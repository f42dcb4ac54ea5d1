import { CodepiperError } from '@codepiper/core/errors.ts';
import { marks } from '@codepiper/core/search/marks.ts';
import { type MarkFilter, toMatch } from '@codepiper/core/search/match.ts';
import { parseSearch, type SearchQuery, SearchQueryError } from '@codepiper/core/search/query.ts';
import { snippetOf } from '@codepiper/core/search/snippet.ts';
import type { Conversation, Entry } from '@codepiper/core/transcripts/conversation.ts';
import type { EntryKind } from '@codepiper/core/transcripts/transcript.ts';
import { entryTexts } from '../db/transcripts/entry-text.ts';
import type { QueryContext, Reader } from '../db/transcripts/reader.ts';
import type { ConversationScope } from '../db/transcripts/scope.ts';
import { rank } from './rank.ts';
import {
  type Candidate,
  type CandidateQuery,
  conversationIds,
  countCandidates,
  findCandidates,
  lastEntry,
  placesOf,
  type SearchPeriod,
  termsBeginning,
} from './search.store.ts';

export interface SearchRequest extends ConversationScope {
  q: string;
  tool?: string | undefined;
  kind?: EntryKind | undefined;
  period: SearchPeriod;
  limit: number;
  cursor?: string | undefined;
}

export interface SearchResult {
  entry: Omit<Entry, 'text'>;
  conversation: Conversation;
  snippet: string[];
}

export interface SearchPage {
  results: SearchResult[];
  cursor: string | null;
  isCapped: boolean;
}

/** How entries and conversations are shown: as everywhere. */
export interface Shown {
  entries(context: QueryContext, ids: readonly number[]): Entry[];
  conversations(db: Reader, ids: readonly number[]): Conversation[];
}

/** As many entries are compared with each other. */
const mostCandidates = 2000;
/** More conversations than this are looked up for each entry, instead of being a part of the match. */
const mostMarks = 200;
/** A beginning of more words is left to FTS5, which looks at every entry with one of them before it finds the first. */
const mostEndings = 600;
/**
 * The match of more phrases, or of words in a row, takes long to begin: it is done once, and its hits are not weighed, for
 * which FTS5 would count the entries of each phrase.
 */
const mostQuick = 100;

/** What the thread that reads runs for search. */
export function searchQueries(shown: Shown) {
  return {
    search: (context: QueryContext, request: SearchRequest) => search(context, request, shown),
  } as const;
}

export type SearchQueries = ReturnType<typeof searchQueries>;

function search(context: QueryContext, request: SearchRequest, shown: Shown): SearchPage {
  const query = parse(request.q);
  const place = placeOf(request.cursor) ?? { lastId: lastEntry(context.db), offset: 0 };
  const asked = toCandidateQuery(context.db, query, request, place.lastId);
  if (asked === null) return { results: [], cursor: null, isCapped: false };
  const { candidates, isCapped } = candidatesOf(context.db, asked);
  const ranked = rank(candidates);
  const end = place.offset + request.limit;
  const page = ranked.slice(place.offset, end);
  return {
    results: toResults(context, page, query, shown),
    cursor: end < ranked.length ? `${place.lastId}-${end}` : null,
    isCapped,
  };
}

function parse(text: string): SearchQuery {
  try {
    return parseSearch(text);
  } catch (error) {
    if (error instanceof SearchQueryError) throw new CodepiperError('invalid_request', error.message);
    throw error;
  }
}

/** The cursor says which entries there were when the first page was asked for, and how many were shown. */
function placeOf(cursor: string | undefined): { lastId: number; offset: number } | null {
  if (cursor === undefined) return null;
  const [lastId, offset] = cursor.split('-').map(Number);
  return { lastId: lastId ?? 0, offset: offset ?? 0 };
}

/** Null when there is no conversation to look in. */
function toCandidateQuery(
  db: Reader,
  { root }: SearchQuery,
  request: SearchRequest,
  lastId: number,
): { asked: CandidateQuery; isSlow: boolean } | null {
  const { session, conversation, workspace, provider, tool, kind, period } = request;
  const ids = conversationIds(db, { session, conversation, workspace }, period);
  if (ids?.length === 0) return null;
  const inMatch = ids !== null && ids.length <= mostMarks;
  const filter: MarkFilter = [
    ...(inMatch ? [ids.map(marks.conversation)] : []),
    ...(provider === undefined ? [] : [[marks.provider(provider)]]),
    ...(kind === undefined ? [] : [[marks.kind(kind)]]),
    ...(tool === undefined ? [] : [[marks.tool(tool)]]),
  ];
  const { text, phrases, hasRows } = toMatch(root, filter, (beginning) => {
    const terms = termsBeginning(db, beginning, mostEndings + 1);
    return terms.length > mostEndings ? null : terms;
  });
  const conversations = inMatch ? null : ids;
  return {
    asked: { match: text, lastId, period, tool: tool ?? null, conversations },
    isSlow: hasRows || phrases > mostQuick,
  };
}

/**
 * All that fit; of many those stored last, and those stored first, for an import begins with what is newest. What fits
 * so much is not weighed: that takes long, and says little.
 */
function candidatesOf(
  db: Reader,
  { asked, isSlow }: { asked: CandidateQuery; isSlow: boolean },
): { candidates: Candidate[]; isCapped: boolean } {
  const limit = mostCandidates;
  if (isSlow) {
    const found = findCandidates(db, asked, { order: 'DESC', limit: limit + 1, isWeighed: false });
    return { candidates: found.slice(0, limit), isCapped: found.length > limit };
  }
  if (countCandidates(db, asked, limit + 1) <= limit) {
    return {
      candidates: findCandidates(db, asked, { order: 'DESC', limit, isWeighed: true }),
      isCapped: false,
    };
  }
  const half = { limit: limit / 2, isWeighed: false };
  const last = findCandidates(db, asked, { order: 'DESC', ...half });
  const first = findCandidates(db, asked, { order: 'ASC', ...half });
  return { candidates: [...last, ...first], isCapped: true };
}

function toResults(
  context: QueryContext,
  page: readonly Candidate[],
  { phrases }: SearchQuery,
  shown: Shown,
): SearchResult[] {
  const ids = page.map(({ id }) => id);
  const entries = shown.entries(context, ids);
  const places = placesOf(context.db, ids);
  const conversations = new Map(
    shown
      .conversations(context.db, [...new Set(entries.map((entry) => entry.conversation))])
      .map((conversation) => [conversation.id, conversation]),
  );
  return entries.flatMap(({ text: _text, ...entry }) => {
    const conversation = conversations.get(entry.conversation);
    const place = places.get(entry.id);
    if (!conversation || !place) return [];
    // One at a time: lines can be very long.
    const [found] = entryTexts(context, [place]);
    return [{ entry, conversation, snippet: snippetOf(found?.text ?? place.preview, phrases) }];
  });
}
