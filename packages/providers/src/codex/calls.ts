import type { ToolCall, ToolInput } from '@codepiper/core/policies/call.ts';
import {
  type CallTraits,
  callOfKind,
  hookedParts,
  isKind,
  mcpTool,
  questionsIn,
  spokenReason,
  toolCallOf,
} from '../calls.ts';
import { asArray, asObject, asText } from '../json.ts';
import type { HookAnswer, HookedCall } from '../provider.ts';
import { shellWord } from '../text.ts';
import { patchedFiles } from './patch.ts';

/** Tools that start or steer other agents, with the namespace Codex may write before the name (`multi_agent_v1`). */
const agentTool =
  /^(?:multi_agent_v\d+_*)?(?:spawn_agents?(?:_on_csv)?|send_input|send_message|wait_agent|wait|close_agent|resume_agent|interrupt_agent|list_agents|followup_task|assign_task)$/;

const shellTools: readonly string[] = ['Bash', 'exec_command', 'shell', 'shell_command', 'local_shell'];

const names = {
  shell: 'Bash',
  write: 'apply_patch',
  edit: 'apply_patch',
  search: 'web_search',
  agent: 'spawn_agent',
} as const;

/** A call of the tool with this name, or of this kind, as Codex would make it. */
export function toolCall(tool: string, input: ToolInput): ToolCall {
  return isKind(tool) ? callOfKind(tool, input, names) : namedCall(tool, input);
}

function namedCall(tool: string, input: ToolInput): ToolCall {
  return toolCallOf(tool, input, traitsOf(tool, input));
}

function traitsOf(tool: string, input: ToolInput): CallTraits {
  if (shellTools.includes(tool)) return { kind: 'shell', command: commandLine(input.command ?? input.cmd) };
  const mcp = mcpTool(tool);
  if (mcp) return { kind: 'mcp', mcp };
  if (agentTool.test(tool)) return { kind: 'agent' };
  switch (tool) {
    case 'apply_patch': {
      const files = patchedFiles(asText(input.command) ?? asText(input.input) ?? asText(input.patch) ?? '');
      return { kind: 'edit', files: files.map((path) => ({ path, access: 'write' })) };
    }
    case 'view_image': {
      const path = asText(input.path);
      return { kind: 'read', files: path === null ? [] : [{ path, access: 'read' }] };
    }
    case 'web_search':
    case 'tool_search':
      return { kind: 'search' };
    case 'list_mcp_resources':
    case 'list_mcp_resource_templates':
    case 'read_mcp_resource': {
      const server = asText(input.server);
      return { kind: 'mcp', mcp: server === null ? null : { server, name: 'resources' } };
    }
    default:
      return { kind: 'other' };
  }
}

/** A command as one line for a shell; words of a list are quoted where they need it. Null for what is neither. */
function commandLine(command: unknown): string | null {
  const words = asArray(command);
  if (words.length === 0 || !words.every((word) => typeof word === 'string')) return asText(command);
  return words.map((word) => (word === '' ? "''" : shellWord(word))).join(' ');
}

const hookEvents: Readonly<Record<string, HookedCall['event']>> = {
  PreToolUse: 'tool',
  PermissionRequest: 'dialog',
  PostToolUse: 'ran',
};

/**
 * The call a hook is about; null for hooks that are about none. Codex asks with its prompt only after a hook that said
 * nothing, so no dialog is open meanwhile.
 */
export function readHookedCall(payload: unknown): HookedCall | null {
  const hook = asObject(payload);
  const name = asText(hook?.hook_event_name) ?? '';
  const event = Object.hasOwn(hookEvents, name) ? hookEvents[name] : undefined;
  const tool = asText(hook?.tool_name);
  if (!hook || event === undefined || tool === null) return null;
  const input = sameInput(tool, asObject(hook.tool_input) ?? {});
  return {
    event,
    call: namedCall(tool, input),
    ...hookedParts(hook),
    asks:
      tool === 'request_user_input'
        ? { kind: 'question', questions: questionsIn(input), answeredHere: event === 'tool' }
        : null,
    dialogOpen: false,
  };
}

/**
 * The input as every hook about the same call would give it: a permission request adds the reason it asks for, and
 * leaves out the line end behind a patch.
 */
function sameInput(tool: string, input: ToolInput): ToolInput {
  if (tool !== 'Bash' && tool !== 'apply_patch') return input;
  const { description, ...rest } = input;
  return tool === 'apply_patch' && typeof rest.command === 'string'
    ? { ...rest, command: rest.command.trimEnd() }
    : rest;
}

/**
 * What the hook prints. An allowed tool call gets silence: Codex has no plain "allow" before a tool, takes one for a
 * failed hook, and goes on by its own sandbox and approvals, whose request for a permission is answered then. The answer
 * to a question reaches the model as the reason why the question is not put again.
 */
export function answerHook(hooked: HookedCall, answer: HookAnswer): string | null {
  if (answer.decision === 'agent' || hooked.event === 'ran') return null;
  if (hooked.event === 'dialog') {
    const decision =
      answer.decision === 'allow'
        ? { behavior: 'allow' }
        : { behavior: 'deny', message: spokenReason(answer.reason) };
    return JSON.stringify({ hookSpecificOutput: { hookEventName: 'PermissionRequest', decision } });
  }
  const reason = answer.decision === 'deny' ? answer.reason : answered(hooked, answer.answers);
  if (reason === null) return null;
  const denial = { permissionDecision: 'deny', permissionDecisionReason: spokenReason(reason) };
  return JSON.stringify({ hookSpecificOutput: { hookEventName: 'PreToolUse', ...denial } });
}

function answered({ asks }: HookedCall, answers: Readonly<Record<string, string>> | null): string | null {
  if (!asks?.answeredHere || answers === null) return null;
  const said = Object.entries(answers).map(([question, answer]) => `${question} ${answer}`);
  return `The person has answered already, so the dialog is not shown. Take these answers and go on.\n${said.join('\n')}`;
}
