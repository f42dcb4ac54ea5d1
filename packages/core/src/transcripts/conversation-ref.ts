import { CodepiperError, type ErrorCode } from '../errors.ts';

/** Looks a reference up as one or the other. */
export interface Lookups<Session, Conversation> {
  /** @throws CodepiperError `session_not_found`, `session_ambiguous` */
  session(ref: string): Promise<Session>;
  /** @throws CodepiperError `conversation_not_found`, `conversation_ambiguous` */
  conversation(ref: string): Promise<Conversation>;
}

/** The beginning of a session's id may be a number by chance; sessions are shown by eight characters of it at least. */
const conversationNumber = /^\d{1,7}$/;

/**
 * What a reference names: a session, else a conversation. Conversations that codepiper did not start have no session:
 * they are named by their own ids. A short number is a conversation's, unless a session has it for a name.
 *
 * @throws CodepiperError `session_not_found` when it names neither, `session_ambiguous`, `conversation_ambiguous`
 */
export async function findNamed<Session extends { name: string | null }, Conversation>(
  ref: string,
  lookups: Lookups<Session, Conversation>,
): Promise<{ session: Session } | { conversation: Conversation }> {
  const session = await orError(lookups.session(ref), ['session_not_found', 'session_ambiguous']);
  if (!conversationNumber.test(ref)) {
    if (!(session instanceof CodepiperError)) return { session };
    if (session.code === 'session_ambiguous') throw session;
  } else if (!(session instanceof CodepiperError) && session.name === ref) return { session };
  const conversation = await orError(lookups.conversation(ref), ['conversation_not_found']);
  if (!(conversation instanceof CodepiperError)) return { conversation };
  if (session instanceof CodepiperError) throw session;
  return { session };
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
