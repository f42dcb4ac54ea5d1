import type { IncomingHttpHeaders } from 'node:http';
import type { Entry } from './conversation.ts';
import { type Call, USAGE } from './script.ts';
import { type Dialect, type ModelServer, type ModelServerOptions, startModelServer } from './server.ts';

/** Starts a loopback server of the OpenAI Responses API; a provider's `base_url` is its `url` plus `/v1`. */
export function startOpenAiServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  return startModelServer(openai, options);
}

interface Body {
  model: string;
  input: Item[];
  tools?: Tool[];
}

/** A tool, or a namespace of tools. */
interface Tool {
  name?: string;
  tools?: Tool[];
}

type Content = string | { type: string; text?: string }[];

type Item =
  | { type: 'message'; role: 'user' | 'assistant' | 'developer' | 'system'; content: Content }
  | { type: 'function_call'; name: string; arguments: string }
  | { type: 'custom_tool_call'; name: string; input: string }
  | { type: 'function_call_output' | 'custom_tool_call_output'; output: Content }
  | { type: 'additional_tools'; tools: Tool[] }
  | { type: 'reasoning' };

const openai: Dialect = {
  path: '/v1/responses',

  read(headers, raw) {
    const body = raw as Body;
    return {
      conversation: String(headers['thread-id'] ?? headers['session-id'] ?? ''),
      model: body.model,
      entries: body.input.flatMap(readItem),
      ...(isTitleRequest(headers) ? { aside: '{"title":"A test session"}' } : {}),
    };
  },

  voice(send, id, { model }, raw) {
    const offered = toolsOf(raw as Body);
    const response = { id: `resp_${id}`, object: 'response', model, status: 'in_progress', output: [] };
    let index = -1;
    let text: string | undefined;
    const begin = (item: Record<string, unknown>): void => {
      index += 1;
      send({ type: 'response.output_item.added', output_index: index, item });
    };
    const finish = (item: Record<string, unknown>): void =>
      send({ type: 'response.output_item.done', output_index: index, item });
    const messageItem = (): Record<string, unknown> => ({
      id: `msg_${id}_${index}`,
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text, annotations: [] }],
    });
    const closeText = (): void => {
      if (text !== undefined) finish(messageItem());
      text = undefined;
    };
    return {
      begin() {
        send({ type: 'response.created', response });
      },
      text(delta) {
        if (text === undefined) {
          begin({
            id: `msg_${id}_${index + 1}`,
            type: 'message',
            role: 'assistant',
            status: 'in_progress',
            content: [],
          });
        }
        text = (text ?? '') + delta;
        const place = { item_id: `msg_${id}_${index}`, output_index: index, content_index: 0 };
        send({ type: 'response.output_text.delta', ...place, delta });
      },
      call(call) {
        closeText();
        const item = {
          id: `fc_${id}_${index + 1}`,
          call_id: `call_${id}_${index + 1}`,
          ...toTool(call, offered),
        };
        begin({ ...item, status: 'in_progress' });
        finish({ ...item, status: 'completed' });
      },
      end() {
        closeText();
        const usage = {
          input_tokens: USAGE.input,
          input_tokens_details: { cached_tokens: USAGE.cached },
          output_tokens: USAGE.output,
          output_tokens_details: { reasoning_tokens: USAGE.reasoning },
          total_tokens: USAGE.input + USAGE.output,
        };
        send({ type: 'response.completed', response: { ...response, status: 'completed', usage } });
      },
    };
  },

  error: (status, message) => ({ error: { message, type: 'scripted_error', code: String(status) } }),

  other: (path) => (path === '/v1/models' ? { object: 'list', data: [], models: [] } : undefined),
};

/** After a prompt codex asks, on a hidden thread of its own, for a title of the conversation. */
function isTitleRequest(headers: IncomingHttpHeaders): boolean {
  const metadata = JSON.parse(String(headers['x-codex-turn-metadata'] ?? '{}')) as { thread_source?: string };
  return metadata.thread_source === 'thread_title';
}

