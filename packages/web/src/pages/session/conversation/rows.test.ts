import type { Conversation, Entry } from '@codepiper/core/transcripts/conversation.ts';
import { describe, expect, it } from 'vitest';
import { type RowSource, toRows } from './rows.ts';

let next = 1;
function entry(kind: Entry['kind'], more: Partial<Entry> = {}): Entry {
  const id = more.id ?? next++;
  const nothing = { agentId: null, callId: null, tool: null, outcome: null, durationMs: null, path: null };
  const at = new Date(Date.UTC(2026, 0, 1) + id * 1000).toISOString();
  return { ...nothing, id, conversation: 1, kind, at, turn: 1, isError: false, text: '', length: 0, ...more };
}
function conversation(id: number, more: Partial<Conversation> = {}): Conversation {
  return {
    ...{ id, provider: 'codex', conversationId: `c${id}`, sessionIds: [], cwd: null, title: null },
    ...{ branch: null, version: null, forkedFrom: null, parent: null, startedAt: null, lastAt: null },
    ...more,
  };
}
const shapeOf = (source: Partial<RowSource>) =>
  toRows({
    ...{ entries: [], conversations: [conversation(1)], modelSwitches: [], openAgents: new Set<string>() },
    ...source,
  }).map((row) => ('entry' in row ? `${row.depth}:${row.entry.kind}` : row.kind));

describe('rows of a conversation', () => {
  it('mark where a turn was interrupted', () => {
    const entries = [
      entry('answer'),
      entry('notice', { text: '[Request interrupted by user for tool use]' }),
      entry('prompt', { text: '[Request interrupted by user]' }),
      entry('notice', { text: 'Turn aborted: interrupted' }),
      entry('notice', { text: 'Turn aborted: replaced' }),
    ];
    const rows = toRows({ entries, conversations: [], modelSwitches: [], openAgents: new Set() });
    expect(rows.map(({ kind }) => kind)).toEqual(['entry', 'interruption', 'entry', 'interruption', 'entry']);
  });

  it('join a call with its result, wherever that stands, and keep a result whose call was not read', () => {
    const entries = [
      entry('tool_result', { callId: 'before' }),
      entry('tool_call', { callId: 'a' }),
      entry('tool_call', { callId: 'b' }),
      entry('tool_result', { callId: 'b', text: 'of b' }),
      entry('tool_result', { callId: 'a', text: 'of a' }),
      entry('tool_call', { callId: null }),
    ];
    const rows = toRows({ entries, conversations: [], modelSwitches: [], openAgents: new Set() });
    expect(rows.map((row) => row.kind)).toEqual(['entry', 'tool', 'tool', 'tool']);
    expect(rows.map((row) => (row.kind === 'tool' ? row.result?.text : undefined))).toEqual([
      undefined,
      'of a',
      'of b',
      undefined,
    ]);
  });

  it('fold a sub-agent where it began, and show what it did within it', () => {
    const entries = [
      entry('prompt'),
      entry('prompt', { agentId: 'sub', text: 'Find it\nsoon' }),
      entry('answer'),
      entry('tool_call', { agentId: 'sub', callId: 'x' }),
      entry('tool_result', { agentId: 'sub', callId: 'x' }),
    ];
    expect(shapeOf({ entries })).toEqual(['0:prompt', 'agent', '0:answer']);
    expect(shapeOf({ entries, openAgents: new Set(['sub']) })).toEqual([
      '0:prompt',
      'agent',
      '1:prompt',
      '1:tool_call',
      '0:answer',
    ]);
    const [, agent] = toRows({ entries, conversations: [], modelSwitches: [], openAgents: new Set() });
    expect(agent).toMatchObject({ title: 'Find it', isOpen: false });
  });

  it('take a conversation that an agent began for a sub-agent, and one that came after for another', () => {
    const conversations = [conversation(1), conversation(2, { parent: 'c1' }), conversation(3)];
    const entries = [
      entry('prompt'),
      entry('prompt', { conversation: 2 }),
      entry('answer'),
      entry('prompt', { conversation: 3 }),
    ];
    expect(shapeOf({ entries, conversations })).toEqual([
      '0:prompt',
      'agent',
      '0:answer',
      'conversation',
      '0:prompt',
    ]);
  });

  it('mark where the model was switched, not where it was first known', () => {
    const [first, second] = [entry('prompt', { id: 100 }), entry('prompt', { id: 200 })];
    const at = (id: number) => new Date(Date.UTC(2026, 0, 1) + id * 1000).toISOString();
    const modelSwitches = [
      { id: 1, timestamp: at(101), payload: { model: 'a' } },
      { id: 2, timestamp: at(50), payload: { model: 'b', before: 'a' } },
      { id: 3, timestamp: at(150), payload: { model: 'c', before: 'b' } },
      { id: 4, timestamp: at(250), payload: { model: 'd', before: 'c' } },
    ];
    expect(shapeOf({ entries: [first, second], modelSwitches })).toEqual([
      '0:prompt',
      'model',
      '0:prompt',
      'model',
    ]);
  });
});
