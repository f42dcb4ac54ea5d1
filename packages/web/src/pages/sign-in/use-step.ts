import { useState } from 'react';
import { wordsOf } from '../../api/words-of.ts';

/** One step of signing in: whether it is under way, and why it failed. */
export function useStep() {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const run = async (step: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    try {
      await step();
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setBusy(false);
    }
  };
  return { problem, isBusy, run };
}
