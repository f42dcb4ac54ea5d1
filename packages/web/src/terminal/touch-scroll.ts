/**
 * Lets a finger scroll, as a wheel does: through the history, or in the program when that has the mouse. The emulator
 * itself hears wheels only.
 */
export function scrollByTouch(host: HTMLElement, signal: AbortSignal): void {
  let last: number | null = null;
  const { visualViewport } = window;
  const isZoomed = () => (visualViewport?.scale ?? 1) > 1.01;
  // Zoomed in, a drag moves the page: there is more of the grid than is seen.
  visualViewport?.addEventListener(
    'resize',
    () => {
      host.style.touchAction = isZoomed() ? 'auto' : '';
    },
    { signal },
  );
  host.addEventListener(
    'touchstart',
    ({ touches }) => {
      last = touches.length === 1 ? (touches[0]?.clientY ?? null) : null;
    },
    { passive: true, signal },
  );
  host.addEventListener(
    'touchmove',
    (event) => {
      const touch = event.touches[0];
      // Two fingers are the browser's: it zooms, and no line is laid out anew.
      if (last === null || event.touches.length !== 1 || !touch || isZoomed()) return;
      const deltaY = last - touch.clientY;
      if (Math.abs(deltaY) < 1) return;
      last = touch.clientY;
      event.preventDefault();
      const target = host.querySelector('.xterm-screen') ?? host;
      const { clientX, clientY } = touch;
      target.dispatchEvent(
        new WheelEvent('wheel', { deltaY, clientX, clientY, bubbles: true, cancelable: true }),
      );
    },
    { passive: false, signal },
  );
  host.addEventListener(
    'touchend',
    () => {
      last = null;
    },
    { passive: true, signal },
  );
}
