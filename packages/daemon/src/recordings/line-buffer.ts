import { isUtf8 } from 'node:buffer';

const firstSize = 1 << 12;

/** Lines of asciicast, gathered as bytes. Takes no memory while it is empty: there is one for each recording. */
export class LineBuffer {
  #bytes = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Text as it is. */
  add(text: string): void {
    this.reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** A JSON string of UTF-8. Bytes that are none become U+FFFD. */
  addString(input: Uint8Array): void {
    if (!isUtf8(input)) {
      this.add(JSON.stringify(new TextDecoder('utf-8', { ignoreBOM: true }).decode(input)));
      return;
    }
    // What JSON escapes is ASCII: each byte may stand for a character of its own and is a byte again behind it. Strings
    // of more than one byte a character take twice as long.
    const text = JSON.stringify(Buffer.from(input.buffer, input.byteOffset, input.length).toString('latin1'));
    this.reserve(text.length);
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  /** What was added. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return bytes;
  }

  /** Makes room for so many more bytes: at once for what is known to come. */
  reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(firstSize, this.#bytes.length * 2, this.#length + more));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** How many bytes at the end are the beginning of a character that goes on, 0 to 3. */
export function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    return byte < 0xf5 && length > back ? back : 0;
  }
  return 0;
}
