import type { ApprovalKind } from '@codepiper/core/approvals/approval.ts';
import { KeyedQueue } from '../platform/keyed-queue.ts';
import type { Holds } from './asking.ts';

export interface HeldApproval {
  id: string;
  sessionId: string;
  run: number;
  kind: ApprovalKind;
  summary: string;
}

/** Tells the sessions room which of them wait for a person, in order and only when that changes. */
export class HeldSessions {
  readonly #holds: Holds;
  readonly #onError: (error: unknown) => void;
  readonly #queue = new KeyedQueue();
  readonly #held = new Map<string, HeldApproval[]>();
  readonly #told = new Map<string, { run: number; kind: ApprovalKind }>();

  constructor(holds: Holds, onError: (error: unknown) => void) {
    this.#holds = holds;
    this.#onError = onError;
  }

  add(approval: HeldApproval): void {
    const held = this.#held.get(approval.sessionId) ?? [];
    if (held.some(({ id }) => id === approval.id)) return;
    this.#held.set(approval.sessionId, [...held, approval]);
    this.#tell(approval.sessionId);
  }

  remove({ id, sessionId }: Pick<HeldApproval, 'id' | 'sessionId'>): void {
    const left = (this.#held.get(sessionId) ?? []).filter((held) => held.id !== id);
    if (left.length > 0) this.#held.set(sessionId, left);
    else this.#held.delete(sessionId);
    this.#tell(sessionId);
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  #tell(sessionId: string): void {
    this.#queue
      .run(sessionId, async () => {
        const [oldest] = this.#held.get(sessionId) ?? [];
        const told = this.#told.get(sessionId);
        if (oldest && (told?.run !== oldest.run || told.kind !== oldest.kind)) {
          this.#told.set(sessionId, { run: oldest.run, kind: oldest.kind });
          await this.#holds.hold(sessionId, oldest.run, oldest.kind, oldest.summary);
        } else if (!oldest && told) {
          this.#told.delete(sessionId);
          await this.#holds.release(sessionId, told.run);
        }
      })
      .catch(this.#onError);
  }
}
