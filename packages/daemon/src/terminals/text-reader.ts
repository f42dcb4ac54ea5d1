import type { Writable } from 'node:stream';
import type { LiveTerminal } from './live-terminal.ts';
import { TextFollower } from './text-follower.ts';

/** Places of the log that are read at once, and that a reader who was too slow gets of what it missed. */
const mostAtOnce = 64 << 10;
const newline = 0x0a;

/**
 * Writes the text of a terminal to a reader, line by line, from a place of its log on: until the terminal ends or the
 * reader goes. A reader holds nobody up: what it is too slow for is skipped, and one line says so.
 */
export async function followText(
  terminal: LiveTerminal,
  from: { epoch: number; seq: number },
  reader: Writable,
): Promise<void> {
  const { log } = terminal;
  let { epoch, seq } = from;
  let wake = (): void => undefined;
  const news = (): void => wake();
  using _listening = terminal.listen({ appended: news, ended: news });
  reader.on('close', news).on('drain', news);
  const begin = (): TextFollower =>
    new TextFollower(terminal.size, (lines) => reader.write(`${lines.join('\n')}\n`));
  let text = begin();
  /** What was skipped ends in the middle of a line, of which nothing is told. */
  let isInLine = false;
  try {
    while (!reader.destroyed && !reader.writableEnded) {
      const awaited = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const isEnded = terminal.isEnded;
      const pieces = reader.writableNeedDrain ? null : log.read(epoch, seq, mostAtOnce);
      if (pieces === 'gone') {
        const next = Math.max(0, log.end - mostAtOnce);
        const skipped = epoch === log.epoch ? `about ${next - seq} bytes of output` : 'output';
        text.end();
        text[Symbol.dispose]();
        reader.write(`[codepiper: ${skipped} skipped here, as it came faster than it was read]\n`);
        text = begin();
        ({ epoch } = log);
        seq = log.read(epoch, next, 1) === 'gone' ? log.end : next;
        isInLine = seq > 0;
      } else if (!pieces || pieces.length === 0) {
        if (pieces && isEnded) break;
        await awaited;
      } else {
        // What is read is valid until the log goes on.
        const bytes = Buffer.concat(pieces.map((piece) => (piece.type === 'bytes' ? piece.bytes : empty)));
        seq += pieces.reduce((sum, piece) => sum + (piece.type === 'bytes' ? piece.bytes.length : 1), 0);
        const from = isInLine ? bytes.indexOf(newline) + 1 : 0;
        isInLine = false;
        await text.write(bytes.subarray(from));
      }
    }
    if (!reader.destroyed && !reader.writableEnded) text.end();
  } finally {
    text[Symbol.dispose]();
    reader.off('close', news).off('drain', news);
  }
}

const empty = new Uint8Array();
