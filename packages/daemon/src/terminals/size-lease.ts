import type { TerminalSize } from './live-terminal.ts';

/** Who decides the size of a session: a terminal attached on the machine, one viewer, or nobody. */
export type Decider<V> = { kind: 'local' } | { kind: 'viewer'; viewer: V } | { kind: 'nobody' };

/**
 * Says who decides the size of one session. A terminal attached on the machine comes first; then the viewer that took
 * the size or, of those that want one, typed last. When the one who decides lets go, nobody does, and the size stays.
 */
export class SizeLease<V> {
  /** Sizes of those that took one and have not let go since. */
  readonly #wishes = new Map<V, TerminalSize>();
  #holder: V | null = null;
  #isLocal = false;

  take(viewer: V, size: TerminalSize): void {
    this.#wishes.set(viewer, size);
    this.#holder = viewer;
  }

  /** @returns whether another decides now */
  typed(viewer: V): boolean {
    if (this.#holder === viewer || !this.#wishes.has(viewer)) return false;
    this.#holder = viewer;
    return true;
  }

  /** It let go, or it left. */
  release(viewer: V): void {
    this.#wishes.delete(viewer);
    if (this.#holder === viewer) this.#holder = null;
  }

  /** Whether a terminal is attached on the machine. */
  setLocal(isLocal: boolean): void {
    this.#isLocal = isLocal;
  }

  get isLocal(): boolean {
    return this.#isLocal;
  }

  /** Whether any viewer waits to decide. */
  get isWanted(): boolean {
    return this.#holder !== null;
  }

  get decider(): Decider<V> {
    if (this.#isLocal) return { kind: 'local' };
    return this.#holder === null ? { kind: 'nobody' } : { kind: 'viewer', viewer: this.#holder };
  }

  /** The size that the session should have; null when no viewer decides. */
  get wanted(): TerminalSize | null {
    if (this.#isLocal || this.#holder === null) return null;
    return this.#wishes.get(this.#holder) ?? null;
  }
}
