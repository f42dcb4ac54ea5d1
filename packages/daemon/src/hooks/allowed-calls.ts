import type { Decider } from '@codepiper/core/audit/decision.ts';
import type { RuleRef } from '@codepiper/core/policies/verdict.ts';

/** Which call it was: a later hook about the same call brings no id of it. */
export interface CallIdentity {
  sessionId: string;
  run: number;
  /** Sub-agent that calls; null for the session's own. */
  agentId: string | null;
  inputHash: string;
  tool: string;
}

/** Why a call was allowed. */
export interface Permission {
  by: Decider;
  rule: RuleRef | null;
  reason: string;
}

/** How long an agent may take from its tool hook to its own prompt, in milliseconds. */
const keptMs = 600_000;
const mostKept = 2_000;

/**
 * Calls that were allowed a moment ago. An agent that asks with a prompt of its own for leave to make the very call
 * gets the answer it had already, once for each time it was given.
 */
export class AllowedCalls {
  readonly #now: () => number;
  /** Oldest first. */
  readonly #kept = new Map<string, { at: number; permissions: Permission[] }>();

  /** @param now milliseconds that only grow */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(call: CallIdentity, permission: Permission): void {
    const key = keyOf(call);
    const before = this.#kept.get(key);
    this.#kept.delete(key);
    const still = before && this.#now() - before.at <= keptMs ? before.permissions : [];
    this.#kept.set(key, { at: this.#now(), permissions: [...still, permission].slice(-16) });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** The permission of this call, which is then used up. */
  take(call: CallIdentity): Permission | null {
    const key = keyOf(call);
    const kept = this.#kept.get(key);
    if (!kept) return null;
    const permission = this.#now() - kept.at <= keptMs ? kept.permissions.shift() : undefined;
    if (!permission || kept.permissions.length === 0) this.#kept.delete(key);
    return permission ?? null;
  }

  /** Takes back every permission of this call. */
  forget(call: CallIdentity): void {
    this.#kept.delete(keyOf(call));
  }
}

function keyOf({ sessionId, run, agentId, tool, inputHash }: CallIdentity): string {
  return JSON.stringify([sessionId, run, agentId, tool, inputHash]);
}
