const esc = '\x1b';
const pasteBegin = '\x1b[200~';
const pasteEnd = '\x1b[201~';
const prefix = '\x02';
/** What one key sends: a sequence, Alt and a key, a character of UTF-8, or a byte. Bytes as characters. */
const oneKey = new RegExp(`^(?:${esc}(?:\\[[0-?]*[ -/]*[@-~]|O.|[^[])?|[\xc0-\xff][\x80-\xbf]*|.)`, 's');
/** A key of which the rest is in the next piece. */
const begunKey = new RegExp(
  `^(?:${esc}(?:\\[[0-?]*[ -/]*|O)?|[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})$`,
);

/**
 * What a person does at the local terminal. `typed` may begin or end within a sequence or a character; `pasted` is
 * what the terminal said was pasted.
 */
export type LocalInput =
  | { type: 'typed'; bytes: Uint8Array }
  | { type: 'pasted'; bytes: Uint8Array }
  | { type: 'detach' }
  | { type: 'take' };

/**
 * Finds in the bytes of a terminal, at any split, what is for us: Ctrl+B d (detach), Ctrl+B t (take the size), and
 * pastes. Ctrl+B twice is one Ctrl+B for the program; Ctrl+B before any other key is nothing, as in tmux.
 */
export class LocalKeys {
  /** Bytes as characters: they may be the beginning of a marker. */
  #held = '';
  #pasted: string[] | null = null;
  #isPrefixed = false;

  /** Whether something is held back that is typed by `flush`, when nothing follows it soon. */
  get isHolding(): boolean {
    return this.#held !== '' && this.#pasted === null;
  }

  feed(bytes: Uint8Array): LocalInput[] {
    const found: LocalInput[] = [];
    let rest = this.#held + Buffer.from(bytes).toString('latin1');
    this.#held = '';
    while (rest !== '') rest = this.#pasted ? this.#paste(rest, found) : this.#type(rest, found);
    return found;
  }

  /** Nothing followed: Escape was pressed, and no paste begun. */
  flush(): LocalInput[] {
    if (!this.isHolding) return [];
    const held = this.#held;
    this.#held = '';
    const found: LocalInput[] = [];
    if (this.#isPrefixed) this.#isPrefixed = false;
    else pushTyped(found, held);
    return found;
  }

  #paste(text: string, found: LocalInput[]): string {
    const pieces = this.#pasted ?? [];
    const end = text.indexOf(pasteEnd);
    if (end >= 0) {
      pieces.push(text.slice(0, end));
      found.push({ type: 'pasted', bytes: Buffer.from(pieces.join(''), 'latin1') });
      this.#pasted = null;
      return text.slice(end + pasteEnd.length);
    }
    const held = begun(text, pasteEnd);
    pieces.push(text.slice(0, text.length - held));
    this.#held = text.slice(text.length - held);
    return '';
  }

  #type(text: string, found: LocalInput[]): string {
    if (this.#isPrefixed) return this.#command(text, found);
    const paste = text.indexOf(pasteBegin);
    const command = text.indexOf(prefix);
    const at = Math.min(paste < 0 ? text.length : paste, command < 0 ? text.length : command);
    if (at < text.length) {
      pushTyped(found, text.slice(0, at));
      if (at === paste) {
        this.#pasted = [];
        return text.slice(at + pasteBegin.length);
      }
      this.#isPrefixed = true;
      return text.slice(at + 1);
    }
    const held = begun(text, pasteBegin);
    pushTyped(found, text.slice(0, text.length - held));
    this.#held = text.slice(text.length - held);
    return '';
  }

  #command(text: string, found: LocalInput[]): string {
    if (begunKey.test(text)) {
      this.#held = text;
      return '';
    }
    this.#isPrefixed = false;
    // A paste is none of our commands.
    if (text.startsWith(pasteBegin)) return text;
    const key = oneKey.exec(text)?.[0] ?? '';
    if (key === prefix) pushTyped(found, prefix);
    else if (/^d$/i.test(key)) found.push({ type: 'detach' });
    else if (/^t$/i.test(key)) found.push({ type: 'take' });
    return text.slice(key.length);
  }
}

/** How many characters at the end of a text may be the beginning of a marker. */
function begun(text: string, marker: string): number {
  for (let length = Math.min(text.length, marker.length - 1); length > 0; length--) {
    if (text.endsWith(marker.slice(0, length))) return length;
  }
  return 0;
}

function pushTyped(found: LocalInput[], text: string): void {
  if (text === '') return;
  const last = found.at(-1);
  const bytes = Buffer.from(text, 'latin1');
  if (last?.type === 'typed') last.bytes = Buffer.concat([last.bytes, bytes]);
  else found.push({ type: 'typed', bytes });
}
