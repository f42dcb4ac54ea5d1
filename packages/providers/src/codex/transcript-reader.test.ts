import { describe, expect, test } from 'vitest';
import { codexTranscripts } from './transcript-format.ts';

type Payload = Record<string, unknown>;

const line = (type: string, payload: Payload) =>
  JSON.stringify({ timestamp: '2026-11-21T05:00:34.997Z', ordinal: 1, type, payload });
const event = (payload: Payload) => line('event_msg', payload);
const item = (completed: Payload) => event({ type: 'item_completed', turn_id: 't1', item: completed });
const response = (payload: Payload) => line('response_item', payload);
const turnContext = (model: string, turn = 't1') => line('turn_context', { turn_id: turn, model });
const settings = (model: string) => event({ type: 'thread_settings_applied', thread_settings: { model } });
const record = (turn: string, id: string, usage: Payload = {}) =>
  line('token_usage_record', {
    turn_id: turn,
    response_id: id,
    usage: { input_tokens: 9, output_tokens: 1, ...usage },
  });

function itemsOf(...lines: string[]) {
  const reader = codexTranscripts.createReader();
  return lines.flatMap((text) => reader.readLine(text).line.items);
}
const usageOf = (...lines: string[]) => itemsOf(...lines).filter(({ type }) => type === 'usage');
const entriesOf = (...lines: string[]) => itemsOf(...lines).filter(({ type }) => type === 'entry');

describe('usage', () => {
  test('input is what came neither from a cache nor went into one', () => {
    const usage = {
      ...{ input_tokens: 100, cached_input_tokens: 60, cache_write_input_tokens: 15 },
      ...{ output_tokens: 40, reasoning_output_tokens: 30, total_tokens: 140 },
    };
    const tokens = { input: 25, output: 40, cacheRead: 60, cacheWrite5m: 15, cacheWrite1h: 0, reasoning: 30 };
    expect(usageOf(turnContext('gpt-5.5'), record('t1', 'resp_1', usage))).toEqual([
      { type: 'usage', key: 't1:resp_1', model: 'gpt-5.5', tokens, turnId: 't1' },
    ]);
  });

  test('a model chosen for later changes nothing for the turn that runs', () => {
    const [item] = usageOf(turnContext('gpt-5.5'), settings('gpt-6.1-sol'), record('t1', 'resp_1'));
    expect(item).toMatchObject({ model: 'gpt-5.5' });
  });

  test('a record before its turn says its model has the model set for the turn', () => {
    const started = event({ type: 'task_started', turn_id: 't2' });
    const lines = [turnContext('gpt-5.5'), settings('gpt-6.1-sol'), started, record('t2', 'resp_2')];
    expect(usageOf(...lines)).toMatchObject([{ model: 'gpt-6.1-sol' }]);
  });

  test('without any word about a model it is unknown', () => {
    expect(usageOf(record('t1', 'resp_1'))).toMatchObject([{ model: null }]);
  });

  test('servers that count their responses from 1 on give different keys in different turns', () => {
    const keys = usageOf(record('t1', 'resp_1'), record('t2', 'resp_1')).map((found) =>
      found.type === 'usage' ? found.key : null,
    );
    expect(new Set(keys).size).toBe(2);
  });

  test('counts that repeat are no usage', () => {
    const info = { last_token_usage: { input_tokens: 9, output_tokens: 9 } };
    expect(usageOf(event({ type: 'token_count', info }))).toEqual([]);
  });
});

