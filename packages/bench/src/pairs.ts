/** Middle value. Throws for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new Error('a median needs at least one value');
  return (lower + upper) / 2;
}

export interface Pairs {
  ours: number;
  floor: number;
  ratio: number;
  runs: number;
}

/**
 * Measures two things in turns, so that a noisy moment hits both, and takes medians; the ratio is the median of the
 * pairs' ratios. Which of the two comes first changes with every pair. `warmUps` pairs are thrown away.
 */
export async function measurePairs(
  runs: number,
  ours: () => number | Promise<number>,
  floor: () => number | Promise<number>,
  warmUps = 2,
): Promise<Pairs> {
  const pairs: { ours: number; floor: number }[] = [];
  for (let run = -warmUps; run < runs; run++) {
    const pair = { ours: 0, floor: 0 };
    if (run % 2 === 0) pair.ours = await ours();
    pair.floor = await floor();
    if (run % 2 !== 0) pair.ours = await ours();
    if (run >= 0) pairs.push(pair);
  }
  return {
    ours: median(pairs.map((pair) => pair.ours)),
    floor: median(pairs.map((pair) => pair.floor)),
    ratio: median(pairs.map((pair) => pair.ours / pair.floor)),
    runs: pairs.length,
  };
}
