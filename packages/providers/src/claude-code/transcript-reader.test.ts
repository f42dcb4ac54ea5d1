import type { TranscriptItem } from '@codepiper/core/transcripts/transcript.ts';
import { describe, expect, test } from 'vitest';
import { claudeTranscripts } from './transcript-format.ts';

type Line = Record<string, unknown>;

const common = {
  uuid: 'u1',
  timestamp: '2026-11-21T05:00:34.997Z',
  cwd: '/home/dev/repo',
  sessionId: 's1',
  version: '2.1.329',
  gitBranch: 'main',
};

function read(...lines: Line[]) {
  const reader = claudeTranscripts.createReader();
  return lines.map((line) => reader.readLine(JSON.stringify({ ...common, ...line })));
}

const itemsOf = (...lines: Line[]) => read(...lines).flatMap(({ line }) => line.items);
const entriesOf = (...lines: Line[]) =>
  itemsOf(...lines).flatMap((item) => (item.type === 'entry' ? [`${item.kind}: ${item.text}`] : []));
const usageOf = (...lines: Line[]) => itemsOf(...lines).filter((item) => item.type === 'usage');
const turnsOf = (items: readonly TranscriptItem[]) =>
  items.flatMap((item) => (item.type === 'turn' ? [`${item.phase} ${item.id}`] : []));

const user = (content: unknown, more: Line = {}) => ({
  type: 'user',
  ...more,
  message: { role: 'user', content },
});
const typed = (text: string, promptId = 'p1', uuid = 'u1') =>
  user(text, { promptId, uuid, promptSource: 'typed' });
const assistant = (usage: unknown, more: Line = {}) => ({
  type: 'assistant',
  requestId: 'r1',
  ...more,
  message: { id: 'm1', model: 'claude-opus-5-5', content: [{ type: 'text', text: 'hi' }], usage },
});

describe('usage', () => {
  test('caches of five minutes and an hour are apart, thinking is a part of the output', () => {
    const usage = {
      input_tokens: 3,
      cache_creation_input_tokens: 30,
      cache_read_input_tokens: 500,
      output_tokens: 40,
      output_tokens_details: { thinking_tokens: 25 },
      cache_creation: { ephemeral_1h_input_tokens: 20, ephemeral_5m_input_tokens: 10 },
    };
    const tokens = {
      input: 3,
      output: 40,
      cacheRead: 500,
      cacheWrite5m: 10,
      cacheWrite1h: 20,
      reasoning: 25,
    };
    expect(usageOf(assistant(usage))).toEqual([
      { type: 'usage', key: 'm1:r1', model: 'claude-opus-5-5', tokens, turnId: null },
    ]);
  });

  test('what was written to a cache of unstated life counts as five minutes', () => {
    const [item] = usageOf(assistant({ input_tokens: 1, output_tokens: 2, cache_creation_input_tokens: 30 }));
    expect(item).toMatchObject({ tokens: { cacheWrite5m: 30, cacheWrite1h: 0, cacheRead: 0, reasoning: 0 } });
  });

  test.each([
    ['claude-opus-5-5', 'fast', 'claude-opus-5-5-fast'],
    ['claude-opus-4-6-20260205', 'fast', 'claude-opus-4-6-fast-20260205'],
    ['claude-opus-5-5', 'standard', 'claude-opus-5-5'],
  ])('of %s at speed %s is that of %s', (model, speed, expected) => {
    const message = { id: 'm', model, content: [], usage: { output_tokens: 1, speed } };
    expect(usageOf({ type: 'assistant', message })).toMatchObject([{ model: expected }]);
  });

  test('lines without a request id still have a key', () => {
    expect(usageOf(assistant({ output_tokens: 1 }, { requestId: undefined }))).toMatchObject([{ key: 'm1' }]);
  });

  test('numbers that are none count as nothing', () => {
    const [item] = usageOf(assistant({ input_tokens: '7', output_tokens: -1, cache_read_input_tokens: 1.5 }));
    expect(item).toMatchObject({ tokens: { input: 0, output: 0, cacheRead: 0 } });
  });

  test('belongs to the turn of the last prompt, a sub-agent to that of whoever started it', () => {
    const own = usageOf(typed('do it', 'p7'), assistant({ output_tokens: 1 }));
    expect(own).toMatchObject([{ turnId: 'p7' }]);
    const agent = { agentId: 'a1', isSidechain: true };
    const subAgent = itemsOf(
      user('part of it', { ...agent, promptId: 'p7' }),
      assistant({ output_tokens: 1 }, agent),
    );
    expect(subAgent.filter(({ type }) => type === 'usage')).toMatchObject([{ turnId: 'p7' }]);
    expect(turnsOf(subAgent)).toEqual([]);
  });
});

