import type { ToolUsage } from '@codepiper/core/analytics/analytics.ts';
import { untimed } from '../db/transcripts/tool-rollups.ts';

type ToolRow = ToolUsage['tools'][number];

/** Calls of one tool, by the slots of their durations. */
export class ToolCount {
  readonly provider: string;
  readonly tool: string;
  count = 0;
  failures = 0;
  #timed = 0;
  #denied = 0;
  #unfinished = 0;
  readonly #slots = new Map<number, number>();
  readonly #durations: number[] = [];
  #sorted: Float64Array | null = null;

  constructor(provider: string, tool: string) {
    this.provider = provider;
    this.tool = tool;
  }

  /** Adds calls of a slot. */
  add(slot: number, calls: number, failures: number): void {
    this.count += calls;
    this.failures += failures;
    if (slot === untimed.unfinished) this.#unfinished += calls;
    if (slot === untimed.denied) this.#denied += calls;
    if (slot < 0) return;
    this.#timed += calls;
    this.#slots.set(slot, (this.#slots.get(slot) ?? 0) + calls);
  }

  /** Remembers the duration of a call for `durationAt`. */
  keep(durationMs: number): void {
    this.#durations.push(durationMs);
  }

  /** The duration at a rank within a slot, of those that were kept. */
  durationAt(slot: number, rank: number): number {
    this.#sorted ??= Float64Array.from(this.#durations).sort();
    let first = 0;
    for (let end = this.#sorted.length; first < end; ) {
      const middle = (first + end) >> 1;
      if ((this.#sorted[middle] ?? 0) < slot) first = middle + 1;
      else end = middle;
    }
    return this.#sorted[first + rank] ?? slot;
  }

  /** @param durationAt finds the duration at a rank within a slot, in milliseconds */
  usage(durationAt: (slot: number, rank: number) => number): ToolRow {
    const slots = [...this.#slots].sort(([a], [b]) => a - b);
    const at = (share: number): number | null => {
      let rank = Math.max(0, Math.ceil(share * this.#timed) - 1);
      for (const [slot, calls] of slots) {
        if (rank < calls) return durationAt(slot, rank);
        rank -= calls;
      }
      return null;
    };
    const ended = this.count - this.#unfinished - this.#denied;
    return {
      provider: this.provider,
      tool: this.tool,
      count: this.count,
      failures: this.failures,
      denied: this.#denied,
      failureRate: ended === 0 ? null : this.failures / ended,
      unfinished: this.#unfinished,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
    };
  }
}
