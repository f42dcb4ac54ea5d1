import type { TokenCounts } from '@codepiper/core/transcripts/transcript.ts';
import type { SeededRandom } from '../faults/random.ts';
import { type Ledger, sentence, startTime, tornLine, uuid, withJunk } from './ledger.ts';

type Payload = Record<string, unknown>;

const models = ['gpt-5.5', 'gpt-6.1-sol', 'my-model'];

export interface CodexOptions {
  turns: number;
  /** Length of the biggest results of tools. */
  hugeLength: number;
}

/** The conversation a rollout goes on from. */
export interface Origin {
  kind: 'fork' | 'sub-agent';
  id: string;
  /** Lines and bytes of its file, of which a fork is the continuation. */
  lines: number;
  bytes: number;
}

/** Writes one conversation of Codex, and maybe the sub-agents and forks that go on from it. */
export class CodexConversation {
  readonly #random: SeededRandom;
  readonly #ledger: Ledger;
  readonly #options: CodexOptions;
  readonly #origin: Origin | null;
  readonly #id: string;
  readonly #lines: string[] = [];
  #at: number;
  #counter: number;

  constructor(random: SeededRandom, ledger: Ledger, options: CodexOptions, origin: Origin | null = null) {
    this.#random = random;
    this.#ledger = ledger;
    this.#options = options;
    this.#origin = origin;
    this.#id = uuid(random);
    this.#at = startTime(random);
    // Small model servers number their responses themselves, each from 1 on.
    this.#counter = random.int(1, 20);
  }

