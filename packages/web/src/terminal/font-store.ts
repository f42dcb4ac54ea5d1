import { useSyncExternalStore } from 'react';
import { fontRange } from './fit-font.ts';

const storageKey = 'codepiper.terminal.font';
const listeners = new Set<() => void>();
let font = read();

/** Size of a terminal's letters that the person chose on this device, in CSS pixels; null: what fits. */
export function useTerminalFont(): [font: number | null, choose: (font: number | null) => void] {
  return [useSyncExternalStore(subscribe, () => font), choose];
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function choose(size: number | null): void {
  font = size;
  try {
    if (size === null) localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, String(size));
  } catch {
    // A browser that keeps nothing still shows it.
  }
  for (const listener of listeners) listener();
}

function read(): number | null {
  try {
    const size = Number(localStorage.getItem(storageKey) ?? Number.NaN);
    return size >= fontRange.least && size <= fontRange.most ? size : null;
  } catch {
    return null;
  }
}
