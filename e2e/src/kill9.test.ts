import { runAgentFaults } from '@codepiper/testkit/faults/agent-faults.ts';
import { runShellFaults } from '@codepiper/testkit/faults/shell-faults.ts';
import { describe, expect, it } from 'vitest';

/** A slice of what `scripts/soak` runs in full. */
describe('a daemon that is killed at any moment', () => {
  it('loses, doubles and leaves behind nothing: 200 points', { timeout: 400_000 }, async () => {
    const runs = [11, 12].map((seed) => runShellFaults({ seed, points: 100 }));
    // Both to their end, so that both clean up.
    await Promise.allSettled(runs);
    for (const { points, cut, counts } of await Promise.all(runs)) {
      expect(points).toBe(100);
      // Most requests are under way when the daemon dies: a run that cuts none off proves nothing.
      expect(cut).toBeGreaterThan(30);
      for (const verb of ['start', 'send', 'stop', 'kill', 'exit', 'resume', 'remove'] as const) {
        expect(counts[verb], verb).toBeGreaterThan(0);
      }
    }
  });

  it.each(['claude-code', 'codex'] as const)(
    'brings every prompt to the real %s exactly once: 6 points',
    { timeout: 240_000 },
    async (provider) => {
      const { points, counts } = await runAgentFaults({ provider, seed: 3, points: 6 });
      expect(points).toBe(6);
      expect(counts.send ?? 0).toBeGreaterThan(0);
    },
  );
});
