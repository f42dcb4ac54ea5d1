import { quote } from './quote.ts';
import type { CaptureRequest, TypeRequest } from './tmux.ts';

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

/** With CSI in its two-byte and its one-character form. */
const pasteEnds = ['\u001b[201~', '\u009b201~'];

/** A bracketed paste must not be able to end itself: what follows would be keys. tmux up to 3.6 lets it through. */
export function stripPasteEnd(text: string): string {
  let stripped = text;
  // What is left may come together as a new one.
  while (pasteEnds.some((end) => stripped.includes(end))) {
    for (const end of pasteEnds) stripped = stripped.replaceAll(end, '');
  }
  return stripped;
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
 */
export function typingLines(request: TypeRequest, guard: string | null, buffer: string): TypingLine[] {
  const { paneId, bracketed, mark, from = 0 } = request;
  const pastes = request.chunks.map((chunk) => paste(bracketed ? stripPasteEnd(chunk) : chunk, bracketed));
  // Enter as the byte it is: `send-keys Enter` would go to copy mode while a person scrolls.
  const enter = request.enter ? paste('\r', false) : null;

  function paste(text: string, brackets: boolean): string | null {
    if (text === '') return null;
    return `setb -b ${buffer} -- ${quote(text)} ; pasteb -rd${brackets ? 'p' : ''} -b ${buffer} -t ${paneId}`;
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

/**
 * The guard is an option of the pane, as that is not expanded a second time: in the format itself `%`, `#`, `,` and
 * `}` would have to be escaped. Setting it fails when there is no such pane, and then nothing else of the line runs.
 * A dead pane is looked for first, as pasting into one crashes servers up to 3.3a. Without a guard nothing is set: tmux
 * looks whether the pane is the one that is meant, as formats are those of another pane where there is none.
 */
function guardedLine(paneId: string, guard: string | null, commands: readonly string[]): string {
  const type = commands.join(' ; ');
  if (guard === null) {
    const isGone = `#{||:#{pane_dead},#{!=:#{pane_id},${paneId}}}`;
    return `if-shell -F -t ${paneId} "${isGone}" { display-message -p ${typingWords.dead} } { ${type} }`;
  }
  const set = `set-option -p -t ${paneId} @codepiper_guard ${quote(guard)}`;
  const refuse = `display-message -p -t ${paneId} "#{?pane_dead,${typingWords.dead},${typingWords.guarded}}"`;
  const found = '#{!=:#{C/r:#{@codepiper_guard}},0}';
  return `${set} ; if-shell -F -t ${paneId} "#{||:#{pane_dead},${found}}" { ${refuse} } { ${type} }`;
}
