import { resolveModel } from '@codepiper/core/analytics/pricing.ts';

const million = 1_000_000;
const small = 200_000;

/** Tokens, as platform.claude.com says (21 November 2026); the longest beginning of a name counts. */
const sizes: Readonly<Record<string, number>> = {
  'claude-fable-5': million,
  'claude-mythos-5': million,
  'claude-opus-5': million,
  'claude-opus-4-8': million,
  'claude-opus-4-7': million,
  'claude-opus-4-6': million,
  'claude-opus-4': small,
  'claude-opus-3': small,
  'claude-sonnet-5': million,
  'claude-sonnet-4-6': million,
  'claude-sonnet-4': small,
  'claude-sonnet-3': small,
  'claude-haiku-5-5': million,
  'claude-haiku-4-5': small,
  'claude-haiku-3': small,
  'claude-3': small,
};

/** How many tokens a model of Claude can read; null when it is not known. */
export function contextSize(model: string): number | null {
  if (/\[1m\]$/i.test(model)) return million;
  const name = resolveModel(model);
  const known = Object.keys(sizes)
    .filter((start) => name === start || name.startsWith(`${start}-`))
    .sort((a, b) => b.length - a.length)[0];
  return known === undefined ? null : (sizes[known] ?? null);
}
