/**
 * A shell command that makes so many changes to its screen, of which none may be missing, doubled or out of order, and
 * then waits.
 *
 * @param until a file without which it goes on making them
 */
export function screenFlood(steps: number, until = '/'): string {
  const program = `
const { existsSync } = require('node:fs');
let seed = 7;
const random = (n) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff, Math.floor(seed / 65536) % n);
const word = () => ['äöü', 'plain', '─│┼', 'x', '⏺ …'][random(5)];
// After lines were inserted or deleted terminals differ in where the cursor is.
const column = () => '\\x1b[' + (1 + random(100)) + 'G';
const step = () => {
  const to = '\\x1b[' + (1 + random(30)) + ';' + (1 + random(100)) + 'H';
  const n = 1 + random(4);
  return to + ['', '\\x1b[' + n + '@', '\\x1b[' + n + 'P', '\\x1b[' + n + 'L' + column(), '\\x1b[' + n + 'M' + column(), '\\x1b[' + n + 'X'][random(6)] + word() +
    (random(9) ? '' : '\\x1b[' + (1 + random(10)) + ';' + (15 + random(15)) + 'r\\x1b[H\\x1bM\\x1b[r');
};
let left = ${steps};
const go = () => {
  let text = '';
  if (left <= 400 && !existsSync(${JSON.stringify(until)})) left += 400;
  for (let n = 0; n < 400 && left > 0; n++, left--) text += step();
  if (left === 0) text += '\\x1b[30;1H\\x1b[K  the end of it';
  process.stdout.write(text, () => left > 0 ? setTimeout(go, 4) : setInterval(() => {}, 1e6));
};
go();
`;
  return `exec node -e '${program.replaceAll("'", "'\\''")}'`;
}
