/** Longest part of a line that is looked for; panes are rarely narrower than this. */
const needleLength = 60;

/** What to look for on the screen: the end of the last line that says something. */
export function echoNeedle(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const last = lines.findLast((line) => line !== '') ?? '';
  return squeeze(last).slice(-needleLength);
}

/** How often the needle stands in a capture. White space does not count: panes wrap and expand tabs. */
export function countEchoes(capture: string, needle: string): number {
  if (needle === '') return 0;
  const text = squeeze(capture);
  let count = 0;
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) count += 1;
  return count;
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, '');
}
