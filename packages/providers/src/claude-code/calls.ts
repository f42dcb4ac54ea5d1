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
import { asObject, asText } from '../json.ts';
import type { HookAnswer, HookedCall } from '../provider.ts';
import { searchedPlaces } from './search-places.ts';

type Reader = (input: ToolInput) => CallTraits;

/** A command that is missing stays null: no rule about commands then allows the call. */
const shell: Reader = (input) => ({ kind: 'shell', command: asText(input.command) });

/** Reads one file, or changes it, by the named member of the input. */
function file(kind: 'read' | 'write' | 'edit', member: string): Reader {
  const access = kind === 'read' ? 'read' : 'write';
  return (input) => {
    const path = asText(input[member]);
    return { kind, files: path === null ? [] : [{ path, access }] };
  };
}

const search: Reader = (input) => ({
  kind: 'search',
  files: searchedPlaces(asText(input.path), null).map((path) => ({ path, access: 'read' })),
});
const plainSearch: Reader = () => ({ kind: 'search' });
const agent: Reader = () => ({ kind: 'agent' });
const mcpResource: Reader = (input) => {
  const server = asText(input.server);
  return { kind: 'mcp', mcp: server === null ? null : { server, name: 'resources' } };
};

/** Tools of Claude Code 2.1.329 and of older versions; the others (to-do lists, skills, schedules) are `other`. */
const readers: Readonly<Record<string, Reader>> = {
  Bash: shell,
  // Runs its command in the background and tells the model of each line it prints.
  Monitor: shell,
  // Another language than the one commands are read in: a shell, of which nothing more is known.
  PowerShell: () => ({ kind: 'shell' }),
  Read: file('read', 'file_path'),
  NotebookRead: file('read', 'notebook_path'),
  LSP: file('read', 'filePath'),
  Write: file('write', 'file_path'),
  Edit: file('edit', 'file_path'),
  MultiEdit: file('edit', 'file_path'),
  NotebookEdit: file('edit', 'notebook_path'),
  Glob: (input) => ({
    kind: 'search',
    files: searchedPlaces(asText(input.path), asText(input.pattern)).map((path) => ({
      path,
      access: 'read',
    })),
  }),
  Grep: search,
  LS: search,
  WebSearch: plainSearch,
  ToolSearch: plainSearch,
  WebFetch: (input) => ({ kind: 'fetch', url: asText(input.url) }),
  Task: agent,
  Agent: agent,
  SendMessage: agent,
  TeamCreate: agent,
  TeamDelete: agent,
  ListMcpResourcesTool: mcpResource,
  ReadMcpResourceTool: mcpResource,
};

const names = {
  shell: 'Bash',
  read: 'Read',
  write: 'Write',
  edit: 'Edit',
  fetch: 'WebFetch',
  search: 'Grep',
  agent: 'Agent',
} as const;

/** A call of the tool with this name, or of this kind, as Claude Code would make it. */
export function toolCall(tool: string, input: ToolInput): ToolCall {
  return isKind(tool) ? callOfKind(tool, input, names) : namedCall(tool, input, null);
}

function namedCall(tool: string, input: ToolInput, server: string | null): ToolCall {
  const mcp = mcpTool(tool, server);
  if (mcp) return toolCallOf(tool, input, { kind: 'mcp', mcp });
  const reader = Object.hasOwn(readers, tool) ? readers[tool] : undefined;
  return toolCallOf(tool, input, reader ? reader(input) : { kind: 'other' });
}

const hookEvents: Readonly<Record<string, HookedCall['event']>> = {
  PreToolUse: 'tool',
  PermissionRequest: 'dialog',
  PostToolUse: 'ran',
  PostToolUseFailure: 'ran',
};

/** The call a hook is about; null for hooks that are about none. */
export function readHookedCall(payload: unknown): HookedCall | null {
  const hook = asObject(payload);
  const name = asText(hook?.hook_event_name) ?? '';
  const event = Object.hasOwn(hookEvents, name) ? hookEvents[name] : undefined;
  const tool = asText(hook?.tool_name);
  if (!hook || event === undefined || tool === null) return null;
  const input = inputOf(tool, asObject(hook.tool_input) ?? {}, event);
  return {
    event,
    call: namedCall(tool, input, asText(asObject(hook.mcp_server)?.name)),
    ...hookedParts(hook),
    asks: asksOf(tool, input, event === 'dialog'),
    dialogOpen: event === 'dialog',
  };
}

/** An answered question comes back with its answers among the input; without them it is the call that was asked about. */
function inputOf(tool: string, input: ToolInput, event: HookedCall['event']): ToolInput {
  if (tool !== 'AskUserQuestion' || event !== 'ran') return input;
  const { answers, annotations, ...asked } = input;
  return asked;
}

function asksOf(tool: string, input: ToolInput, answeredHere: boolean): HookedCall['asks'] {
  if (tool === 'AskUserQuestion') return { kind: 'question', questions: questionsIn(input), answeredHere };
  return tool === 'ExitPlanMode' ? { kind: 'plan', questions: [], answeredHere } : null;
}

/**
 * What the hook prints. A tool that asks a person is only allowed by an answer that gives its input, too: a question
 * with the answers in it (without them nothing is said and its dialog stays), a plan as it is.
 */
export function answerHook(hooked: HookedCall, answer: HookAnswer): string | null {
  const { asks, call } = hooked;
  if (answer.decision === 'agent' || hooked.event === 'ran') return null;
  if (answer.decision === 'deny') return printed(hooked, { deny: spokenReason(answer.reason) });
  if (asks === null) return printed(hooked, {});
  if (asks.kind === 'plan') return printed(hooked, { updatedInput: call.input });
  return answer.answers === null
    ? null
    : printed(hooked, { updatedInput: { ...call.input, answers: answer.answers } });
}

function printed(
  { event }: HookedCall,
  { deny, ...more }: { deny?: string; updatedInput?: ToolInput },
): string {
  if (event === 'dialog') {
    const decision =
      deny === undefined ? { behavior: 'allow', ...more } : { behavior: 'deny', message: deny };
    return JSON.stringify({ hookSpecificOutput: { hookEventName: 'PermissionRequest', decision } });
  }
  const decision =
    deny === undefined
      ? { permissionDecision: 'allow', ...more }
      : { permissionDecision: 'deny', permissionDecisionReason: deny };
  return JSON.stringify({ hookSpecificOutput: { hookEventName: 'PreToolUse', ...decision } });
}
