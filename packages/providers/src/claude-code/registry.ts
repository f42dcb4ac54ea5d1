import { asText, type Json, parseObject } from '../json.ts';
import { below } from '../paths.ts';
import type { AgentFact, AgentRegistry } from '../provider.ts';
import { configDirectory } from './trust.ts';

/**
 * `sessions/<pid>.json`: written when the prompt is ready, then with every change of state; gone after a clean exit.
 * No file stands there while a start dialog is up.
 */
export const registry: AgentRegistry = {
  directory: (env) => below(configDirectory(env), 'sessions'),
  fileName: (pid) => `${pid}.json`,
  read(content, pid) {
    const entry = parseObject(content);
    if (entry?.pid !== pid) return null;
    const id = asText(entry.sessionId);
    const facts: AgentFact[] = id
      ? [{ kind: 'conversation', id, transcriptPath: null, origin: 'unknown' }]
      : [];
    const since = [entry.statusUpdatedAt, entry.updatedAt].find((at) => typeof at === 'number') ?? 0;
    return { facts: [...facts, ...state(entry)], since };
  },
};

function state(entry: Json): AgentFact[] {
  switch (entry.status) {
    case 'idle':
      return [{ kind: 'state', state: { status: 'running', activity: 'idle' }, detail: 'idle' }];
    case 'shell':
      // The turn is over; a command it started goes on in the background.
      return [
        { kind: 'state', state: { status: 'running', activity: 'idle' }, detail: 'background command' },
      ];
    case 'busy':
      return [{ kind: 'state', state: { status: 'running', activity: 'busy' }, detail: 'busy' }];
    case 'waiting':
      return [waiting(asText(entry.waitingFor) ?? 'waiting')];
    default:
      return [];
  }
}

function waiting(reason: string): AgentFact {
  const status = reason === 'permission prompt' ? 'needs_permission' : 'needs_input';
  return { kind: 'state', state: { status, activity: null }, detail: reason };
}
