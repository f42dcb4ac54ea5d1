import type { TokenCounts } from '@codepiper/core/transcripts/transcript.ts';
import type { SeededRandom } from '../faults/random.ts';
import { type Ledger, sentence, startTime, tornLine, uuid, withJunk } from './ledger.ts';

type Line = Record<string, unknown>;

const models = ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-4-5-20251001'];

export interface ClaudeOptions {
  turns: number;
  /** Length of the biggest results of tools. */
  hugeLength: number;
}

/** What of a response's usage its lines say, one after the other. */
type Streaming = 'same' | 'growing' | 'shrinking';

/** Writes one conversation of Claude Code, with its sub-agents, and maybe files that go on from it. */
export class ClaudeConversation {
  readonly #random: SeededRandom;
  readonly #ledger: Ledger;
  readonly #options: ClaudeOptions;
  readonly #folder: string;
  readonly #cwd: string;
  #id: string;
  #at: number;
  #lines: Line[] = [];

  constructor(random: SeededRandom, ledger: Ledger, options: ClaudeOptions) {
    this.#random = random;
    this.#ledger = ledger;
    this.#options = options;
    this.#cwd = `/home/dev/repo-${random.int(1, 9)}`;
    this.#folder = this.#cwd.replaceAll('/', '-');
    this.#id = uuid(random);
    this.#at = startTime(random);
  }

  write(): void {
    this.#program({ type: 'mode', mode: 'normal', sessionId: this.#id });
    for (let turn = 0; turn < this.#options.turns; turn++) this.#turn();
    this.#save();
    if (this.#random.chance(0.35)) this.#fork('fork');
    if (this.#random.chance(0.35)) this.#fork('resume');
  }

  #tick(): number {
    this.#at += this.#random.int(20, 4000);
    return this.#at;
  }

  #common(subAgent: string | null): Line {
    return {
      parentUuid: null,
      isSidechain: subAgent !== null,
      ...(subAgent === null ? {} : { agentId: subAgent }),
      uuid: uuid(this.#random),
      timestamp: new Date(this.#tick()).toISOString(),
      cwd: this.#cwd,
      sessionId: this.#id,
      version: '2.1.329',
      gitBranch: 'main',
    };
  }

  #program(line: Line): void {
    this.#lines.push(line);
  }

  #entry(kind: Parameters<Ledger['entry']>[1], line: Line): void {
    this.#ledger.entry(this.#id, kind, `${line.uuid}:0`, line.isSidechain === true);
  }

  #turn(): void {
    const random = this.#random;
    const promptId = uuid(random);
    const typed = { promptId, promptSource: 'typed', turnOrigin: 'human' };
    const text = sentence(random);
    const picture = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0K' } };
    const content = random.chance(0.2) ? [{ type: 'text', text }, picture] : text;
    this.#user(this.#lines, this.#common(null), typed, content);
    if (random.chance(0.1)) this.#failure();
    else this.#responses(this.#lines, null, promptId);
    if (random.chance(0.15)) this.#compaction();
    this.#program({ ...this.#common(null), type: 'system', subtype: 'turn_duration', durationMs: 1200 });
    if (random.chance(0.2))
      this.#program({ type: 'custom-title', customTitle: sentence(random, 3), sessionId: this.#id });
  }

