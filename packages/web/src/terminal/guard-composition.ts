import type { Terminal } from '@xterm/xterm';

/** The part of the emulator that the public interface has no word for. */
interface Composition {
  _compositionPosition?: { end: number };
}

/**
 * Where the text of an input method ends, the emulator (6.0.0) notes in a timer. A key that comes before that, as Enter
 * does while the page is busy, makes it send the text as far as it was noted: often nothing of it. Noted here when the
 * key comes, ahead of the emulator.
 */
export function guardComposition(terminal: Terminal, host: HTMLElement, signal: AbortSignal): void {
  const core = (terminal as unknown as { _core?: { _compositionHelper?: Composition } })._core;
  const note = () => {
    const position = core?._compositionHelper?._compositionPosition;
    if (position && terminal.textarea) position.end = terminal.textarea.value.length;
  };
  host.addEventListener('keydown', note, { capture: true, signal });
}