describe('tools', () => {
  const call = response({
    ...{ type: 'function_call', id: 'fc_1', name: 'exec_command', call_id: 'c1' },
    arguments: '{"cmd":"make"}',
  });
  const output = (text: string) => response({ type: 'function_call_output', call_id: 'c1', output: text });
  const ran = (more: Payload) =>
    item({
      type: 'CommandExecution',
      id: 'c1',
      command: ['/bin/bash', '-lc', 'make'],
      status: 'completed',
      ...more,
    });

  test('an item of a call adds how it ended, not another result', () => {
    const duration = { secs: 2, nanos: 500_000_000 };
    const found = entriesOf(call, ran({ exit_code: 2, duration }), output('Output:\nno rule'));
    expect(found).toMatchObject([
      { kind: 'tool_call', text: 'make', tool: 'exec_command', callId: 'c1' },
      { kind: 'tool_result', callId: 'c1', isError: true, durationMs: 2500 },
    ]);
  });

  test('what it added is known when reading goes on between the two', () => {
    const reader = codexTranscripts.createReader();
    reader.readLine(ran({ exit_code: 2 }));
    const rest = codexTranscripts.createReader(reader.state()).readLine(output('Output:\nno rule'));
    expect(rest.line.items).toMatchObject([{ kind: 'tool_result', isError: true }]);
  });

  test.each([
    ['Process exited with code 0\nOutput:\nProcess exited with code 1\n', false, undefined],
    ['Process exited with code 127\nOutput:\n', true, undefined],
    ['Exit code: 1\nWall time: 0.1 seconds\nOutput:\n', true, undefined],
    ['Script failed\nWall time 2.0 seconds\nOutput:\n', true, undefined],
    ['Wall time: 1.9 seconds\naborted by user', true, true],
    ['exec_command failed: CreateProcess { message: "Rejected(\\"no\\")" }', true, true],
  ])('%j', (text, isError, denied) => {
    const [found] = entriesOf(output(text));
    expect(found).toMatchObject({ isError });
    expect(found?.type === 'entry' ? found.denied : null).toBe(denied);
  });

  test("a person's own command is call and result at once", () => {
    const shell = item({
      ...{
        type: 'CommandExecution',
        id: 'x',
        source: 'user_shell',
        command: ['ls'],
        aggregated_output: 'a\n',
      },
      ...{ exit_code: 0, status: 'completed' },
    });
    expect(entriesOf(shell)).toMatchObject([
      { kind: 'tool_call', text: 'ls', callId: 'x' },
      { kind: 'tool_result', text: 'a\n', callId: 'x', isError: false },
    ]);
  });

  test('a patch names its first file, a search its words', () => {
    const input = '*** Begin Patch\n*** Update File: src/a.ts\n*** End Patch';
    const patch = response({ type: 'custom_tool_call', name: 'apply_patch', call_id: 'c2', input });
    const action = { type: 'search', query: 'vitest sharding' };
    const search = response({ type: 'web_search_call', id: 'ws_1', action });
    expect(entriesOf(patch, search)).toMatchObject([
      { tool: 'apply_patch', path: 'src/a.ts', text: input },
      { tool: 'web_search', callId: 'ws_1', text: expect.stringContaining('vitest sharding') },
    ]);
  });
});

describe('conversations', () => {
  test('only the first line names the file; copies of others behind it do not', () => {
    const meta = (id: string) => line('session_meta', { id, cwd: '/r', cli_version: '0.169.0' });
    expect(itemsOf(meta('a'), meta('b')).map((found) => found.type === 'conversation' && found.id)).toEqual([
      'a',
    ]);
  });

  test('a fork says where it leaves the file it goes on from', () => {
    const base = { thread_id: 'p', end_ordinal_exclusive: 41, end_byte_offset: 147_883 };
    const meta = line('session_meta', { id: 'a', forked_from_id: 'p', history_base: base });
    expect(itemsOf(meta)).toMatchObject([{ forkedFrom: 'p', forkedAt: 147_883 }]);
  });

  test("rollouts of older versions have the same entries in the model's and the user's messages", () => {
    const lines = [
      event({ type: 'user_message', message: 'hello' }),
      response({ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hello' }] }),
      event({ type: 'agent_message', message: 'hi' }),
    ];
    expect(entriesOf(...lines)).toMatchObject([
      { kind: 'prompt', text: 'hello' },
      { kind: 'answer', text: 'hi' },
    ]);
  });
});
