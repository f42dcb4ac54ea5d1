import { stripVTControlCharacters } from 'node:util';
import { cardTextLength } from '@codepiper/core/fleet/fleet.ts';

/** Controls, and what turns the direction of writing: nothing on a card may look like something else. */
const control = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text as one line of a card: without control sequences, blanks as one, cut where it is too long. */
export function oneLine(text: string): string {
  // More than this cannot be seen, whatever is taken out of it.
  const plain = stripVTControlCharacters(text.slice(0, cardTextLength * 20));
  const line = plain.replace(/\s+/g, ' ').replace(control, '').trim().toWellFormed();
  if (line.length <= cardTextLength) return line;
  const last = line.charCodeAt(cardTextLength - 2);
  const end = last >= 0xd800 && last <= 0xdbff ? cardTextLength - 2 : cardTextLength - 1;
  return `${line.slice(0, end)}…`;
}

/** The last line of a text that is not blank; null when there is none. */
export function lastLineOf(text: string): string | null {
  let end = text.length;
  while (end > 0) {
    const start = text.lastIndexOf('\n', end - 1) + 1;
    const line = oneLine(text.slice(start, end));
    if (line !== '') return line;
    end = start - 1;
  }
  return null;
}
