import type { Tone } from '../../../kit/badge.tsx';

/** What rules and people do with a call, in the words of the dashboard. */
export const actionWords = {
  allow: { word: 'Allow', past: 'Allowed', tone: 'live' },
  ask: { word: 'Ask', past: 'Asked', tone: 'wait' },
  deny: { word: 'Deny', past: 'Denied', tone: 'gone' },
  agent: { word: 'Agent decides', past: 'Left to the agent', tone: 'quiet' },
  change: { word: 'Change', past: 'Changed', tone: 'accent' },
  none: { word: 'Nothing', past: 'Nothing said', tone: 'quiet' },
} as const satisfies Record<string, { word: string; past: string; tone: Tone }>;

/** What a default does with calls that no rule speaks of. */
export const defaultWords = {
  ask: 'Ask a person',
  deny: 'Deny',
  agent: "Leave it to the agent's own rules",
} as const;
