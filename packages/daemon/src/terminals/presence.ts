import type { ServerMessage, TerminalRole } from '@codepiper/core/terminals/messages.ts';

type Presence = Extract<ServerMessage, { type: 'presence' }>;

/** Somebody types for this long after each input, in milliseconds. */
const typingMs = 3_000;
/** Between two messages to all, in milliseconds. */
const betweenMs = 250;
const mostShown = 50;

export interface PresentViewer {
  readonly label: string;
  readonly role: TerminalRole;
}

/** Who watches one session and who types in it. `onChanged` is called when all should be told, not too often. */
export class PresenceList<V extends PresentViewer> implements Disposable {
  /** When each typed last; null for never. */
  readonly #viewers = new Map<V, number | null>();
  readonly #onChanged: () => void;
  #timer: NodeJS.Timeout | null = null;
  #telling: NodeJS.Timeout | null = null;

  constructor(onChanged: () => void) {
    this.#onChanged = onChanged;
  }

  get viewers(): Iterable<V> {
    return this.#viewers.keys();
  }

  get count(): number {
    return this.#viewers.size;
  }

  join(viewer: V): void {
    this.#viewers.set(viewer, null);
    this.changed();
  }

  leave(viewer: V): void {
    if (this.#viewers.delete(viewer)) this.changed();
  }

  typed(viewer: V, now: number): void {
    if (!this.#viewers.has(viewer)) return;
    const before = this.#viewers.get(viewer) ?? null;
    this.#viewers.set(viewer, now);
    if (before === null || now - before > typingMs) this.changed();
    this.#timer ??= setTimeout(() => this.#rest(), typingMs).unref();
  }

  /** All are told soon; several changes at once. */
  changed(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = null;
      this.#onChanged();
    }, betweenMs).unref();
  }

  /** What one viewer is told. */
  list(you: V, now: number): Presence['viewers'] {
    return [...this.#viewers].slice(0, mostShown).map(([viewer, typedAt]) => ({
      label: viewer.label,
      role: viewer.role,
      you: viewer === you,
      typing: typedAt !== null && now - typedAt < typingMs,
    }));
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#telling) clearTimeout(this.#telling);
    this.#viewers.clear();
  }

  /** Those that stopped typing are told of. */
  #rest(): void {
    this.#timer = null;
    const now = performance.now();
    let isTyping = false;
    for (const [viewer, typedAt] of this.#viewers) {
      if (typedAt === null) continue;
      if (now - typedAt < typingMs) isTyping = true;
      else this.#viewers.set(viewer, null);
    }
    if (isTyping) this.#timer = setTimeout(() => this.#rest(), typingMs).unref();
    this.changed();
  }
}
