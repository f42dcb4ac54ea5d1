import type { AgentFact, AgentState } from '../provider.ts';

const states: Readonly<Record<string, AgentState>> = {
  Starting: { status: 'starting', activity: null },
  Ready: { status: 'running', activity: 'idle' },
  Working: { status: 'running', activity: 'busy' },
  Thinking: { status: 'running', activity: 'busy' },
  // An approval or a question; the title does not say which.
  'Action Required': { status: 'needs_permission', activity: null },
};

/**
 * The state in a title of the form our launch asks for, `Ready | 01a1fc7c… | GPT-5.5`. The id in it is cut off and the
 * model is a display name: neither is read. `[ ! ]` and `[ . ]` before the state take turns; a spinner may stand there.
 */
export function readTitle(title: string): AgentFact[] {
  const [first = ''] = title.split(' | ');
  const word = first.replace(/^(?:\[ . \]|[⠀-⣿])\s*/u, '').trim();
  const state = Object.hasOwn(states, word) ? states[word] : undefined;
  return state ? [{ kind: 'state', state, detail: `title: ${word}` }] : [];
}
