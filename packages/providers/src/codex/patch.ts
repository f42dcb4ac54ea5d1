/** White space as Codex, in Rust, trims it: with the next-line character, and without the byte order mark. */
const space = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const header = /^\*\*\* (?:Add File|Update File|Delete File|Move to):/;

/**
 * Files a patch of Codex's own format makes, changes, removes or moves, as written in it. A line of a file that looks
 * like a header counts as one: a file too many is the safe mistake.
 */
export function patchedFiles(patch: string): string[] {
  // Lines end at a line feed alone: a carriage return in the middle of one belongs to the path.
  const found = patch.split('\n').flatMap((line) => {
    const text = trim(line);
    const found = header.exec(text)?.[0];
    const path = found === undefined ? '' : trim(text.slice(found.length));
    return path === '' ? [] : [path];
  });
  return [...new Set(found)];
}

function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && space.test(text.charAt(start))) start += 1;
  while (end > start && space.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
