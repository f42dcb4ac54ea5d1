import type { BillingMode } from '@codepiper/core/sessions/session.ts';
import type { Provider } from '@codepiper/providers/provider.ts';

/** Variables of the daemon's environment that every pane may have. */
const safeVariables: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TMPDIR',
  'TZ',
  'EDITOR',
  'VISUAL',
  'PAGER',
  'COLORTERM',
  'TERMINFO',
  'TERMINFO_DIRS',
];
const safePrefixes: readonly string[] = ['LC_', 'XDG_'];

/** Marks a process as one of the agent's own nested starts; a fresh session is none. */
const neverPassed: readonly string[] = ['CLAUDECODE', 'CLAUDE_CODE_ENTRYPOINT', 'TMUX', 'TMUX_PANE'];

export interface PaneEnvironmentRequest {
  /** The daemon's own environment. */
  inherited: Readonly<Record<string, string | undefined>>;
  provider: Pick<Provider, 'apiKeyVariables' | 'inheritedVariables'>;
  billing: BillingMode;
  forwardSshAgent: boolean;
  /** Given for this session. */
  given: Readonly<Record<string, string>>;
}

/** What the program of a session sees, before its provider's own changes and codepiper's variables. */
export function paneEnvironment(request: PaneEnvironmentRequest): Record<string, string> {
  const { inherited, provider } = request;
  const allowed = new Set([...safeVariables, ...provider.inheritedVariables]);
  if (request.billing === 'api') for (const name of provider.apiKeyVariables) allowed.add(name);
  if (request.forwardSshAgent) allowed.add('SSH_AUTH_SOCK').add('SSH_AGENT_PID');
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value === undefined) continue;
    if (allowed.has(name) || safePrefixes.some((prefix) => name.startsWith(prefix))) env[name] = value;
  }
  Object.assign(env, request.given);
  if (request.billing === 'subscription') for (const name of provider.apiKeyVariables) delete env[name];
  for (const name of neverPassed) delete env[name];
  return env;
}
