import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react';

/** A list that somebody has touched, pointed at or walked through is left as it is for this long, in milliseconds. */
const restMs = 4_000;

/** Whether a list is held. */
export class Hold {
  readonly #listeners = new Set<() => void>();
  #isHeld = false;

  readonly isHeld = (): boolean => this.#isHeld;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    for (const listener of this.#listeners) listener();
  }
}

/** The hold of the list that a row is in. */
export const HoldContext = createContext(new Hold());

/**
 * A hold, and whether somebody is at the list: with a finger, the pointer, or the keyboard. While they are, nothing may
 * change its place, so that what is pressed is what was looked at.
 */
export function useSomebodyAt(element: HTMLElement | null): { hold: Hold; isHeld: boolean } {
  const [hold] = useState(() => new Hold());
  useEffect(() => {
    if (!element) return;
    const ended = new AbortController();
    let last = 0;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const look = () => {
      const left = last + restMs - performance.now();
      const goesOn = left > 0 || isOnControl(element);
      timer = goesOn ? setTimeout(look, Math.max(left, 250)) : null;
      if (!goesOn) hold.set(false);
    };
    const seen = () => {
      last = performance.now();
      timer ??= setTimeout(look, restMs);
      hold.set(true);
    };
    for (const name of ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchmove']) {
      element.addEventListener(name, seen, { passive: true, signal: ended.signal });
    }
    return () => {
      ended.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [element, hold]);
  return { hold, isHeld: useSyncExternalStore(hold.subscribe, hold.isHeld) };
}

/** A pointer that rests on a button is about to press it, and a field is about to be written in. */
function isOnControl(list: HTMLElement): boolean {
  const canHover = matchMedia('(hover: hover)').matches;
  return list.querySelector(canHover ? 'button:hover, input:focus' : 'input:focus') !== null;
}

/**
 * The newest value, or while it is held the one that was there when the hold began. Another `key` is another question:
 * its answer is shown at once.
 */
export function useSteady<T>(latest: T, key: string, isHeld: boolean): T {
  const [shown, setShown] = useState({ latest, key });
  if (shown.latest !== latest && (!isHeld || shown.key !== key)) {
    const next = { latest, key };
    setShown(next);
    return latest;
  }
  return shown.latest;
}

/**
 * What is there now. While the list is held, whatever was there stays, and nothing comes where nothing was: a row neither
 * grows nor shrinks under a finger.
 */
export function useHeldValue<T>(value: T | null): T | null {
  const hold = useContext(HoldContext);
  const [shown, setShown] = useState(value);
  const changesSize = (value === null) !== (shown === null);
  // Only a row that would change is told of the hold.
  const stays = useSyncExternalStore(hold.subscribe, () => changesSize && hold.isHeld());
  if (value !== shown && !stays) {
    setShown(value);
    return value;
  }
  return shown;
}
