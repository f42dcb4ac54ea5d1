/** An error in words for people. Those of the daemon say what to do. */
export function wordsOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
