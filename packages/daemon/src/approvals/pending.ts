import type { Clock } from '@codepiper/core/clock.ts';
import type { ToolCall } from '@codepiper/core/policies/call.ts';
import type { ApprovalRecord } from './approvals.store.ts';
import type { HeldSessions } from './held.ts';

interface Pending {
  record: ApprovalRecord;
  /** Since when no hook waits for it; null while one does. */
  awaySince: number | null;
  /** In milliseconds of `performance.now()`; null when the hook came to an earlier daemon. */
  arrivedAt: number | null;
  /** As its hook told it, which is more than is stored; null until a hook has come to this daemon. */
  call: ToolCall | null;
}

/** Everything that waits, in memory, with what is not stored of it; the rows are the truth. Oldest first. */
export class PendingApprovals {
  readonly #pending = new Map<string, Pending>();
  readonly #held: HeldSessions;
  readonly #clock: Clock;
  readonly #grace: number;

  /** @param grace how long a hook that went away may take to come back, in milliseconds */
  constructor(held: HeldSessions, clock: Clock, grace: number) {
    this.#held = held;
    this.#clock = clock;
    this.#grace = grace;
  }

  get records(): ApprovalRecord[] {
    return [...this.#pending.values()].map(({ record }) => record);
  }

  /** When the first of them is due, by its expiry or the grace; `Infinity` for never. */
  get nextDue(): number {
    return Math.min(...[...this.#pending.values()].map((pending) => this.#dueAt(pending)));
  }

  /** One whose hook is not there yet; nothing happens when it is known. */
  add(record: ApprovalRecord, arrivedAt: number | null): void {
    if (this.#pending.has(record.id)) return;
    this.#pending.set(record.id, { record, awaySince: this.#clock.now(), arrivedAt, call: null });
    // Where the agent shows its own dialog it says itself that it waits.
    if (!record.inTerminal) this.#held.add(record);
  }

  remove(record: ApprovalRecord): void {
    if (this.#pending.delete(record.id)) this.#held.remove(record);
  }

  /** Whether a hook waits for it from now on. */
  setWaited(id: string | null, isWaited: boolean): void {
    const pending = id === null ? undefined : this.#pending.get(id);
    if (pending) pending.awaySince = isWaited ? null : this.#clock.now();
  }

  /** Its hook is there, with the call. */
  tell(id: string, call: ToolCall): void {
    const pending = this.#pending.get(id);
    if (pending) pending.call = call;
  }

  callOf(id: string): ToolCall | null {
    return this.#pending.get(id)?.call ?? null;
  }

  arrivedAt(id: string): number | null {
    return this.#pending.get(id)?.arrivedAt ?? null;
  }

  due(now: number): string[] {
    return [...this.#pending.values()]
      .filter((pending) => this.#dueAt(pending) <= now)
      .map(({ record }) => record.id);
  }

  /** Whether its hook went away too long ago. */
  isAbandoned(id: string, now: number): boolean {
    const awaySince = this.#pending.get(id)?.awaySince ?? null;
    return awaySince !== null && awaySince + this.#grace <= now;
  }

  #dueAt({ record, awaySince }: Pending): number {
    const expiry = record.expiresAt ?? Number.POSITIVE_INFINITY;
    return awaySince === null ? expiry : Math.min(expiry, awaySince + this.#grace);
  }
}
