import type { Clock } from '@codepiper/core/clock.ts';
import type { searchEndpoints } from '@codepiper/core/search/search.endpoints.ts';
import type { Ask } from '../db/transcripts/reader.ts';
import { type NamedParts, readPeriod, readScope } from '../db/transcripts/request.ts';
import type { Handlers } from '../http/mount.ts';
import type { SearchPeriod } from './search.store.ts';
import type { SearchQueries } from './search.ts';

export interface SearchParts extends NamedParts {
  ask: Ask<SearchQueries>;
  clock: Clock;
}

export function searchHandlers({ ask, clock, ...named }: SearchParts): Handlers<typeof searchEndpoints> {
  return {
    search: async ({ query: { session, since, until, ...query } }) =>
      ask('search', {
        ...query,
        period: periodOf({ since, until }, clock.now()),
        ...(session === undefined ? {} : await readScope(named, session)),
      }),
  };
}

function periodOf(
  words: { since: string | undefined; until: string | undefined },
  now: number,
): SearchPeriod {
  const isAll = words.since === undefined && words.until === undefined;
  return isAll ? { since: null, until: null } : readPeriod(words, now);
}
