import {
  localTimezone,
  type Period,
  PeriodError,
  type PeriodRequest,
  resolvePeriod,
} from '@codepiper/core/analytics/periods.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { findNamed } from '@codepiper/core/transcripts/conversation-ref.ts';

/** Finds what a reference of a request may name. */
export interface NamedParts {
  sessions: {
    /** @throws CodepiperError `session_not_found`, `session_ambiguous` */
    get(ref: string): Promise<{ id: string; name: string | null }>;
  };
  conversations: {
    /** @throws CodepiperError `conversation_not_found`, `conversation_ambiguous` */
    get(ref: string): Promise<{ id: number }>;
  };
}

/** Whose entries a request means. @throws CodepiperError as `findNamed` does */
export async function readScope(
  { sessions, conversations }: NamedParts,
  ref: string,
): Promise<{ session: string } | { conversation: number }> {
  const found = await findNamed(ref, {
    session: (name) => sessions.get(name),
    conversation: (name) => conversations.get(name),
  });
  return 'session' in found ? { session: found.session.id } : { conversation: found.conversation.id };
}

/**
 * The period a request means, in the machine's time zone unless it names one.
 *
 * @param now milliseconds since the epoch
 * @throws CodepiperError `invalid_request`
 */
export function readPeriod(request: PeriodRequest, now: number): Period {
  try {
    return resolvePeriod(request, now, localTimezone());
  } catch (error) {
    if (error instanceof PeriodError) throw new CodepiperError('invalid_request', error.message);
    throw error;
  }
}
