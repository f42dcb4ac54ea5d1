import { SeededRandom } from '../faults/random.ts';
import { ClaudeConversation } from './claude.ts';
import { CodexConversation } from './codex.ts';
import { Ledger } from './ledger.ts';
import type { GeneratedTranscripts } from './truth.ts';

export interface GenerateOptions {
  /** Conversations of each agent; forks and sub-agents come on top. */
  conversations?: number;
  /** Turns of each. */
  turns?: number;
  /** Characters of the biggest results of tools. */
  hugeLength?: number;
}

/**
 * Transcripts as both agents write them, and what is in them: responses over several lines whose usage grows, shrinks
 * or stays, copies in forked and resumed files, sub-agents, several models, days that end while a turn runs, huge
 * lines, lines that are no JSON or of no known type, half lines at the end. The same seed gives the same files.
 */
export function generateTranscripts(seed: number, options: GenerateOptions = {}): GeneratedTranscripts {
  const random = new SeededRandom(seed);
  const ledger = new Ledger();
  const { conversations = 4, turns = 6, hugeLength = 20_000 } = options;
  for (let number = 0; number < conversations; number++) {
    new ClaudeConversation(random, ledger, { turns, hugeLength }).write();
    new CodexConversation(random, ledger, { turns, hugeLength }).write();
  }
  return ledger.close();
}
