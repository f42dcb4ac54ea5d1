import type { Usage } from '@codepiper/core/analytics/analytics.ts';
import { CostSum, type Rates } from '@codepiper/core/analytics/pricing.ts';

/** Sums of responses that have one price. */
export interface UsageGroup {
  /** Empty when none was named. */
  model: string;
  rates: Rates | null;
  responses: number;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  reasoning: number;
}

/** Adds groups up. */
export class UsageSum {
  readonly #cost = new CostSum();
  #responses = 0;
  #input = 0;
  #output = 0;
  #cacheRead = 0;
  #cacheWrite5m = 0;
  #cacheWrite1h = 0;
  #reasoning = 0;

  add(group: UsageGroup): void {
    this.#responses += group.responses;
    this.#input += group.input;
    this.#output += group.output;
    this.#cacheRead += group.cacheRead;
    this.#cacheWrite5m += group.cacheWrite5m;
    this.#cacheWrite1h += group.cacheWrite1h;
    this.#reasoning += group.reasoning;
    this.#cost.add(group.model === '' ? null : group.model, group.rates, group);
  }

  /** Adds all of another sum. */
  merge(other: UsageSum): void {
    this.#responses += other.#responses;
    this.#input += other.#input;
    this.#output += other.#output;
    this.#cacheRead += other.#cacheRead;
    this.#cacheWrite5m += other.#cacheWrite5m;
    this.#cacheWrite1h += other.#cacheWrite1h;
    this.#reasoning += other.#reasoning;
    this.#cost.merge(other.#cost);
  }

  get usage(): Usage {
    const read = this.#input + this.#cacheRead + this.#cacheWrite5m + this.#cacheWrite1h;
    return {
      responses: this.#responses,
      input: this.#input,
      output: this.#output,
      cacheRead: this.#cacheRead,
      cacheWrite5m: this.#cacheWrite5m,
      cacheWrite1h: this.#cacheWrite1h,
      reasoning: this.#reasoning,
      total: read + this.#output,
      cacheHitRate: read === 0 ? null : this.#cacheRead / read,
      cost: this.#cost.cost,
    };
  }
}

/** Sums of groups by a key, in the order the keys are met, and the sum of all. */
export function sumBy<Group extends UsageGroup, Key>(
  groups: Iterable<Group>,
  keyOf: (group: Group) => Key,
): { by: Map<Key, Usage>; total: Usage } {
  const sums = new Map<Key, UsageSum>();
  for (const group of groups) {
    const key = keyOf(group);
    let sum = sums.get(key);
    if (!sum) {
      sum = new UsageSum();
      sums.set(key, sum);
    }
    sum.add(group);
  }
  const total = new UsageSum();
  for (const sum of sums.values()) total.merge(sum);
  return { by: new Map([...sums].map(([key, sum]) => [key, sum.usage])), total: total.usage };
}

/** The most expensive first; what has no price by its tokens, behind what has. */
export function byCost(a: Usage, b: Usage): number {
  return b.cost.usd - a.cost.usd || b.cost.unknownTokens - a.cost.unknownTokens || b.total - a.total;
}
