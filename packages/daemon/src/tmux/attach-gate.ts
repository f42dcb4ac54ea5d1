/** `attach`: a control client is being attached. `change`: something happens that tmux tells its control clients. */
export type GateSide = 'attach' | 'change';

/** How long the answer of tmux to a barrier is waited for, in milliseconds. */
const barrierDeadline = 1_000;
/** Most clients that are attached at once: each starts a process, and keystrokes may have to wait for all of them. */
export const mostAttaching = 2;

/**
 * Keeps the attaching of control clients apart from whatever tmux tells all of them.
 *
 * Up to 3.6 the server takes a client for a control client from the first message of its greeting, but can write to it
 * only after the last one. A notice in between (a session that comes or goes, a client that leaves, a pane that enters
 * or leaves copy mode, from 3.4 on also a paste buffer) ends the server, and with it every program it holds. Two loops
 * that attach and detach end a server 3.3a within 5 to 15 rounds.
 *
 * One side may be in at a time: any number of changes, or a few that attach. The sides take turns, each in the order
 * of coming: while one of the other side waits, nobody follows those who are in. So neither waits for more than one
 * turn of the other, however many stand in line there. What we do not do ourselves, e.g. a program that ends or a
 * person who detaches in that very moment, is not kept apart.
 *
 * Whoever is in must leave within a time of its own: the gate has none.
 */
export class AttachGate {
  readonly #inside: Record<GateSide, number> = { attach: 0, change: 0 };
  readonly #waiting: Record<GateSide, (() => void)[]> = { attach: [], change: [] };
  #last: GateSide = 'change';
  #barrier: (() => Promise<unknown> | undefined) | null = null;

  /** A question to the server: what tmux had to tell before was told when it is answered. */
  setBarrier(barrier: () => Promise<unknown> | undefined): void {
    this.#barrier = barrier;
  }

  /** Calls `go`, which must not throw, when its side may be in, at once if that is now. Each call is followed by one `leave`. */
  enter(side: GateSide, go: () => void): void {
    this.#waiting[side].push(go);
    this.#admit();
  }

  /** A change that is not ours to put off is under way: none is attached until it is over. */
  mark(): void {
    this.#inside.change++;
  }

  leave(side: GateSide): void {
    this.#inside[side]--;
    this.#admit();
  }

  /** Leaves when tmux has seen the end of a client that has just ended. */
  async leaveAfterBarrier(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, barrierDeadline).unref();
    await Promise.race([Promise.resolve(this.#barrier?.()).catch(() => undefined), late]);
    clearTimeout(timer);
    this.leave('change');
  }

  #admit(): void {
    const side = this.#turn();
    if (!side) return;
    const room = side === 'attach' ? mostAttaching - this.#inside.attach : Number.POSITIVE_INFINITY;
    const admitted = this.#waiting[side].splice(0, room);
    if (admitted.length === 0) return;
    this.#last = side;
    this.#inside[side] += admitted.length;
    for (const go of admitted) go();
  }

  /** Whose turn it is; null while those who are in have to leave first. */
  #turn(): GateSide | null {
    const { attach, change } = this.#inside;
    if (attach > 0) return change > 0 || this.#waiting.change.length > 0 ? null : 'attach';
    if (change > 0) return this.#waiting.attach.length > 0 ? null : 'change';
    const other = this.#last === 'attach' ? 'change' : 'attach';
    return this.#waiting[other].length > 0 ? other : this.#last;
  }
}
