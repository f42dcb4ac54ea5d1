/** Wakes the one who waits; it remembers being rung while nobody waited. */
export interface Bell {
  ring(): void;
  wait(): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let resume: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      resume?.();
    },
    async wait() {
      if (!rung) {
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
      }
      rung = false;
      resume = undefined;
    },
  };
}
