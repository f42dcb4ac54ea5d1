import { useEffect, useState } from 'react';

/** Less than this is the browser's own bar, in CSS pixels. */
const leastKeyboard = 120;

/**
 * How much of the window's bottom an on-screen keyboard lies over, in CSS pixels: 0 where the browser makes the page
 * smaller by itself, and while the page is zoomed into.
 */
export function useKeyboardInset(): number {
  const [inset, setInset] = useState(0);
  useEffect(() => {
    const { visualViewport: seen } = window;
    if (!seen) return;
    const look = () => {
      const hidden = Math.round(window.innerHeight - seen.height - seen.offsetTop);
      setInset(seen.scale < 1.01 && hidden > leastKeyboard ? hidden : 0);
    };
    seen.addEventListener('resize', look);
    seen.addEventListener('scroll', look);
    return () => {
      seen.removeEventListener('resize', look);
      seen.removeEventListener('scroll', look);
    };
  }, []);
  return inset;
}