/** Where each tool is, by its name and by the name with its namespace's. */
type Offered = ReadonlyMap<string, { name: string; namespace?: string }>;

/** Newer catalogue models are given their tools within the input. */
function toolsOf({ tools = [], input }: Body): Offered {
  const additional = input.flatMap((item) => (item.type === 'additional_tools' ? item.tools : []));
  const offered = new Map<string, { name: string; namespace?: string }>();
  for (const { name = '', tools: inner = [] } of [...tools, ...additional]) {
    offered.set(name, { name });
    for (const { name: own = '' } of inner) {
      const place = { name: own, namespace: name };
      offered.set(own, place).set(`${name}__${own}`, place);
    }
  }
  return offered;
}

/**
 * Newer catalogue models run commands from JavaScript, in a tool `exec`; the others call plain functions. A patch is text
 * in both, `{ patch }` here.
 */
function toTool(call: Call, offered: Offered): Record<string, unknown> {
  const { name, input } = toFunction(call);
  if (name === 'apply_patch') {
    const patch = String(input.patch);
    return offered.has('exec')
      ? {
          type: 'custom_tool_call',
          name: 'exec',
          input: `text(await tools.apply_patch(${JSON.stringify(patch)}));`,
        }
      : { type: 'custom_tool_call', name, input: patch };
  }
  if (offered.has('exec') && !offered.has(name)) {
    const code = `text(await tools.${name}(${JSON.stringify(input)}));`;
    return { type: 'custom_tool_call', name: 'exec', input: code };
  }
  return { type: 'function_call', ...(offered.get(name) ?? { name }), arguments: JSON.stringify(input) };
}

function toFunction(call: Call): { name: string; input: Record<string, unknown> } {
  if ('run' in call) return { name: 'exec_command', input: { cmd: call.run } };
  if ('tool' in call) return { name: call.tool, input: call.input };
  const options = call.options.map((label) => ({ label, description: `Answer ${label}` }));
  const question = { id: 'question', header: 'Question', question: call.ask, options };
  return { name: 'request_user_input', input: { questions: [question] } };
}

function readItem(item: Item): Entry[] {
  switch (item.type) {
    case 'message': {
      const parts = typeof item.content === 'string' ? [{ text: item.content }] : item.content;
      return parts.flatMap(({ text }) => (text === undefined ? [] : [readText(item.role, text)]));
    }
    case 'function_call':
      return [{ speaker: 'assistant', text: `${item.name} ${item.arguments}` }];
    case 'custom_tool_call':
      return [{ speaker: 'assistant', text: `${item.name} ${item.input}` }];
    case 'function_call_output':
    case 'custom_tool_call_output':
      return [readOutput(item.output)];
    default:
      return [];
  }
}

/** Texts in the user's place that the program wrote: surroundings, instructions, notes of an interruption. */
const SCAFFOLDING = /^(<[a-z_]+>[\s\S]*<\/[a-z_]+>\s*$|# AGENTS\.md instructions)/i;

function readText(role: 'user' | 'assistant' | 'developer' | 'system', text: string): Entry {
  if (role === 'assistant') return { speaker: 'assistant', text };
  return { speaker: role === 'user' && !SCAFFOLDING.test(text) ? 'user' : 'system', text };
}

/**
 * Output of a command follows a line `Output:`, after its exit code; through the JavaScript tool it is JSON behind that
 * line. A text with neither says why the command did not run.
 */
function readOutput(output: Content): Entry {
  const whole = typeof output === 'string' ? output : output.map((part) => part.text ?? '').join('');
  const [, head = '', rest = whole] = /^([\s\S]*?)^Output:\n([\s\S]*)$/m.exec(whole) ?? [];
  const result = readJson(rest);
  const exit = result?.exit_code ?? /exited with code (\d+)/.exec(head)?.[1] ?? 0;
  const hasRun = result !== undefined || (head !== '' && !head.startsWith('Script failed'));
  return { speaker: 'tool', text: result?.output ?? rest, failed: !hasRun || Number(exit) !== 0 };
}

function readJson(text: string): { exit_code?: number; output?: string } | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined; // a command may print a brace
  }
}
