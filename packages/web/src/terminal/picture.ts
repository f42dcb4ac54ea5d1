/**
 * Keeps what is on the glass there until the picture is parsed: the grid may get another size before that. The reset
 * at the head of the picture ends it.
 */
export const holdTheGlass = '\x1b[?2026h';

/**
 * What makes a used terminal like a fresh one before a snapshot is written to it. A full reset (RIS) leaves the
 * cursor's visibility, its blinking and the line feed mode as they are.
 */
const afresh = '\x1b[?25h\x1b[?12l\x1b[20l\x1bc';

/**
 * The pieces of a snapshot as one write, which the emulator parses in one go: no frame is drawn half-way. Nothing may
 * be put behind them, for they may end in the middle of a sequence or of a character.
 */
export function pictureOf(pieces: readonly Uint8Array[]): Uint8Array {
  const head = new TextEncoder().encode(afresh);
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, head.length));
  whole.set(head);
  let at = head.length;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
