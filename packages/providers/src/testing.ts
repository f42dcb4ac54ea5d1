import type { AgentFact, LaunchRequest } from './provider.ts';

/** Files by their names without directories. */
export function byName(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path.split('/').at(-1) ?? path, text]),
  );
}

/** A request to start with nothing special about it. */
export function launchRequest(changes: Partial<LaunchRequest> = {}): LaunchRequest {
  return {
    sessionId: '0b0e6f0e-0000-4000-8000-000000000001',
    program: '/opt/bin/agent',
    sessionDir: '/home/dev/.codepiper/sessions/s1',
    cwd: '/home/dev/repo',
    model: null,
    args: [],
    billing: 'subscription',
    dangerous: false,
    hostAccess: false,
    conversation: null,
    trusted: false,
    env: { HOME: '/home/dev' },
    config: {},
    hookCommand: 'cat > "$CODEPIPER_HOOKS/x.json"',
    decideCommand: 'decide || exit 2',
    hookFallback: 'deny',
    version: null,
    repositoryRoot: null,
    sha256: (text) => `sha256-of-${text}`,
    ...changes,
  };
}

/** States among facts, as `running busy` or `needs_input`. */
export function statesOf(facts: readonly AgentFact[]): string[] {
  return facts.flatMap((fact) =>
    fact.kind === 'state' ? [[fact.state.status, fact.state.activity].filter(Boolean).join(' ')] : [],
  );
}
