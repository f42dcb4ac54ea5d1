import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { claudeCode } from './claude-code/claude-code.ts';
import { codex } from './codex/codex.ts';
import type { Provider } from './provider.ts';
import { shell } from './shell/shell.ts';

/** Every provider, by id. Adding an agent is a folder and a line here. */
export const providers: Readonly<Record<ProviderId, Provider>> = { 'claude-code': claudeCode, codex, shell };

/** The provider of an id. */
export function getProvider(id: ProviderId): Provider {
  return providers[id];
}
