/** The last bytes of a run: nothing else looks like them. */
export const endMark = '\x1b]7;the end\x07';

/** Lines like an agent's, each with its number, and the mark. */
export function numberedLines(totalBytes: number): Buffer {
  const lines: string[] = [];
  for (let size = 0, number = 0; size < totalBytes; number++) {
    const words = `\x1b[3${number % 8}m${number}\x1b[0m the agent says something of this length ⏺ ─────`;
    const line = `${words.slice(0, 40 + (number % 40))}\r\n`;
    lines.push(line);
    size += Buffer.byteLength(line);
  }
  return Buffer.from(`${lines.join('')}${endMark}`);
}
