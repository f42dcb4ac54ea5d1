import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { agentNames } from '../../api/session-words.ts';

/** What the address of a new session fills in. */
export interface NewSessionSearch {
  cwd?: string;
  provider?: ProviderId;
}

/** Other names people give a provider. */
const aliases: Readonly<Record<string, ProviderId>> = { claude: 'claude-code', sh: 'shell' };

export function readNewSessionSearch(search: Record<string, unknown>): NewSessionSearch {
  const name = String(search.provider);
  const provider = Object.keys(agentNames).includes(name) ? (name as ProviderId) : aliases[name];
  return {
    ...(typeof search.cwd === 'string' && search.cwd !== '' ? { cwd: search.cwd } : {}),
    ...(provider ? { provider } : {}),
  };
}
