import { isUtf8 } from 'node:buffer';
import { withoutPasteEnd } from '@codepiper/providers/text.ts';
import type { ControlBlock } from './control-parser.ts';
import { quote } from './quote.ts';
import type { CaptureRequest, TypeRequest } from './tmux.ts';
import type { TmuxFeatures } from './version.ts';

/**
 * Limits of one control line. tmux's parser prints the list of commands of a line for its log, at a cost of commands
 * x bytes: one line of 1.1 MB with 1,500 pastes took 4.3 s, and 20,000 pastes 99 s (tmux 3.3a); below these limits
 * a line takes a few ms.
 */
const maxLineBytes = 48_000;
const maxLineChunks = 150;

/** One control line of a typing, and how many chunks are in when it has run. */
export interface TypingLine {
  line: string;
  chunksDone: number;
}

/** What the line prints when it has run; `dead` or none of it when the pane is gone. */
export const typingWords = { typed: 'typed', guarded: 'guarded', dead: 'dead' } as const;

export type PasteFlags = 'rd' | 'rdS';

/** Line feeds as they are, the buffer gone afterwards, and from 3.7 on: control characters as they are. */
export function pasteFlags({ escapesPastes }: Pick<TmuxFeatures, 'escapesPastes'>): PasteFlags {
  return escapesPastes ? 'rdS' : 'rd';
}

/** One expression that matches where any of them does; null without any. */
export function joinGuards(guards: readonly string[]): string | null {
  return guards.length === 0 ? null : guards.map((guard) => `(${guard})`).join('|');
}

/** Flags of `capture-pane`. */
export function captureFlags({ history, styles, joinWrapped }: CaptureRequest): string {
  return [styles ? '-e' : '', joinWrapped ? '-J' : '', history > 0 ? `-S -${history}` : ''].join(' ');
}

/** Name of the buffer that keeps a pane's screen as it was before a typing; `buffer` as for `typingLines`. */
export function keptScreenBuffer(buffer: string, paneId: string): string {
  return `${buffer}-screen-${paneId.slice(1)}`;
}

/**
 * The control lines of a typing: one, unless the text is large. In each, tmux itself looks at the guard, pastes and
 * stores the mark, all between two looks at its other clients; so a daemon that dies at any point leaves the line
 * wholly done or not begun.
 *
 * @param guard joined guards; null when there is none, or when tmux cannot search by expression
 * @param buffer name of a paste buffer that is ours alone
 * @param flags see {@link pasteFlags}
 */
export function typingLines(
  request: TypeRequest,
  guard: string | null,
  buffer: string,
  flags: PasteFlags,
): TypingLine[] {
  const { paneId, bracketed, mark, from = 0 } = request;
  // A bracketed paste must not be able to end itself: what follows would be keys. tmux up to 3.6 lets it through.
  const pastes = request.chunks.map((chunk) => paste(bracketed ? withoutPasteEnd(chunk) : chunk, bracketed));
  // Enter as the byte it is: `send-keys Enter` would go to copy mode while a person scrolls.
  const enter = request.enter ? paste('\r', false) : null;

  function paste(text: string, brackets: boolean): string | null {
    if (text === '') return null;
    return `setb -b ${buffer} -- ${quote(text)} ; pasteb -${flags}${brackets ? 'p' : ''} -b ${buffer} -t ${paneId}`;
  }

  const lines: TypingLine[] = [];
  const kept = keptScreenBuffer(buffer, paneId);
  let commands = request.keepScreen
    ? [`capture-pane -b ${kept} -t ${paneId} ${captureFlags(request.keepScreen)}`]
    : [];
  let bytes = 0;
  const flush = (chunksDone: number, isLast: boolean): void => {
    if (isLast && enter) commands.push(enter);
    const value = isLast ? mark : `${mark}:${chunksDone}`;
    if (mark !== null) commands.push(`set-option -p -t ${paneId} @codepiper_typed ${quote(value ?? '')}`);
    commands.push(`display-message -p ${typingWords.typed}`);
    lines.push({ line: guardedLine(paneId, guard, commands), chunksDone });
    commands = [];
    bytes = 0;
  };
  pastes.forEach((command, index) => {
    if (command === null || index < from) return;
    const size = Buffer.byteLength(command);
    if (commands.length > 0 && (bytes + size > maxLineBytes || commands.length >= maxLineChunks))
      flush(index, false);
    commands.push(command);
    bytes += size;
  });
  flush(pastes.length, true);
  return lines;
}

/** Longer input goes by a file: tmux's parser takes 60 ns a byte, and everything else waits for it. */
const longestTypedInLine = 16_384;

/** How bytes are typed at once: the text of one control line, or, for what no line can hold, a file. */
export type TypedAtOnce = { text: string } | { file: Uint8Array };