  #user(lines: Line[], common: Line, more: Line, content: unknown): void {
    // The order of members is the agent's.
    const line = { ...common, ...more, type: 'user', message: { role: 'user', content } };
    lines.push(line);
    if (typeof content === 'string' || more.promptSource === 'typed') this.#entry('prompt', line);
    if (typeof content !== 'string' && more.promptSource === 'typed') this.#entry('attachment', line);
  }

  #responses(lines: Line[], subAgent: string | null, promptId: string): void {
    const random = this.#random;
    const model = random.pick(models);
    for (let call = random.int(0, 2); call > 0; call--) {
      const callId = `toolu_${uuid(random).slice(0, 12)}`;
      const starts = subAgent === null && random.chance(0.25);
      const input = starts
        ? { description: 'work', prompt: sentence(random), subagent_type: 'general-purpose' }
        : { command: `grep -rn "${sentence(random, 1)}" src`, description: 'search' };
      this.#response(lines, subAgent, promptId, model, [
        { type: 'thinking', thinking: sentence(random), signature: 'c2ln' },
        { type: 'tool_use', id: callId, name: starts ? 'Agent' : 'Bash', input },
      ]);
      if (starts) this.#subAgent(promptId);
      this.#result(lines, subAgent, callId, promptId);
    }
    this.#response(lines, subAgent, promptId, model, [{ type: 'text', text: sentence(random) }]);
  }

  #result(lines: Line[], subAgent: string | null, callId: string, promptId: string): void {
    const random = this.#random;
    const huge = random.chance(0.1);
    const text = huge
      ? sentence(random, 5).repeat(1 + Math.floor(this.#options.hugeLength / 40))
      : sentence(random);
    const content = [
      { type: 'tool_result', tool_use_id: callId, content: text, is_error: random.chance(0.2) },
    ];
    const common = this.#common(subAgent);
    this.#user(lines, common, { promptId, toolUseResult: { stdout: text } }, content);
    this.#entry('tool_result', common);
  }

  /** One line per block; each has the usage of the response as far as it was known then. */
  #response(
    lines: Line[],
    subAgent: string | null,
    turnId: string,
    model: string,
    blocks: readonly Line[],
  ): void {
    const random = this.#random;
    const id = `msg_${uuid(random).slice(0, 18)}`;
    const requestId = `req_${uuid(random).slice(0, 18)}`;
    const full = this.#tokens();
    const streaming: Streaming = random.pick(['same', 'growing', 'shrinking']);
    blocks.forEach((block, index) => {
      const isFull =
        streaming === 'same' || (streaming === 'growing' ? index === blocks.length - 1 : index === 0);
      const tokens = isFull ? full : { ...full, output: random.int(0, full.output - 1), reasoning: 0 };
      const line = {
        ...this.#common(subAgent),
        message: { id, type: 'message', role: 'assistant', model, content: [block], usage: usageOf(tokens) },
        apiBlockIndex: index,
        requestId,
        type: 'assistant',
      };
      lines.push(line);
      const kind =
        block.type === 'tool_use' ? 'tool_call' : block.type === 'thinking' ? 'thinking' : 'answer';
      this.#entry(kind, line);
      this.#ledger.response(`${id}:${requestId}`, {
        ...{ agent: 'claude-code', model, at: this.#at, conversation: this.#id },
        ...{ subAgent, turnId, tokens },
      });
    });
  }

  #tokens(): TokenCounts {
    const random = this.#random;
    const output = random.int(2, 4000);
    return {
      ...{ input: random.int(0, 500), output, cacheRead: random.int(0, 150_000) },
      cacheWrite5m: random.chance(0.5) ? random.int(0, 20_000) : 0,
      cacheWrite1h: random.chance(0.3) ? random.int(0, 20_000) : 0,
      reasoning: random.int(0, output),
    };
  }

  #subAgent(promptId: string): void {
    const subAgent = uuid(this.#random).replaceAll('-', '').slice(0, 17);
    const lines: Line[] = [];
    this.#user(lines, this.#common(subAgent), { promptId }, sentence(this.#random));
    this.#responses(lines, subAgent, promptId);
    this.#file(`${this.#id}/subagents/agent-${subAgent}.jsonl`, lines);
  }

  #failure(): void {
    const usage = usageOf({
      input: 0,
      output: 0,
      cacheRead: 0,
      cacheWrite5m: 0,
      cacheWrite1h: 0,
      reasoning: 0,
    });
    const content = [{ type: 'text', text: 'API Error: 500 overloaded' }];
    const message = { id: uuid(this.#random), role: 'assistant', model: '<synthetic>', content, usage };
    const line = { ...this.#common(null), type: 'assistant', message, isApiErrorMessage: true };
    this.#program(line);
    this.#entry('error', line);
  }

  #compaction(): void {
    const boundary = {
      ...this.#common(null),
      ...{ type: 'system', subtype: 'compact_boundary', content: 'Conversation compacted' },
      compactMetadata: { trigger: 'auto', preTokens: 150_000, postTokens: 9000 },
    };
    this.#program(boundary);
    this.#entry('notice', boundary);
    const content = `Summary: ${sentence(this.#random)}`;
    const summary = {
      ...this.#common(null),
      isCompactSummary: true,
      type: 'user',
      message: { role: 'user', content },
    };
    this.#program(summary);
    this.#entry('compaction', summary);
  }

  /**
   * A new file that begins with copies of all lines under its own id. Copies in a resumed file may know less of a
   * response than the lines they were made of, and come before or after those in time of reading.
   */
  #fork(kind: 'fork' | 'resume'): void {
    const from = this.#id;
    const to = uuid(this.#random);
    this.#ledger.copyEntries(from, to);
    this.#ledger.fork(from, to);
    this.#lines = this.#lines.map((line) => {
      const copy = { ...line, sessionId: to };
      const message = line.message as { usage?: Line } | undefined;
      const knowsLess = kind === 'resume' && message?.usage !== undefined && this.#random.chance(0.4);
      const usage = { ...message?.usage, output_tokens: 0 };
      const less = knowsLess ? { ...copy, message: { ...message, usage } } : copy;
      return line.type === 'assistant' ? { ...less, session_id: line.session_id ?? from } : less;
    });
    this.#id = to;
    this.#turn();
    this.#save();
  }

  #save(): void {
    this.#file(`${this.#id}.jsonl`, this.#lines);
  }

  #file(name: string, lines: readonly Line[]): void {
    const path = `${this.#folder}/${name}`;
    const texts = lines.map((line) => JSON.stringify(line));
    const written = withJunk(this.#random, this.#ledger, path, texts);
    this.#ledger.file('claude-code', path, written, tornLine(this.#random));
  }
}

function usageOf(tokens: TokenCounts): Line {
  return {
    input_tokens: tokens.input,
    cache_creation_input_tokens: tokens.cacheWrite5m + tokens.cacheWrite1h,
    cache_read_input_tokens: tokens.cacheRead,
    output_tokens: tokens.output,
    output_tokens_details: { thinking_tokens: tokens.reasoning },
    cache_creation: {
      ephemeral_1h_input_tokens: tokens.cacheWrite1h,
      ephemeral_5m_input_tokens: tokens.cacheWrite5m,
    },
  };
}
