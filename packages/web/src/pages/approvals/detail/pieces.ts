import type { PartTrace } from '@codepiper/core/policies/verdict.ts';

export interface Piece {
  text: string;
  /** What the rules say of it; null for what is between the parts. */
  action: PartTrace['action'] | null;
}

/**
 * A command line in pieces, those that are a part of the verdict by what it says of them. A part that is written
 * otherwise in the line (with quotes, over lines) is found by its first word, and not at all where that is not there:
 * the list of parts says it anyway.
 */
export function piecesOf(command: string, parts: readonly PartTrace[]): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { kind, text, action } of parts) {
    if (kind !== 'shell' || action === 'none') continue;
    const found = find(command, text, from);
    if (!found) continue;
    if (found.at > from) pieces.push({ text: command.slice(from, found.at), action: null });
    pieces.push({ text: command.slice(found.at, found.end), action });
    from = found.end;
  }
  if (from < command.length) pieces.push({ text: command.slice(from), action: null });
  return pieces;
}

function find(command: string, text: string, from: number): { at: number; end: number } | null {
  const whole = command.indexOf(text, from);
  if (whole >= 0) return { at: whole, end: whole + text.length };
  const [word = ''] = text.split(' ');
  if (word === '' || word === '…') return null;
  const first = new RegExp(`(?<![\\w./-])${escaped(word)}(?![\\w./-])`, 'u');
  const match = first.exec(command.slice(from));
  return match ? { at: from + match.index, end: from + match.index + word.length } : null;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
