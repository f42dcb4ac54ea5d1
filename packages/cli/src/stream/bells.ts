const bel = 0x07;
const can = 0x18;
const sub = 0x1a;
const esc = 0x1b;
/** What begins a string behind Escape: DCS, SOS, OSC, PM, APC, and the title of tmux and screen. */
const strings: ReadonlySet<number> = new Set([...'PX]^_k'].map((letter) => letter.charCodeAt(0)));

/** Hears the bells in what a program prints, at any split: one that ends a string (a title, a link) is none. */
export class Bells {
  #state: 'ground' | 'escape' | 'string' | 'string-escape' = 'ground';

  /** @returns whether it rang */
  hear(bytes: Uint8Array): boolean {
    let rings = false;
    for (let at = 0; at < bytes.length; at++) {
      // Most bytes are text.
      const byte = bytes[at] ?? 0;
      if (byte >= 0x20 && this.#state === 'ground') continue;
      if (byte === can || byte === sub) this.#state = 'ground';
      else if (this.#state === 'ground' || this.#state === 'escape') {
        if (byte === bel) rings = true;
        else if (byte === esc) this.#state = 'escape';
        else if (this.#state === 'escape' && byte >= 0x20)
          this.#state = strings.has(byte) ? 'string' : 'ground';
      } else if (byte === esc) this.#state = 'string-escape';
      else if (this.#state === 'string-escape') {
        // Escape ends a string; its backslash is nothing by itself.
        if (strings.has(byte)) this.#state = 'string';
        else this.#state = 'ground';
      } else if (byte === bel) this.#state = 'ground';
    }
    return rings;
  }
}