describe('turns', () => {
  test('prompts of one id make turns of their own all the same', () => {
    const items = itemsOf(typed('one', 'p1', 'u1'), typed('two', 'p1', 'u2'), typed('three', 'p2', 'u3'));
    expect(turnsOf(items)).toEqual(['started p1', 'started u2', 'started p2']);
  });

  test('an error of the API ends the turn and has no usage', () => {
    const message = {
      id: 'm',
      model: '<synthetic>',
      content: [{ type: 'text', text: 'API Error: 529' }],
      usage: {},
    };
    const items = itemsOf(typed('go'), { type: 'assistant', isApiErrorMessage: true, message });
    expect(turnsOf(items)).toEqual(['started p1', 'failed p1']);
    expect(items.filter(({ type }) => type === 'usage' || type === 'model')).toEqual([]);
    expect(items.filter((item) => item.type === 'entry' && item.kind === 'error')).toHaveLength(1);
  });

  test("older versions' prompts, which name no source, begin turns too", () => {
    expect(turnsOf(itemsOf(user('hello', { uuid: 'u9' })))).toEqual(['started u9']);
  });
});

describe('text', () => {
  test.each([
    [
      '<command-name>/model</command-name>\n<command-message>model</command-message>\n<command-args>opus</command-args>',
      'notice: /model opus',
    ],
    ['<command-message>review</command-message>\n<command-name>/review</command-name>', 'notice: /review'],
    ['<local-command-stdout>\u001b[2mSet model\u001b[22m</local-command-stdout>', 'notice: Set model'],
    ['<bash-input>ls -l</bash-input>', 'notice: ! ls -l'],
    ['<bash-stdout>one</bash-stdout><bash-stderr>two</bash-stderr>', 'notice: one\ntwo'],
    [
      '<task-notification>\n<status>completed</status>\n<summary>Done</summary>\n<result>42</result>\n</task-notification>',
      'notice: Done\n42',
    ],
    [
      'what does <system-reminder>this</system-reminder> mean?',
      'prompt: what does <system-reminder>this</system-reminder> mean?',
    ],
    ['explain `<command-name>/x</command-name>`', 'prompt: explain `<command-name>/x</command-name>`'],
    ['fix it\n<system-reminder>\nbe brief\n</system-reminder>\n', 'prompt: fix it'],
    ['<system-reminder>a</system-reminder>\n<system-reminder>b</system-reminder>', null],
    ['<local-command-stdout></local-command-stdout>', null],
  ])('%j', (text, expected) => {
    expect(entriesOf(user(text))).toEqual(expected === null ? [] : [expected]);
  });

  test('a slash command the model answers is a prompt', () => {
    const line = user('<command-name>/review</command-name><command-args>src</command-args>', {
      promptSource: 'typed',
    });
    expect(entriesOf(line)).toEqual(['prompt: /review src']);
  });

  test('marks around pasted text go, the text stays', () => {
    const text = 'see\n<pasted_content id="c8f3">\n1\n2\n</pasted_content id="c8f3">\nthanks';
    expect(entriesOf(typed(text))).toEqual(['prompt: see\n1\n2\nthanks']);
  });

  test('results lose the reminders behind them and the colours in them', () => {
    const content = '\u001b[31mred\u001b[0m\n<system-reminder>mind</system-reminder>\n';
    const block = { type: 'tool_result', tool_use_id: 't1', content };
    expect(entriesOf(user([block]))).toEqual(['tool_result: red']);
  });

  test('takes no longer than its length where a text is all marks', () => {
    const texts = [
      '<system-reminder>',
      '</system-reminder>',
      '<pasted_content id="',
      '<local-command-stdout>',
    ];
    for (const mark of texts) {
      const text = mark.repeat(100_000);
      expect(
        read(user(text), user([{ type: 'tool_result', content: `${text}</system-reminder>` }])),
      ).toHaveLength(2);
    }
  });

  test('meta lines are hidden', () => {
    expect(entriesOf(user('You may now …', { isMeta: true }))).toEqual([]);
  });
});

describe('blocks', () => {
  test('a result that was refused is told from one that failed', () => {
    const block = { type: 'tool_result', tool_use_id: 't1', content: 'no', is_error: true };
    const [refused, failed] = itemsOf(
      user([block], { toolDenialKind: 'user-rejected' }),
      user([block]),
    ).filter(({ type }) => type === 'entry');
    expect(refused).toMatchObject({ isError: true, denied: true, callId: 't1' });
    expect(failed).toMatchObject({ isError: true });
    expect(failed).not.toHaveProperty('denied');
  });

  test('pictures are attachments, beside the words of their prompt', () => {
    const image = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: 'x'.repeat(999) },
    };
    const line = user([image, { type: 'text', text: 'what is it?' }], { promptSource: 'typed' });
    expect(entriesOf(line)).toEqual(['prompt: what is it?', 'attachment: image image/png']);
  });

  test('a file a prompt named, and a prompt taken up in the middle of a turn', () => {
    const file = {
      type: 'file',
      filename: 'a.ts',
      content: { type: 'text', file: { content: 'const a = 1;' } },
    };
    const queued = { type: 'queued_command', prompt: 'also the tests' };
    const attachments = [file, queued].map((attachment) => ({ type: 'attachment', attachment }));
    expect(entriesOf(...attachments)).toEqual(['attachment: a.ts\nconst a = 1;', 'prompt: also the tests']);
  });

  test('a block of a new type makes the line unknown, and what else it says is kept', () => {
    const message = { id: 'm', model: 'x', content: [{ type: 'hologram' }], usage: { output_tokens: 5 } };
    const [line] = read({ type: 'assistant', message });
    expect(line?.state).toBe('unknown');
    expect(line?.line.items.filter(({ type }) => type === 'usage')).toHaveLength(1);
  });
});
