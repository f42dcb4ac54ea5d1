import { TextDecoder } from 'node:util';
import { maxPasteBytes, type ViewerFrame } from '@codepiper/core/terminals/frames.ts';
import { plainText } from '@codepiper/providers/text.ts';
import type { ReadInput } from './input-dedupe.ts';

type PasteFrame = Extract<ViewerFrame, { type: 'paste' }>;

/** Puts the pieces of one paste at a time together. It holds 2 MB at most, however small the pieces. */
export class PasteAssembly {
  #n: number | null = null;
  /** Filled up to `#bytes`. */
  #buffer = Buffer.alloc(0);
  #bytes = 0;
  #isKept = true;

  /** Number of the paste of which pieces are missing. */
  get n(): number | null {
    return this.#n;
  }

  /** @returns whether it was the last piece */
  add({ n, bytes, last }: PasteFrame, keep: boolean): boolean {
    this.#n = n;
    if (!keep) this.#isKept = false;
    const end = this.#bytes + bytes.length;
    if (!this.#isKept || end > maxPasteBytes) this.#buffer = Buffer.alloc(0);
    else {
      if (end > this.#buffer.length) {
        const larger = Buffer.alloc(Math.min(maxPasteBytes, Math.max(end, this.#buffer.length * 2)));
        larger.set(this.#buffer.subarray(0, this.#bytes));
        this.#buffer = larger;
      }
      this.#buffer.set(bytes, this.#bytes);
    }
    this.#bytes = end;
    return last;
  }

  /** The paste, as a person's terminal would type it; nothing of it is held any longer. */
  take(): { bytes: number; isWhole: boolean; result: ReadInput } {
    const bytes = this.#bytes;
    const isWhole = this.#isKept;
    const result = readPaste(bytes, this.#buffer);
    this.#n = null;
    this.#buffer = Buffer.alloc(0);
    this.#bytes = 0;
    this.#isKept = true;
    return { bytes: Math.min(bytes, maxPasteBytes), isWhole, result };
  }
}

function readPaste(bytes: number, buffer: Uint8Array): ReadInput {
  if (bytes > maxPasteBytes) {
    return { refusal: `The paste has ${bytes} bytes: at most ${maxPasteBytes} are typed at once.` };
  }
  try {
    const text = pasteText(new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytes)));
    return text === '' ? { refusal: null } : { input: { type: 'paste', text } };
  } catch {
    return { refusal: 'The paste is not valid UTF-8; it was not typed.' };
  }
}

/**
 * Nothing in a paste may act on the program but its text: without escape sequences and control characters it cannot
 * end its own brackets either. Line ends are what Enter sends, as in every terminal.
 */
function pasteText(text: string): string {
  return plainText(text).replaceAll('\n', '\r');
}
