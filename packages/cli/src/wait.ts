import type { Input } from './args.ts';
import { UsageError } from './usage-error.ts';

/** Milliseconds to wait for the proof of delivery: `--wait` seconds, 0 with `--no-wait`, else 30 s. */
export function waitMs(input: Input): number {
  const seconds = input.number('wait', 0, 600);
  if (!input.flag('no-wait')) return (seconds ?? 30) * 1000;
  if (seconds !== undefined) throw new UsageError('--wait and --no-wait exclude each other.');
  return 0;
}