/** @param bytes a paste is text, and must not be able to end its own brackets */
export function typedAtOnce(bytes: Uint8Array, bracketed: boolean): TypedAtOnce {
  if (bracketed) {
    const text = withoutPasteEnd(Buffer.from(bytes).toString('utf8'));
    return isForLine(text) ? { text } : { file: Buffer.from(text) };
  }
  if (bytes.length > longestTypedInLine || !isUtf8(bytes)) return { file: bytes };
  const text = Buffer.from(bytes).toString('utf8');
  return isForLine(text) ? { text } : { file: bytes };
}

function isForLine(text: string): boolean {
  return text.length <= longestTypedInLine && !text.includes('\0');
}

/** Longest input that `typeKeysLine` takes, in bytes: each takes three in the line. */
export const mostKeyBytes = 64;

/**
 * The control line that types a few bytes as they are, at a third of the cost of a paste, and without a paste buffer, of
 * which tmux would tell all its clients. Where that cannot be (the program is gone, or a person scrolls in copy mode, to
 * whose bindings the keys would go) it types nothing: see `hasTypedKeys`. Every word of it is time before the echo.
 */
export function typeKeysLine(paneId: string, bytes: Uint8Array): string {
  let keys = '';
  for (const byte of bytes) keys += ` ${byte.toString(16)}`;
  const mayType = '#{?pane_in_mode,,#{?pane_dead,,1}}';
  return `if-shell -F -t ${paneId} "${mayType}" "send-keys -t ${paneId} -H${keys}"`;
}

/** Whether a line of `typeKeysLine` typed them: then both of its commands were run. */
export function hasTypedKeys(blocks: readonly ControlBlock[]): boolean {
  return blocks.length > 1 && blocks.every(({ ok }) => ok);
}

/** The control line that types what is in an option's file (see `TypedAtOnce`). */
export function typeFileLine(request: {
  paneId: string;
  bracketed: boolean;
  buffer: string;
  flags: PasteFlags;
  /** Sets the option `@codepiper_run` to the path; a path itself would be expanded as a format. */
  setPath: string;
}): string {
  const { paneId, bracketed, buffer, flags, setPath } = request;
  const load = `${setPath} ; load-buffer -b ${buffer} "#{@codepiper_run}"`;
  const paste = `pasteb -${flags}${bracketed ? 'p' : ''} -b ${buffer} -t ${paneId} ; display-message -p ${typingWords.typed}`;
  const refuse = `delete-buffer -b ${buffer} ; display-message -p ${typingWords.dead}`;
  return `${load} ; if-shell -F -t ${paneId} "${isGone(paneId)}" { ${refuse} } { ${paste} }`;
}

/** The control line that presses keys in a pane whose program runs. */
export function keysLine(paneId: string, keys: readonly string[]): string {
  // In copy mode keys would go to tmux's own bindings, not to the program.
  const leave = `if-shell -F -t ${paneId} "#{pane_in_mode}" { send-keys -X -t ${paneId} cancel }`;
  const press = `send-keys -t ${paneId} -- ${keys.map(quote).join(' ')}`;
  const refuse = `display-message -p ${typingWords.dead}`;
  return `if-shell -F -t ${paneId} "${isGone(paneId)}" { ${refuse} } { ${leave} ; ${press} }`;
}

/** Dead, or another pane: where there is none, formats are those of some other one. */
function isGone(paneId: string): string {
  return `#{||:#{pane_dead},#{!=:#{pane_id},${paneId}}}`;
}

/**
 * The guard is an option of the pane, as that is not expanded a second time: in the format itself `%`, `#`, `,` and
 * `}` would have to be escaped. Setting it fails when there is no such pane, and then nothing else of the line runs.
 * A dead pane is looked for first, as pasting into one crashes servers up to 3.3a. Without a guard nothing is set: tmux
 * looks whether the pane is the one that is meant, as formats are those of another pane where there is none.
 */
function guardedLine(paneId: string, guard: string | null, commands: readonly string[]): string {
  const type = commands.join(' ; ');
  if (guard === null) {
    return `if-shell -F -t ${paneId} "${isGone(paneId)}" { display-message -p ${typingWords.dead} } { ${type} }`;
  }
  const set = `set-option -p -t ${paneId} @codepiper_guard ${quote(guard)}`;
  const refuse = `display-message -p -t ${paneId} "#{?pane_dead,${typingWords.dead},${typingWords.guarded}}"`;
  const found = '#{!=:#{C/r:#{@codepiper_guard}},0}';
  return `${set} ; if-shell -F -t ${paneId} "#{||:#{pane_dead},${found}}" { ${refuse} } { ${type} }`;
}
