import type { Entry } from './conversation.ts';

/** How the notices begin by which transcripts, as they are read, say that a turn was stopped on purpose. */
const beginnings = ['[Request interrupted by user', 'Turn aborted: interrupted'];

/** Whether an entry says that the agent was interrupted: by a person, or by an answer that stops it. */
export function isInterruption({ kind, text }: Pick<Entry, 'kind' | 'text'>): boolean {
  return kind === 'notice' && beginnings.some((beginning) => text.startsWith(beginning));
}
