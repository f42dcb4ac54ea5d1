import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';

/** What a session is called: its name, or the beginning of its id. */
export function nameOf({ name, id }: Pick<Session, 'name' | 'id'>): string {
  return name ?? id.slice(0, 8);
}

/** Agents, as their makers write them. */
export const agentNames: Readonly<Record<ProviderId, string>> = {
  'claude-code': 'Claude Code',
  codex: 'Codex',
  shell: 'Shell',
};

export interface SessionState {
  word: string;
  tone: 'wait' | 'live' | 'quiet' | 'gone';
}

/** What a session does, in the words used everywhere. */
export function stateOf({ status, activity }: Pick<Session, 'status' | 'activity'>): SessionState {
  switch (status) {
    case 'needs_permission':
      return { word: 'needs permission', tone: 'wait' };
    case 'needs_input':
      return { word: 'needs input', tone: 'wait' };
    case 'starting':
      return { word: 'starting', tone: 'quiet' };
    case 'running':
      return activity === 'busy'
        ? { word: 'busy', tone: 'live' }
        : { word: activity ?? 'running', tone: 'quiet' };
    case 'crashed':
      return { word: 'crashed', tone: 'gone' };
    case 'stopped':
      return { word: 'stopped', tone: 'quiet' };
  }
}
