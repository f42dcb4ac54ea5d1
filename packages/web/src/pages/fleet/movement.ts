import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react';

const moveMs = 220;

/**
 * Rows that get another place glide there, and until they have, nothing on them can be pressed (`data-moving`). Rows are
 * the children of the list, known by `data-key`.
 *
 * @param order changes whenever the order of the rows may have
 */
export function useMovement(list: RefObject<HTMLElement | null>, order: unknown, isEnabled: boolean): void {
  const tops = useRef(new Map<string, number>());
  // Rows grow and shrink between two orders.
  useEffect(() => {
    const element = list.current;
    if (!element || !isEnabled) return;
    const observer = new ResizeObserver(() => {
      tops.current = topsOf(element);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [list, isEnabled]);
  useLayoutEffect(() => {
    const element = list.current;
    const before = tops.current;
    tops.current = element && isEnabled ? topsOf(element) : new Map();
    if (!element || !isEnabled || !isReordered([...before.keys()], [...tops.current.keys()])) return;
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    for (const row of isCalm ? [] : rowsOf(element)) {
      const key = row.dataset.key ?? '';
      const by = (before.get(key) ?? row.offsetTop) - row.offsetTop;
      if (by === 0) continue;
      row.animate([{ translate: `0 ${by}px` }, { translate: '0 0' }], {
        duration: moveMs,
        easing: 'ease-out',
      });
    }
    element.dataset.moving = '';
    const timer = setTimeout(() => delete element.dataset.moving, moveMs);
    return () => {
      clearTimeout(timer);
      delete element.dataset.moving;
    };
  }, [list, order, isEnabled]);
}

/** Whether those that are in both have another order, or some came between them. */
function isReordered(before: readonly string[], after: readonly string[]): boolean {
  return before.length > 0 && before.some((key, at) => after[at] !== key);
}

function topsOf(list: HTMLElement): Map<string, number> {
  return new Map(rowsOf(list).map((row) => [row.dataset.key ?? '', row.offsetTop]));
}

function rowsOf(list: HTMLElement): HTMLElement[] {
  return [...list.children].filter((row) => row instanceof HTMLElement);
}
