import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttachGate, type GateSide, mostAttaching } from './attach-gate.ts';

/** What was admitted, in order. */
function watched(gate: AttachGate): { seen: string[]; enter(side: GateSide, name: string): void } {
  const seen: string[] = [];
  return { seen, enter: (side, name) => gate.enter(side, () => seen.push(name)) };
}

describe('the gate', () => {
  it('admits at once while nobody of the other side is in, but few that attach', () => {
    const gate = new AttachGate();
    const { seen, enter } = watched(gate);
    for (const name of ['a1', 'a2', 'a3']) enter('attach', name);
    expect(seen).toEqual(['a1', 'a2']);
    gate.leave('attach');
    expect(seen).toEqual(['a1', 'a2', 'a3']);
    const other = watched(new AttachGate());
    for (const name of ['c1', 'c2', 'c3']) other.enter('change', name);
    expect(other.seen).toEqual(['c1', 'c2', 'c3']);
  });

  it('lets the sides take turns: nobody follows those who are in while one of the other side waits', () => {
    const gate = new AttachGate();
    const { seen, enter } = watched(gate);
    for (const name of ['a1', 'a2', 'a3', 'a4']) enter('attach', name);
    enter('change', 'c1');
    enter('change', 'c2');
    gate.leave('attach');
    expect(seen).toEqual(['a1', 'a2']);
    gate.leave('attach');
    expect(seen).toEqual(['a1', 'a2', 'c1', 'c2']); // before those that attach and came first
    enter('change', 'c3');
    gate.leave('change');
    gate.leave('change');
    expect(seen).toEqual(['a1', 'a2', 'c1', 'c2', 'a3', 'a4']);
    gate.leave('attach');
    gate.leave('attach');
    expect(seen.at(-1)).toBe('c3');
  });

  it('holds attaching back while a change is under way that nobody asked for', () => {
    const gate = new AttachGate();
    const { seen, enter } = watched(gate);
    gate.mark();
    enter('attach', 'a');
    expect(seen).toEqual([]);
    gate.leave('change');
    expect(seen).toEqual(['a']);
  });

  it('is left by one that ended when tmux answers, or fails to', async () => {
    for (const answer of [Promise.resolve(), Promise.reject(new Error('no tmux')), undefined]) {
      const gate = new AttachGate();
      const { seen, enter } = watched(gate);
      gate.setBarrier(() => answer);
      gate.mark();
      enter('attach', 'a');
      const left = gate.leaveAfterBarrier();
      expect(seen).toEqual([]);
      await left;
      expect(seen).toEqual(['a']);
    }
  });

  it('never has both sides inside, keeps the order of each, and no change waits for more than one turn, property-tested', () => {
    const side = fc.constantFrom<GateSide>('attach', 'change');
    fc.assert(
      fc.property(fc.array(fc.oneof(side, fc.constant('leave' as const))), (steps) => {
        const gate = new AttachGate();
        const inside: GateSide[] = [];
        const admitted: Record<GateSide, number[]> = { attach: [], change: [] };
        const leave = (): void => {
          const one = inside.shift();
          if (one) gate.leave(one);
        };
        steps.forEach((step, index) => {
          if (step === 'leave') {
            leave();
            return;
          }
          const before = admitted.attach.length;
          gate.enter(step, () => {
            admitted[step].push(index);
            inside.push(step);
            expect(new Set(inside).size).toBe(1);
            expect(inside.filter((one) => one === 'attach').length).toBeLessThanOrEqual(mostAttaching);
            // However many stand in line to attach.
            if (step === 'change') expect(admitted.attach.length - before).toBeLessThanOrEqual(mostAttaching);
          });
        });
        while (inside.length > 0) leave();
        expect(admitted.attach).toEqual([...admitted.attach].sort((a, b) => a - b));
        expect(admitted.change).toEqual([...admitted.change].sort((a, b) => a - b));
        const asked = steps.filter((step) => step !== 'leave').length;
        expect(admitted.attach.length + admitted.change.length).toBe(asked);
      }),
    );
  });
});
