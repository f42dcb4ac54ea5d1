/** What bytes say about a character that is cut by their end. */
export type Seam = Uint8Array | 'unknown';

/** Whether a byte goes on with a UTF-8 character that has begun before it. */
export function goesOn(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/**
 * The beginning of a UTF-8 character at the end of some bytes, empty when they end with a whole one; `unknown` when
 * they are too short to say.
 */
export function seamOf(bytes: Uint8Array): Seam {
  for (let length = 1; length <= Math.min(4, bytes.length); length++) {
    const byte = bytes[bytes.length - length] ?? 0;
    if (goesOn(byte)) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > length ? bytes.subarray(-length) : new Uint8Array();
  }
  return bytes.length >= 4 ? new Uint8Array() : 'unknown';
}

/** The last bytes of a stream that are needed to say what its end cuts: a copy, not a hold on all it was read with. */
export function tailOf(before: Uint8Array, bytes: Uint8Array): Uint8Array {
  const news = bytes.subarray(-4);
  const tail = new Uint8Array(Math.min(4, before.length + news.length));
  const old = tail.length - news.length;
  for (let index = 0; index < old; index++) tail[index] = before[before.length - old + index] ?? 0;
  tail.set(news, old);
  return tail;
}
