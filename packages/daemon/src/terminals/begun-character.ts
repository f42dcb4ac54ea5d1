/** What xterm's oldest way to report the mouse begins with; three bytes of any value follow. */
const mouse = [0x1b, 0x5b, 0x4d];

/**
 * How many bytes at the end are the beginning of a UTF-8 character of which more is to come. Input need not be UTF-8:
 * bytes of the oldest mouse reports look like such beginnings, and are none.
 */
export function begunCharacter(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const at = bytes.length - length;
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue; // the middle of one
    return characterLength(byte) > length && !isInMouseReport(bytes, at) ? length : 0;
  }
  return 0;
}

/** By its first byte; 1 for one that begins none. */
function characterLength(first: number): number {
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 1;
}

function isInMouseReport(bytes: Uint8Array, at: number): boolean {
  return [3, 4, 5].some((before) => mouse.every((byte, index) => bytes[at - before + index] === byte));
}
