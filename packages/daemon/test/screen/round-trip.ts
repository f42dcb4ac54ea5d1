import { textAt, widthAt } from '../../src/terminals/screen/row.ts';
import { Screen, type Snapshot } from '../../src/terminals/screen/screen.ts';
import { type Difference, differences } from './equal.ts';
import { Random, randomSteps, type Step } from './random-output.ts';

const scrollback = 200;

export interface Outcome {
  /** How the restored terminal differs from the one the snapshot was taken of. */
  restored: Difference[];
  /** How they differ after the same went on in both, if they were the same before. */
  later: Difference[];
}

/** Prints at random, takes a snapshot, restores it, and goes on at random with both. */
export function roundTrip(seed: number): Outcome {
  const random = new Random(seed);
  const size = { cols: random.int(2, 40), rows: random.int(2, 12) };
  const steps = randomSteps(random, random.int(1, 80), size);
  using screen = new Screen({ ...size, scrollback });
  play(screen, steps);
  const snapshot = screen.snapshot({ lines: scrollback });
  using again = restored(snapshot);
  const found = differences(screen.core, again.core);
  if (found.length > 0) return { restored: found, later: [] };
  const more = randomSteps(random, 20, snapshot);
  play(screen, more);
  play(again, more);
  const later = differences(screen.core, again.core);
  if (later.every(({ known }) => known !== undefined)) return { restored: [], later };
  using original = new Screen({ ...size, scrollback });
  play(original, steps);
  using copy = restored(snapshot);
  const first = firstDifferences(original, copy, more);
  // The emulator lays wrapped lines out anew with what earlier characters left in their cells.
  const isHidden = more.some((step) => 'cols' in step) || first.every(({ what }) => what.startsWith('pen'));
  return {
    restored: [],
    later: first.map((one) => ({ ...one, known: one.known ?? (isHidden ? 'kept' : undefined) })),
  };
}

/** One difference leads to others; the kind of the first one is what counts. */
function firstDifferences(a: Screen, b: Screen, steps: readonly Step[]): Difference[] {
  for (const step of steps) {
    play(a, [step]);
    play(b, [step]);
    const found = differences(a.core, b.core);
    if (found.length > 0) return found;
  }
  return [];
}

/** A fresh terminal to which the snapshot was written. */
export function restored({ cols, rows, data }: Snapshot): Screen {
  const screen = new Screen({ cols, rows, scrollback });
  screen.write(data);
  return screen;
}

export function play(screen: Screen, steps: readonly Step[]): void {
  for (const step of steps) {
    if ('bytes' in step) screen.write(step.bytes);
    else screen.resize(step.cols, step.rows);
  }
}

export interface Tally {
  states: number;
  /** Restored without any difference. */
  exact: number;
  /** Those of the rest whose differences are all among what is known not to be restored, by the first of them. */
  known: Record<string, number>;
  /** Restored exactly, and the same after going on. */
  laterExact: number;
  laterKnown: Record<string, number>;
  /** Seeds with a difference of another kind, and the first such difference. */
  wrong: { seed: number; what: string }[];
}

/** Many round trips, one for each seed from `first` on. */
export function tally(first: number, states: number): Tally {
  const counts: Tally = { states, exact: 0, known: {}, laterExact: 0, laterKnown: {}, wrong: [] };
  for (let seed = first; seed < first + states; seed++) {
    const { restored: found, later } = roundTrip(seed);
    const bad = [...found, ...later].find(({ known }) => known === undefined);
    if (bad) counts.wrong.push({ seed, what: `${found.length > 0 ? '' : 'later: '}${bad.what}` });
    const [kind, laterKind] = [found[0]?.known, later[0]?.known];
    if (found.length === 0) counts.exact++;
    else if (kind) counts.known[kind] = (counts.known[kind] ?? 0) + 1;
    if (found.length === 0 && later.length === 0) counts.laterExact++;
    else if (laterKind) counts.laterKnown[laterKind] = (counts.laterKnown[laterKind] ?? 0) + 1;
  }
  return counts;
}

/** The same bytes in one piece and cut at random, with a restored snapshot going on somewhere; how they differ. */
export function splitPlay(seed: number): Difference[] {
  const random = new Random(seed);
  const size = { cols: random.int(10, 40), rows: random.int(2, 12) };
  const steps = randomSteps(random, 40, size).flatMap((step) => ('bytes' in step ? [step.bytes] : []));
  const bytes = Uint8Array.from(steps.flatMap((piece) => [...piece]));
  using whole = new Screen({ ...size, scrollback });
  whole.write(bytes);
  using split = new Screen({ ...size, scrollback });
  const handover = random.int(0, bytes.length);
  for (let at = 0; at < handover; ) {
    const end = Math.min(handover, at + random.int(1, 30));
    split.write(bytes.subarray(at, end));
    at = end;
  }
  const snapshot = split.snapshot({ lines: scrollback });
  using copy = restored(snapshot);
  const before = differences(split.core, copy.core);
  if (before.length > 0 && before.every(({ known }) => known !== undefined)) return [];
  for (const screen of [split, copy]) screen.write(bytes.subarray(handover));
  const found = [...before, ...differences(whole.core, split.core), ...differences(split.core, copy.core)];
  return found.filter(({ known }) => known === undefined);
}

/** Lines of the buffer that is shown, with its history, without blanks at their ends. */
export function textOf({ core }: Screen): string[] {
  const { lines } = core.buffers.active;
  return Array.from({ length: lines.length }, (_, index) => {
    const line = lines.get(index);
    let text = '';
    for (let col = 0; line && col < line.length; col++)
      text += textAt(line, col) || (widthAt(line, col) === 0 ? '' : ' ');
    return text.trimEnd();
  });
}
