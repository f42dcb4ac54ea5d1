/** Ways off the alternate screen: DECRST 47, 1047, 1049 among others, and RIS. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences begin with one
const leaves = /\x1b(?:c|\[\?(?:\d+;)*(?:47|1047|1049)(?:;\d+)*l)/;
/** Longest beginning of one that is looked at, in bytes. */
const longest = 32;

/** Looks in a stream for a program that leaves the alternate screen. Sequences may come in pieces. */
export class Leaving {
  #tail = '';

  /** Whether one ends in these bytes, which come behind those before. */
  isIn(bytes: Uint8Array): boolean {
    const text = this.#tail + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    const found = leaves.test(text);
    const begun = text.lastIndexOf('\x1b');
    this.#tail = found || begun < text.length - longest ? '' : text.slice(Math.max(0, begun));
    return found;
  }

  /** What comes next does not follow on what came. */
  forget(): void {
    this.#tail = '';
  }
}
