/**
 * Whether a reference that may mean a session or a conversation means the conversation of this number, if there is one.
 * The beginning of a session's id may be a number by chance; sessions are shown by eight characters of it at least.
 */
export function isConversationNumber(ref: string): boolean {
  return /^\d{1,7}$/.test(ref);
}
