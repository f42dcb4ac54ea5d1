import type { Entry } from './conversation.ts';
import { type Call, USAGE } from './script.ts';
import { type Dialect, type ModelServer, type ModelServerOptions, startModelServer } from './server.ts';

/** Starts a loopback server of the Anthropic Messages API, for `ANTHROPIC_BASE_URL`. */
export function startAnthropicServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  return startModelServer(anthropic, options);
}

interface Body {
  model: string;
  messages: { role: 'user' | 'assistant' | 'system'; content: string | Block[] }[];
  tools?: unknown[];
}

type Block =
  | { type: 'text'; text: string }
  | { type: 'tool_use'; name: string; input: unknown }
  | { type: 'tool_result'; content?: string | Block[]; is_error?: boolean }
  | { type: 'image' | 'thinking' | 'document' };

const anthropic: Dialect = {
  path: '/v1/messages',

  read(headers, raw) {
    const body = raw as Body;
    return {
      conversation: String(headers['x-claude-code-session-id'] ?? ''),
      model: body.model,
      entries: body.messages.flatMap(({ role, content }) =>
        toBlocks(content).flatMap((block) => readBlock(role, block)),
      ),
      // A call without any tool is the program asking for a name or a summary for itself.
      ...(body.tools?.length ? {} : { aside: 'a test session' }),
    };
  },

  voice(send, id, { model }) {
    let index = -1;
    let isTextOpen = false;
    let stopReason = 'end_turn';
    const usage = {
      input_tokens: USAGE.input - USAGE.cached,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: USAGE.cached,
    };
    const open = (block: Record<string, unknown>): void => {
      index += 1;
      send({ type: 'content_block_start', index, content_block: block });
    };
    const closeText = (): void => {
      if (isTextOpen) send({ type: 'content_block_stop', index });
      isTextOpen = false;
    };
    return {
      begin() {
        const message = { id: `msg_${id}`, type: 'message', role: 'assistant', model, content: [] };
        const start = { stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } };
        send({ type: 'message_start', message: { ...message, ...start } });
      },
      text(delta) {
        if (!isTextOpen) open({ type: 'text', text: '' });
        isTextOpen = true;
        send({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: delta } });
      },
      call(call) {
        closeText();
        const { name, input } = toTool(call);
        open({ type: 'tool_use', id: `toolu_${id}_${index + 1}`, name, input: {} });
        const partial_json = JSON.stringify(input);
        send({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } });
        send({ type: 'content_block_stop', index });
        stopReason = 'tool_use';
      },
      end() {
        closeText();
        const delta = { stop_reason: stopReason, stop_sequence: null };
        send({ type: 'message_delta', delta, usage: { ...usage, output_tokens: USAGE.output } });
        send({ type: 'message_stop' });
      },
    };
  },

  error: (status, message) => ({
    type: 'error',
    error: { type: ERROR_TYPES[status] ?? 'api_error', message },
  }),

  other: (path) => (path === '/v1/messages/count_tokens' ? { input_tokens: USAGE.input } : undefined),
};

const ERROR_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

function toTool(call: Call): { name: string; input: Record<string, unknown> } {
  if ('run' in call)
    return { name: 'Bash', input: { command: call.run, description: 'Run a scripted command' } };
  if ('tool' in call) return { name: call.tool, input: call.input };
  const options = call.options.map((label) => ({ label, description: `Answer ${label}` }));
  const question = { question: call.ask, header: 'Question', options, multiSelect: false };
  return { name: 'AskUserQuestion', input: { questions: [question] } };
}

function toBlocks(content: string | Block[] | undefined): Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
}

function readBlock(role: 'user' | 'assistant' | 'system', block: Block): Entry[] {
  switch (block.type) {
    case 'text':
      return role === 'user' ? readUserText(block.text) : [{ speaker: role, text: block.text }];
    case 'tool_use':
      return [{ speaker: 'assistant', text: `${block.name} ${JSON.stringify(block.input)}` }];
    case 'tool_result': {
      const text = toBlocks(block.content)
        .map((part) => ('text' in part ? part.text : ''))
        .join('\n');
      return [{ speaker: 'tool', text: withoutReminders(text), failed: block.is_error === true }];
    }
    default:
      return [];
  }
}

/** Texts in the user's place that the program wrote: results of local commands, notes of an interruption. */
const SCAFFOLDING =
  /^(<(local-command-|command-|bash-|task-notification)|\[Request interrupted by user)|^This session is being continued/;

/** How Claude Code gives the model a prompt that was sent while it was working, beside a tool's result (2.1.329). */
const MID_TURN =
  /^The user sent a new message while you were working:\n([\s\S]*?)\n\nThis is how Claude Code surfaces[\s\S]*$/;

function readUserText(text: string): Entry[] {
  const bare = withoutReminders(text)
    .replace(MID_TURN, '$1')
    .replace(/<pasted_content id="[^"]*">\n?([\s\S]*?)\n?<\/pasted_content id="[^"]*">/g, '$1')
    .trim();
  // A background task's end comes as a reminder, too: of all reminders the one that asks for an answer.
  if (bare === '') return text.includes('<task-notification>') ? [{ speaker: 'system', text }] : [];
  return [{ speaker: SCAFFOLDING.test(bare) ? 'system' : 'user', text: bare }];
}

function withoutReminders(text: string): string {
  return text.replace(/<system-reminder>[\s\S]*?<\/system-reminder>\n?/g, '');
}
