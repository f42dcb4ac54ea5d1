import { seamOf } from '../../tmux/utf8-seam.ts';
import { ground } from './internals.ts';

/** More than this of one sequence is not kept: only strings get that long, and none that changes the screen. */
const most = 64 * 1024;

const esc = 0x1b;
/** Control sequences can begin with one of these after 0xc2, which is how UTF-8 writes C1 controls. */
const introducers = new Set([0x90, 0x98, 0x9b, 0x9d, 0x9e, 0x9f]);
const lead = 0xc2;

/** States of the parser, for a sequence that stands in for one that is too long: it means nothing, and ends alike. */
const apcState = 7;
const oscState = 8;
const dcsState = 9;

const encoder = new TextEncoder();
const nothing = new Uint8Array();

/** The end of a stream that has had no effect yet: of a control sequence that has begun, and of a character. */
export class Unfinished {
  #sequence: Uint8Array = nothing;
  #character: Uint8Array = nothing;

  get bytes(): Uint8Array {
    return join(this.#sequence, this.#character);
  }

  /**
   * The bytes that can be parsed, which is all but a character that is cut by their end. Some characters are lost by
   * the emulator's decoder when they come in pieces: all of U+2000 to U+203F, after their second byte.
   */
  whole(bytes: Uint8Array): Uint8Array {
    const joined = join(this.#character, bytes);
    const seam = seamOf(joined);
    this.#character = seam === 'unknown' ? nothing : seam;
    return joined.subarray(0, joined.length - this.#character.length);
  }

  /** @param state the parser's, after it parsed these bytes */
  follow(parsed: Uint8Array, state: number): void {
    if (state === ground) {
      this.#sequence = nothing;
      return;
    }
    const joined = join(this.#sequence, parsed);
    // Whatever went before it, a sequence begins at the last of these.
    this.#sequence = joined.slice(lastIntroducer(joined));
    if (this.#sequence.length > most) this.#sequence = encoder.encode(standIn(state));
  }
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

function lastIntroducer(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at > 0; at--) {
    if (bytes[at] === esc) return at;
    if (bytes[at - 1] === lead && introducers.has(bytes[at] ?? 0)) return at - 1;
  }
  return 0;
}

function standIn(state: number): string {
  if (state === oscState) return '\x1b]9999;';
  if (state >= dcsState) return '\x1bP0z';
  return state === apcState ? '\x1b_' : '\x1b[??';
}
