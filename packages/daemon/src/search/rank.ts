import type { EntryKind } from '@codepiper/core/transcripts/transcript.ts';
import type { Candidate } from './search.store.ts';

/** What people said and were told is what they remember; what a tool printed is mostly beside the point. */
const weights: Readonly<Partial<Record<EntryKind, number>>> = {
  prompt: 1,
  answer: 1,
  error: 0.9,
  compaction: 0.8,
  thinking: 0.8,
  tool_call: 0.8,
};
const otherWeight = 0.6;
const relevanceShare = 0.65;
/** Something so much older than the newest is worth half as much for its age. */
const halfAgeMs = 14 * 86_400_000;

/**
 * The best first: by what they say, how new they are beside the newest of them, and what they are. Of copies of one entry
 * the first is taken. The same candidates come in the same order.
 */
export function rank(candidates: readonly Candidate[]): Candidate[] {
  const newest = candidates.reduce((at, candidate) => Math.max(at, candidate.at ?? 0), 0);
  const best = candidates.reduce((most, { relevance }) => Math.max(most, relevance), 0);
  const originals = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const known = originals.get(candidate.key);
    if (!known || candidate.id < known.id) originals.set(candidate.key, candidate);
  }
  const scored = [...originals.values()].map((candidate) => {
    const { relevance, at, kind } = candidate;
    const newness = at === null ? 0 : 1 / (1 + (newest - at) / halfAgeMs);
    const worth = relevanceShare * (best === 0 ? 0 : relevance / best) + (1 - relevanceShare) * newness;
    // Whole numbers: an entry more in the index must not change the order of others.
    return { candidate, score: Math.round(worth * (weights[kind] ?? otherWeight) * 1000) };
  });
  scored.sort((one, other) => other.score - one.score || other.candidate.id - one.candidate.id);
  return scored.map(({ candidate }) => candidate);
}
