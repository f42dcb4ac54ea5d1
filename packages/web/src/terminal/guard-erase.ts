import type { Terminal } from '@xterm/xterm';

/** The part of the emulator that the public interface has no word for. */
interface Eraser {
  eraseInDisplay?(params: { params: number[] }, respectProtect: boolean): boolean;
}

/**
 * ED 1 in the last column of the last line throws in the emulator (6.0.0) while there is no history, and stops it for
 * good: it looks at the line below. There it erases everything, and that is what ED 2 does.
 */
export function guardErase(terminal: Terminal): void {
  const eraser = (terminal as unknown as { _core?: { _inputHandler?: Eraser } })._core?._inputHandler;
  const guard = (respectProtect: boolean) => (params: (number | number[])[]) => {
    const { cursorX, cursorY, length } = terminal.buffer.active;
    if (params[0] !== 1 || cursorX + 1 < terminal.cols || cursorY + 1 < length) return false;
    eraser?.eraseInDisplay?.({ params: [2] }, respectProtect);
    return true;
  };
  terminal.parser.registerCsiHandler({ final: 'J' }, guard(false));
  terminal.parser.registerCsiHandler({ prefix: '?', final: 'J' }, guard(true));
}
