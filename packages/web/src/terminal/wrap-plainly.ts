import type { Terminal } from '@xterm/xterm';

/** How a cell looks; only handed on. */
type Look = object;

/** The part of the emulator that the public interface has no word for. */
interface Core {
  _bufferService?: { scroll?(look: Look, isWrapped?: boolean): void };
  buffers?: { active?: { getNullCell?(): Look } };
}

/**
 * A line that wraps at the bottom goes on in an empty one, as in tmux and on the daemon's own screen; the emulator
 * (6.0.0) alone fills that one with the background of the pen.
 */
export function wrapPlainly(terminal: Terminal): void {
  const { _bufferService: service, buffers } = (terminal as unknown as { _core?: Core })._core ?? {};
  const scroll = service?.scroll?.bind(service);
  if (!service || !scroll) return;
  service.scroll = (look, isWrapped) =>
    scroll((isWrapped && buffers?.active?.getNullCell?.()) || look, isWrapped);
}
