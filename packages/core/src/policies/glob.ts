/** What is wrong with a pattern, as the end of a sentence; null when nothing is. */
export function globProblem(_pattern: string): string | null {
  return null;
}
