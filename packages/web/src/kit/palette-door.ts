const listeners = new Set<() => void>();

/** Opens the list of commands; whoever shows it listens. */
export function openPalette(): void {
  for (const listener of listeners) listener();
}

/** The result ends it. */
export function whenPaletteAsked(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
