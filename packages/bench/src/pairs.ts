/** Middle value. Throws for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new Error('a median needs at least one value');
  return (lower + upper) / 2;
}

/** The value that a share of all (0.95 for 95 of 100) does not exceed. Throws for no values. */
export function percentile(values: readonly number[], share: number): number {
  const found = [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1];
  if (found === undefined) throw new Error('a percentile needs at least one value');
  return found;
}

/** The value that 99 of 100 do not exceed. Throws for no values. */
export const percentile99 = (values: readonly number[]): number => percentile(values, 0.99);

/** What two neighbouring runs took. */
export interface Pair {
  ours: number;
  floor: number;
}

export interface Pairs extends Pair {
  ratio: number;
  runs: number;
}

type Run = () => number | Promise<number>;

/**
 * Measures two things in turns, so that a noisy moment hits both. Which of the two comes first changes with every
 * pair. `warmUps` pairs are thrown away.
 */
export async function takePairs(runs: number, ours: Run, floor: Run, warmUps: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let run = -warmUps; run < runs; run++) {
    const pair = { ours: 0, floor: 0 };
    if (run % 2 === 0) pair.ours = await ours();
    pair.floor = await floor();
    if (run % 2 !== 0) pair.ours = await ours();
    if (run >= 0) pairs.push(pair);
  }
  return pairs;
}

/** Medians; the ratio is the median of the pairs' ratios. */
export function middleOf(pairs: readonly Pair[]): Pairs {
  return {
    ours: median(pairs.map((pair) => pair.ours)),
    floor: median(pairs.map((pair) => pair.floor)),
    ratio: median(pairs.map((pair) => pair.ours / pair.floor)),
    runs: pairs.length,
  };
}

/** What 99 of 100 runs, or another share, do not exceed, each side by itself. */
export function tailOf(pairs: readonly Pair[], share = 0.99): Pairs {
  const ours = percentile(
    pairs.map((pair) => pair.ours),
    share,
  );
  const floor = percentile(
    pairs.map((pair) => pair.floor),
    share,
  );
  return { ours, floor, ratio: ours / floor, runs: pairs.length };
}

/** Takes pairs, and medians of them. */
export async function measurePairs(runs: number, ours: Run, floor: Run, warmUps = 2): Promise<Pairs> {
  return middleOf(await takePairs(runs, ours, floor, warmUps));
}
