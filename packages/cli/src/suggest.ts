/** The known word that was most likely meant: one that it begins, else the nearest; undefined when none is near. */
export async function suggest(word: string, known: readonly string[]): Promise<string | undefined> {
  const begun = word.length > 1 ? known.find((candidate) => candidate.startsWith(word)) : undefined;
  if (begun !== undefined) return begun;
  // Only mistakes need it.
  const { nearest } = await import('@codepiper/daemon/platform/nearest.ts');
  return nearest(word, known);
}