  write(): void {
    const random = this.#random;
    this.#meta();
    if (this.#origin?.kind === 'fork') this.#ledger.fork(this.#origin.id, this.#id);
    for (let turn = 0; turn < this.#options.turns; turn++) this.#turn();
    const bytes = new TextEncoder().encode(this.#lines.join('\n')).length + 1;
    const origin = { id: this.#id, lines: this.#lines.length, bytes };
    const fresh = this.#origin === null;
    if (fresh && random.chance(0.35)) this.#next({ kind: 'fork', ...origin });
    if (fresh && random.chance(0.35)) this.#next({ kind: 'sub-agent', ...origin });
    this.#save();
  }

  #next(origin: Origin): void {
    const options = { ...this.#options, turns: 1 };
    new CodexConversation(this.#random, this.#ledger, options, origin).write();
  }

  #line(type: string, payload: Payload): void {
    this.#at += this.#random.int(20, 4000);
    const ordinal = this.#lines.length;
    this.#lines.push(JSON.stringify({ timestamp: new Date(this.#at).toISOString(), ordinal, type, payload }));
  }

  #event(payload: Payload): void {
    this.#line('event_msg', payload);
  }

  #entry(kind: Parameters<Ledger['entry']>[1], id: string): void {
    this.#ledger.entry(this.#id, kind, id);
  }

  #meta(): void {
    const { kind, id, lines, bytes } = this.#origin ?? { kind: null, id: '', lines: 0, bytes: 0 };
    const base = { thread_id: id, end_ordinal_exclusive: lines, end_byte_offset: bytes };
    this.#line('session_meta', {
      session_id: kind === 'sub-agent' ? id : this.#id,
      id: this.#id,
      ...(kind === 'fork' ? { forked_from_id: id, history_base: base } : {}),
      ...(kind === 'sub-agent' ? { parent_thread_id: id } : {}),
      ...{ cwd: '/home/dev/repo', cli_version: '0.169.0', git: { branch: 'main' } },
    });
  }

  #turn(): void {
    const random = this.#random;
    const turn = uuid(random);
    const model = random.pick(models);
    const settings = { type: 'thread_settings_applied', thread_settings: { model } };
    // Written when a model was chosen, before the turn, and again behind the turn's own words.
    this.#event(settings);
    this.#event({ type: 'task_started', turn_id: turn });
    if (random.chance(0.15)) this.#compaction(turn, model);
    this.#line('turn_context', { turn_id: turn, model, cwd: '/home/dev/repo' });
    if (random.chance(0.3)) this.#event(settings);
    this.#prompt(turn);
    for (let call = random.int(0, 2); call > 0; call--) this.#call(turn, model);
    // The next turn's model may be chosen while this one runs.
    if (random.chance(0.2)) {
      this.#event({ type: 'thread_settings_applied', thread_settings: { model: random.pick(models) } });
    }
    if (random.chance(0.1)) this.#failure(turn);
    else this.#answer(turn, model);
  }

  #item(turn: string, item: Payload): void {
    this.#event({ type: 'item_completed', thread_id: this.#id, turn_id: turn, item });
  }

  #prompt(turn: string): void {
    const text = sentence(this.#random);
    const id = uuid(this.#random);
    const content = [{ type: 'input_text', text }];
    this.#line('response_item', { type: 'message', id: `msg_${id}`, role: 'user', content });
    this.#item(turn, { type: 'UserMessage', id, content: [{ type: 'text', text, text_elements: [] }] });
    this.#entry('prompt', id);
  }

  #answer(turn: string, model: string): void {
    const random = this.#random;
    const reasoning = `rs_${uuid(random)}`;
    this.#item(turn, { type: 'Reasoning', id: reasoning, summary_text: [sentence(random)], raw_content: [] });
    this.#line('response_item', {
      type: 'reasoning',
      id: reasoning,
      summary: [],
      encrypted_content: 'opaque',
    });
    this.#entry('thinking', reasoning);
    const id = `msg_${uuid(random)}`;
    const text = sentence(random);
    this.#item(turn, { type: 'AgentMessage', id, content: [{ type: 'Text', text }], phase: 'final_answer' });
    const content = [{ type: 'output_text', text }];
    this.#line('response_item', { type: 'message', id, role: 'assistant', content });
    this.#entry('answer', id);
    this.#usage(turn, model);
    this.#event({ type: 'task_complete', turn_id: turn, last_agent_message: text, duration_ms: 900 });
  }

  #call(turn: string, model: string): void {
    const random = this.#random;
    const callId = `call_${uuid(random).slice(0, 13)}`;
    const command = `ls ${sentence(random, 1)}`;
    this.#line('response_item', {
      ...{ type: 'function_call', id: `fc_${callId}`, name: 'exec_command' },
      ...{ arguments: JSON.stringify({ cmd: command }), call_id: callId },
    });
    this.#entry('tool_call', callId);
    this.#usage(turn, model);
    const huge = random.chance(0.1);
    const printed = huge
      ? sentence(random, 5).repeat(1 + Math.floor(this.#options.hugeLength / 40))
      : sentence(random);
    const ran = { aggregated_output: printed, exit_code: random.chance(0.2) ? 1 : 0, status: 'completed' };
    this.#item(turn, {
      type: 'CommandExecution',
      id: callId,
      command: ['/bin/bash', '-lc', command],
      ...ran,
    });
    const output = `Wall time: 0.1 seconds\nProcess exited with code ${ran.exit_code}\nOutput:\n${printed}`;
    this.#line('response_item', { type: 'function_call_output', call_id: callId, output });
    this.#entry('tool_result', callId);
  }

  #failure(turn: string): void {
    this.#event({ type: 'task_complete', turn_id: turn, error: { message: 'exceeded retry limit' } });
    this.#entry('error', turn);
  }

  #compaction(turn: string, model: string): void {
    const window = uuid(this.#random);
    const record = this.#usage(turn, model);
    this.#line('compacted', { message: 'Summary', window_id: window, latest_token_usage_record: record });
    this.#item(turn, { type: 'ContextCompaction', id: window });
    this.#entry('compaction', window);
  }

  /** One record, and counts beside it that say the same once or several times. */
  #usage(turn: string, model: string): Payload {
    const random = this.#random;
    const tokens = this.#tokens();
    const response = `resp_${this.#counter++}`;
    const usage = usageOf(tokens);
    const record = {
      thread_id: this.#id,
      turn_id: turn,
      response_id: response,
      usage,
      thread_token_usage: usage,
    };
    this.#line('token_usage_record', record);
    this.#ledger.response(`${turn}:${response}`, {
      ...{
        agent: 'codex',
        model,
        at: this.#at,
        conversation: this.#id,
        subAgent: null,
        turnId: turn,
        tokens,
      },
    });
    if (random.chance(0.1)) this.#line('token_usage_record', record);
    for (let count = random.int(1, 3); count > 0; count--) {
      const info = { total_token_usage: usage, last_token_usage: usage, model_context_window: 258_400 };
      this.#event({ type: 'token_count', info, rate_limits: { primary: null } });
    }
    return record;
  }

  #tokens(): TokenCounts {
    const random = this.#random;
    const output = random.int(1, 4000);
    const written = random.chance(0.3) ? random.int(1, 9000) : 0;
    return {
      ...{ input: random.int(0, 9000), output, cacheRead: random.int(0, 150_000) },
      ...{ cacheWrite5m: written, cacheWrite1h: 0, reasoning: random.int(0, output) },
    };
  }

  #save(): void {
    const [day = '', time = ''] = new Date(this.#at).toISOString().split('T');
    const name = `rollout-${day}T${time.slice(0, 8).replaceAll(':', '-')}-${this.#id}.jsonl`;
    const path = `${day.replaceAll('-', '/')}/${name}`;
    const lines = withJunk(this.#random, this.#ledger, path, this.#lines);
    this.#ledger.file('codex', path, lines, tornLine(this.#random));
  }
}

function usageOf(tokens: TokenCounts): Payload {
  const input = tokens.input + tokens.cacheRead + tokens.cacheWrite5m;
  return {
    ...{
      input_tokens: input,
      cached_input_tokens: tokens.cacheRead,
      cache_write_input_tokens: tokens.cacheWrite5m,
    },
    ...{
      output_tokens: tokens.output,
      reasoning_output_tokens: tokens.reasoning,
      total_tokens: input + tokens.output,
    },
  };
}
