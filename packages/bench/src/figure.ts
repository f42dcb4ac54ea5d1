/** One line of the report: a figure of ours beside its floor, both measured in this run. */
export interface Row {
  figure: string;
  /** Median, in `unit`. */
  ours: number;
  /** The least this machine needs for the same; null where there is no such thing. */
  floor: number | null;
  /** What the floor is. */
  floorOf: string | null;
  /** Median of the ratios of neighbouring runs. */
  ratio: number | null;
  unit: Unit;
  target: Target | null;
  /** How many runs `ours` is the median of. */
  runs: number;
  /** What a reader must know besides. */
  note?: string;
}

export type Unit = 'ms' | 'µs' | '%' | 'MB' | 'kB' | 'count';

/** The most that `ours` or `ratio` may be. */
export interface Target {
  of: 'ours' | 'ratio';
  max: number;
}

export interface FigureOptions {
  /** Runs of each side. */
  runs: number;
  /** With the real agents too, where that makes a difference. */
  withAgents: boolean;
}

export interface Figure {
  /** For `--only`. */
  name: string;
  measure(options: FigureOptions): Promise<Row[]>;
}

/** Whether the target holds; null without one. */
export function holds({ ours, ratio, target }: Row): boolean | null {
  if (!target) return null;
  const value = target.of === 'ours' ? ours : ratio;
  return value !== null && value <= target.max;
}
