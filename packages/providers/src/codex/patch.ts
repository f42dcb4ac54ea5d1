const header = /^\s*\*\*\* (?:Add File|Update File|Delete File|Move to):\s*(.*?)\s*$/;

/**
 * Files a patch of Codex's own format makes, changes, removes or moves, as written in it. A line of a file that looks
 * like a header counts as one: a file too many is the safe mistake.
 */
export function patchedFiles(patch: string): string[] {
  const found = patch.split(/\r\n?|\n/).flatMap((line) => {
    const path = header.exec(line)?.[1];
    return path ? [path] : [];
  });
  return [...new Set(found)];
}
