/** Who a piece of a conversation comes from; `system` is the agent's own scaffolding, never the user's words. */
export type Speaker = 'user' | 'assistant' | 'tool' | 'system';

/** One piece of a conversation as a model sees it, the same for every dialect. */
export interface Entry {
  speaker: Speaker;
  text: string;
  /** Of a tool's result: it failed, was refused or was interrupted. */
  failed?: boolean;
}

/** What the model is asked: go on after the user's newest prompt, or after a tool's result. */
export interface Turn {
  /** The newest prompt of the user. */
  prompt: string;
  /** All prompts of the conversation, oldest first. */
  prompts: string[];
  /** The result the conversation ends with, when it ends with one. */
  toolResult?: { output: string; failed: boolean };
  /** Since the last answer the program only told something by itself (a background task ended, say). */
  isNews?: boolean;
}

/** Reads what a model is asked from a conversation that ends at the point where the model has to speak. */
export function readTurn(entries: Entry[]): Turn {
  const prompts = promptsOf(entries);
  const last = entries.findLast((entry) => entry.speaker !== 'system');
  const turn: Turn = { prompt: prompts.at(-1) ?? '', prompts };
  if (last?.speaker === 'tool') turn.toolResult = { output: last.text, failed: last.failed ?? false };
  if (last?.speaker === 'assistant' && entries.at(-1)?.speaker === 'system') turn.isNews = true;
  return turn;
}

/** The conversation as lines `user: …`, `assistant: …`, `tool: …`; the agent's own scaffolding is left out. */
export function toText(entries: Entry[]): string {
  return entries
    .filter((entry) => entry.speaker !== 'system')
    .map((entry) => `${entry.speaker}: ${entry.text}`)
    .join('\n');
}

/**
 * The user's prompts that reached a model, each once per time it was given, in order of arrival.
 *
 * Every request carries the whole history, and a turn makes several requests (tool results, retries), so a prompt
 * is counted by its place in its conversation: two equal prompts are two, a retry of one is still one.
 */
export class PromptLog {
  readonly #seen = new Map<string, string[]>();
  readonly #prompts: string[] = [];

  /** @param conversation the agent's own id of the conversation */
  add(conversation: string, entries: Entry[]): void {
    const prompts = promptsOf(entries);
    // Sub-agents talk under their parent's id, with a history of their own: the first prompt tells them apart.
    const key = JSON.stringify([conversation, prompts[0]]);
    const seen = this.#seen.get(key);
    const isContinued = seen?.every((prompt, index) => prompts[index] === prompt) ?? false;
    // Without a known history (resume after a restart of this server, fork, rewind, compaction) only what the model
    // has not answered yet is new.
    const fresh = seen && isContinued ? prompts.slice(seen.length) : unanswered(entries);
    this.#seen.set(key, prompts);
    this.#prompts.push(...fresh);
  }

  list(): string[] {
    return [...this.#prompts];
  }
}

function promptsOf(entries: Entry[]): string[] {
  return entries.filter((entry) => entry.speaker === 'user').map((entry) => entry.text);
}

function unanswered(entries: Entry[]): string[] {
  const answered = entries.findLastIndex((entry) => entry.speaker === 'assistant');
  return promptsOf(entries.slice(answered + 1));
}
