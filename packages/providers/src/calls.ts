import type { Question } from '@codepiper/core/approvals/approval.ts';
import type { ToolCall, ToolInput, ToolKind } from '@codepiper/core/policies/call.ts';
import { toolKinds } from '@codepiper/core/policies/tool-kinds.ts';
import { asArray, asObject, asText, type Json } from './json.ts';

/** What a tool's own reader says of a call; the rest of a {@link ToolCall} is the same for every tool. */
export type CallTraits = Partial<Pick<ToolCall, 'command' | 'files' | 'url' | 'mcp'>> & { kind: ToolKind };

export function toolCallOf(tool: string, input: ToolInput, traits: CallTraits): ToolCall {
  return { tool, input, command: null, files: [], url: null, mcp: null, ...traits };
}

/** Whether the name is one of the house's kinds instead of an agent's name of a tool. */
export function isKind(tool: string): tool is ToolKind {
  return (toolKinds as readonly string[]).includes(tool);
}

/**
 * A call that somebody makes up by naming a kind: `command`, `path` or `file_path`, `url`, `server` and `name` are
 * what it is about.
 * @param names the agent's own tool for a kind; the kind itself where there is none
 */
export function callOfKind(
  kind: ToolKind,
  input: ToolInput,
  names: Partial<Record<ToolKind, string>> = {},
): ToolCall {
  const path = asText(input.path) ?? asText(input.file_path);
  const access = kind === 'write' || kind === 'edit' ? 'write' : 'read';
  const server = asText(input.server);
  const name = asText(input.name) ?? '';
  const tool = kind === 'mcp' && server !== null ? `mcp__${server}__${name}` : (names[kind] ?? kind);
  return toolCallOf(tool, input, {
    kind,
    command: kind === 'shell' ? asText(input.command) : null,
    files: path === null ? [] : [{ path, access }],
    url: kind === 'fetch' ? asText(input.url) : null,
    mcp: kind === 'mcp' && server !== null ? { server, name } : null,
  });
}

/**
 * The server and tool in a name `mcp__server__tool`, as both agents write it; null for any other name.
 * @param knownServer name of the server, where the agent tells it apart: names may hold `__` themselves
 */
export function mcpTool(tool: string, knownServer: string | null = null): ToolCall['mcp'] {
  if (!tool.startsWith('mcp__')) return null;
  const rest = tool.slice('mcp__'.length);
  const written = knownServer?.replace(/[^A-Za-z0-9_-]/g, '_');
  if (knownServer !== null && rest.startsWith(`${written}__`)) {
    return { server: knownServer, name: rest.slice(`${written}__`.length) };
  }
  const cut = rest.indexOf('__');
  return cut === -1 ? { server: rest, name: '' } : { server: rest.slice(0, cut), name: rest.slice(cut + 2) };
}

/** Questions as both agents put them into a tool's input. */
export function questionsIn(input: ToolInput): Question[] {
  return asArray(input.questions).flatMap((item) => {
    const asked = asObject(item);
    const question = asText(asked?.question);
    if (!asked || question === null) return [];
    const options = asArray(asked.options).flatMap((each) => {
      const option = asObject(each);
      const label = asText(option?.label);
      return label === null ? [] : [{ label, description: asText(option?.description) }];
    });
    return [{ question, header: asText(asked.header), options, multiSelect: asked.multiSelect === true }];
  });
}

/** What every hook about a call says of it, in both agents' JSON. */
export function hookedParts(hook: Json): { callId: string | null; cwd: string; agentId: string | null } {
  return { callId: asText(hook.tool_use_id), cwd: asText(hook.cwd) ?? '/', agentId: asText(hook.agent_id) };
}

/** A reason as the model gets it: agents let a call pass whose denial has none. */
export function spokenReason(reason: string): string {
  return reason.trim() === '' ? 'codepiper denied this call.' : reason;
}
