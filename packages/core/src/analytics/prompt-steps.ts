/** Prompt lengths, in tokens, above which some models cost more. Stored sums are kept apart at these lengths. */
export const promptSteps = [100_000, 200_000, 272_000] as const;

/** How many of `promptSteps` a prompt exceeds. */
export function promptStep(promptTokens: number): number {
  let exceeded = 0;
  for (const step of promptSteps) if (promptTokens > step) exceeded += 1;
  return exceeded;
}
