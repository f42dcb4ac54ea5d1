import {
  localTimezone,
  type Period,
  PeriodError,
  type PeriodRequest,
  resolvePeriod,
} from '@codepiper/core/analytics/periods.ts';
import { CodepiperError, type ErrorCode } from '@codepiper/core/errors.ts';
import { isConversationNumber } from '@codepiper/core/transcripts/conversation-ref.ts';

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

/**
 * Whose entries a request means: a session's, else a conversation's. Conversations that codepiper did not start have no
 * session: they are named by their own ids. A short number is a conversation's, unless a session has it for a name.
 *
 * @throws CodepiperError `session_not_found` when it names neither, `session_ambiguous`, `conversation_ambiguous`
 */
export async function readScope(
  { sessions, conversations }: NamedParts,
  ref: string,
): Promise<{ session: string } | { conversation: number }> {
  const session = await orError(sessions.get(ref), ['session_not_found', 'session_ambiguous']);
  if (!isConversationNumber(ref)) {
    if (!(session instanceof CodepiperError)) return { session: session.id };
    if (session.code === 'session_ambiguous') throw session;
  } else if (!(session instanceof CodepiperError) && session.name === ref) return { session: session.id };
  const conversation = await orError(conversations.get(ref), ['conversation_not_found']);
  if (!(conversation instanceof CodepiperError)) return { conversation: conversation.id };
  if (session instanceof CodepiperError) throw session;
  return { session: session.id };
}

/** What the promise brings; of the errors named, the error. */
async function orError<T>(promise: Promise<T>, codes: readonly ErrorCode[]): Promise<T | CodepiperError> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof CodepiperError && codes.includes(error.code)) return error;
    throw error;
  }
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
