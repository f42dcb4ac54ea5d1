import { join } from 'node:path';
import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Decision } from '@codepiper/core/audit/decision.ts';
import type { Rule } from '@codepiper/core/policies/policy.ts';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import { type AgentHome, createAgentHome } from '@codepiper/testkit/homes.ts';
import { House } from '@codepiper/testkit/house.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { startOpenAiServer } from '@codepiper/testkit/model-servers/openai.ts';
import type { ModelServer } from '@codepiper/testkit/model-servers/server.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';

/** What holds in these houses; every other call is asked about. */
const rules: Rule[] = [
  { action: 'allow', tool: 'shell', args: { command: 'touch allowed*' } },
  { action: 'deny', tool: 'shell', args: { command: 'touch denied*' }, reason: 'not here, says the rule' },
  { action: 'allow', tool: 'write', args: { path: '**/allowed*' } },
  { action: 'allow', tool: 'mcp', args: { server: 'board', name: 'list' } },
  { action: 'deny', tool: 'mcp', args: { name: 'drop' }, reason: 'nothing is dropped, says the rule' },
  { action: 'allow', tool: 'agent' },
];

/** A house with rules, an agent's home, and the model behind it. */
export interface PolicedHouse extends AsyncDisposable {
  model: ModelServer;
  agentHome: AgentHome;
  house: House;
  /** Starts a session that is ready for a prompt. */
  start(name: string, ...args: string[]): Promise<{ id: string; project: string }>;
  prompt(id: string, text: string): Promise<void>;
  /** Waits until so many approvals of a session are pending. */
  pending(id: string, count?: number): Promise<Approval[]>;
  /** Waits until one is, or several are, and returns the oldest. */
  first(id: string): Promise<Approval>;
  answer(approval: Approval, verb: 'approve' | 'deny', body?: Record<string, unknown>): Promise<void>;
  approval(id: string): Promise<Approval>;
  decisions(id: string): Promise<Decision[]>;
  idle(id: string): Promise<void>;
  /** Waits until the model has been told a text. */
  told(text: string): Promise<void>;
}

export async function openPolicedHouse(
  provider: ProviderId,
  env: Record<string, string> = {},
  codexModel?: string,
): Promise<PolicedHouse> {
  const isClaude = provider === 'claude-code';
  const model = await (isClaude ? startAnthropicServer() : startOpenAiServer());
  const agentHome = await createAgentHome({
    [isClaude ? 'anthropicUrl' : 'openAiUrl']: model.url,
    ...(codexModel ? { codexModel } : {}),
  });
  // Of all projects at once, while no agent runs: each notes its own things in the same file, and trust that is added
  // meanwhile may be lost with what it had read before.
  if (isClaude) await agentHome.trust(join(agentHome.path, 'work'));
  const house = await House.open({
    // Patient: on a busy machine a daemon that comes back takes its time.
    env: { ...agentHome.env, CODEPIPER_POLICY_DEFAULT: 'ask', CODEPIPER_HOOK_PATIENCE: '120', ...env },
  });
  const made = await house.http('POST', '/policies', { name: 'of the tests', rules });
  if (made.status >= 300) throw new Error(`no policy: ${made.text}`);
  const get = async <T>(path: string): Promise<T> => {
    const reply = await house.http('GET', path);
    if (reply.status !== 200) throw new Error(`${path}: ${reply.text}`);
    return reply.body as T;
  };
  const listed = async (id: string) =>
    (await get<{ approvals: Approval[] }>(`/approvals?session=${id}`)).approvals;
  const idle = async (id: string) => {
    await house.until(id, 'idle', (s) => s.status === 'running' && s.activity === 'idle');
  };
  return {
    model,
    agentHome,
    house,
    async start(name, ...args) {
      const project = await agentHome.project(name, { isTrusted: !isClaude });
      const id = await house.run('start', '-p', provider, '-d', project, ...args);
      await idle(id);
      return { id, project };
    },
    async prompt(id, text) {
      await house.run('send', id, text);
    },
    pending: (id, count = 1) =>
      waitFor(
        `${count} pending approvals`,
        async () => {
          const found = await listed(id);
          return found.length === count && found;
        },
        { timeout: 60_000 },
      ),
    first: (id) => waitFor('an approval', async () => (await listed(id))[0]),
    async answer(approval, verb, body = {}) {
      const reply = await house.http('POST', `/approvals/${approval.id}/${verb}`, body);
      if (reply.status !== 200) throw new Error(`${verb}: ${reply.text}`);
    },
    approval: async (id) => (await get<{ approval: Approval }>(`/approvals/${id}`)).approval,
    decisions: async (id) =>
      (await get<{ decisions: Decision[] }>(`/policy-decisions?sessionId=${id}`)).decisions,
    idle,
    async told(text) {
      await waitFor(
        `the model to be told "${text}"`,
        () => model.requests.some(({ messagesText }) => messagesText.includes(text)),
        { timeout: 60_000 },
      );
    },
    async [Symbol.asyncDispose]() {
      await house[Symbol.asyncDispose]();
      await agentHome[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
    },
  };
}

/** A stdio MCP server with the tools `list` and `drop`, as a program of Node. */
export const boardServer = `
const tools = ['list', 'drop'].map((name) => ({ name, description: name, inputSchema: { type: 'object', properties: {} } }));
const answers = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'board', version: '1' } }),
  'tools/list': () => ({ tools }),
  'tools/call': ({ name }) => ({ content: [{ type: 'text', text: 'board did ' + name }] }),
};
let text = '';
process.stdin.on('data', (chunk) => {
  text += chunk;
  const lines = text.split('\\n');
  text = lines.pop();
  for (const line of lines) {
    if (!line.trim()) continue;
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) continue;
    const answer = answers[method];
    const said = answer ? { result: answer(params ?? {}) } : { error: { code: -32601, message: 'no ' + method } };
    process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...said }) + '\\n');
  }
});
`;
