const esc = 0x1b;
const titleStart = 0x6b; // k
const terminator = 0x5c; // \
const begin = Buffer.of(esc, titleStart);
/** CAN and SUB cancel a sequence. */
const cancels = [0x18, 0x1a];
/** A title that does not end is given up after this many bytes, or one stray `ESC k` would swallow all that follows. */
const longest = 4096;

type State = 'text' | 'escape' | 'title' | 'title-escape';

/**
 * Takes `ESC k title ST` out of a stream of bytes, at any split. Shells that believe they are in screen or tmux name
 * their window with it. tmux understands it; other terminals print the title.
 */
export class TitleFilter {
  #state: State = 'text';
  #length = 0;

  /** What is left of the next bytes. An ESC at their end is kept back until it is known what it begins. */
  filter(bytes: Uint8Array): Uint8Array {
    if (this.#state === 'text' && !mayHoldTitle(bytes)) return bytes;
    const kept = new Uint8Array(bytes.length + 1);
    let size = 0;
    for (const byte of bytes) {
      switch (this.#state) {
        case 'text':
          if (byte === esc) this.#state = 'escape';
          else kept[size++] = byte;
          break;
        case 'escape':
          if (byte === titleStart) {
            this.#begin();
            break;
          }
          kept[size++] = esc;
          if (byte === esc) break;
          kept[size++] = byte;
          this.#state = 'text';
          break;
        case 'title':
          if (byte === esc) this.#state = 'title-escape';
          else if (cancels.includes(byte) || ++this.#length > longest) this.#state = 'text';
          break;
        case 'title-escape':
          // Whatever follows it, ESC ends the title; with any other byte than the terminator's it begins something.
          if (byte === terminator) this.#state = 'text';
          else if (byte === titleStart) this.#begin();
          else if (byte === esc) break;
          else {
            kept[size++] = esc;
            kept[size++] = byte;
            this.#state = 'text';
          }
      }
    }
    return kept.subarray(0, size);
  }

  #begin(): void {
    this.#state = 'title';
    this.#length = 0;
  }
}

/** Looked for in native code: programs print little else than sequences, and next to no titles of this kind. */
function mayHoldTitle(bytes: Uint8Array): boolean {
  const first = bytes.indexOf(esc);
  if (first === -1) return false;
  if (bytes.at(-1) === esc) return true;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(begin, first);
}
