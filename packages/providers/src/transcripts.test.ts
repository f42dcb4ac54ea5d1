import { isInterruption } from '@codepiper/core/transcripts/interruption.ts';
import type { TranscriptItem } from '@codepiper/core/transcripts/transcript.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byName } from './testing.ts';
import { transcriptFormats } from './transcript-formats.ts';
import { type TranscriptFormat, timeOf } from './transcripts.ts';

const files = {
  'claude-code': byName(
    import.meta.glob('./claude-code/fixtures/conversations/*.jsonl', {
      query: '?raw',
      import: 'default',
      eager: true,
    }),
  ),
  codex: byName(
    import.meta.glob('./codex/fixtures/conversations/*.jsonl', {
      query: '?raw',
      import: 'default',
      eager: true,
    }),
  ),
};
const cases = (['claude-code', 'codex'] as const).flatMap((id) =>
  Object.entries(files[id]).map(([name, text]) => ({ id, name, text, format: transcriptFormats[id] })),
);

const linesOf = (text: string) => text.split('\n').slice(0, -1);
const readAll = (format: TranscriptFormat, lines: readonly string[]) => {
  const reader = format.createReader();
  return lines.map((line) => reader.readLine(line));
};

const words = (item: TranscriptItem): string => {
  switch (item.type) {
    case 'conversation':
      return `conversation ${item.id} in ${item.cwd}, ${item.version}, ${item.branch}, from ${item.forkedFrom}, of ${item.parent}`;
    case 'title':
      return `title ${item.title}`;
    case 'model':
      return `model ${item.model}`;
    case 'turn':
      return `turn ${item.phase} ${item.id} ${item.durationMs}`;
    case 'usage':
      return `usage ${item.key} ${item.model} ${Object.values(item.tokens).join(' ')}`;
    case 'entry': {
      const marks = [
        item.tool,
        item.callId,
        item.path,
        item.isError ? 'ERROR' : null,
        item.denied ? 'DENIED' : null,
      ];
      return `${item.kind} ${item.id} ${marks.filter(Boolean).join(' ')}\n      ${JSON.stringify(item.text.slice(0, 240))}`;
    }
  }
};

test.each(['claude-code', 'codex'] as const)('%s: where a turn was interrupted, an entry says so', (id) => {
  const lines = cases
    .filter((one) => one.id === id)
    .flatMap(({ format, text }) => readAll(format, linesOf(text)))
    .filter(({ line }) => line.items.some((item) => item.type === 'turn' && item.phase === 'interrupted'));
  expect(lines.length).toBeGreaterThan(0);
  for (const { line } of lines) {
    expect(line.items.some((item) => item.type === 'entry' && isInterruption(item))).toBe(true);
  }
});

describe.each(cases)('$id $name', ({ format, name, text, id }) => {
  test('reads as the golden file says', async () => {
    const outline = readAll(format, linesOf(text)).flatMap(({ state, line }, index) => {
      const head = `${index + 1}${line.agentId ? ` [${line.agentId}]` : ''} turn ${line.turnId?.slice(-6) ?? '-'}`;
      return [
        ...(state === 'known' ? [] : [`${head} ${state}`]),
        ...line.items.map((item) => `${head} ${words(item)}`),
      ];
    });
    const golden = `./${id}/fixtures/conversations/${name.replace('.jsonl', '.golden.txt')}`;
    await expect(`${outline.join('\n')}\n`).toMatchFileSnapshot(golden);
  });

  test('reads the same from any line on, with the state of the lines before', () => {
    const lines = linesOf(text);
    const whole = readAll(format, lines);
    const first = format.createReader();
    lines.forEach((line, index) => {
      const second = format.createReader(first.state());
      expect(lines.slice(index).map((rest) => second.readLine(rest))).toEqual(whole.slice(index));
      expect(first.state().length).toBeLessThan(1500);
      first.readLine(line);
    });
  });

  test('says the same of usage when only lines with a mark are read', () => {
    const lines = linesOf(text);
    const marked = lines.filter((line) => format.usageMarks.some((mark) => line.includes(mark)));
    const usage = (read: readonly string[]) =>
      readAll(format, read).flatMap(({ line }) =>
        line.items
          .filter(({ type }) => type === 'usage')
          .map((item) => ({ item, at: line.at, agent: line.agentId })),
      );
    expect(usage(marked)).toEqual(usage(lines));
    expect(marked.length).toBeLessThan(lines.length / 2);
  });

  test('no line is unknown, none has an entry without an id, and no id is there twice', () => {
    const read = readAll(format, linesOf(text));
    expect(read.filter(({ state }) => state !== 'known')).toEqual([]);
    const ids = read.flatMap(({ line }) =>
      line.items.flatMap((item) => (item.type === 'entry' ? [item.id] : [])),
    );
    expect(ids).not.toContain(null);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe.each(Object.entries(transcriptFormats))('%s', (_, format) => {
  const real = cases.filter((each) => each.format === format).flatMap(({ text }) => linesOf(text));

  test('text that is no JSON object is invalid, an object of a new type unknown, and both have no items', () => {
    const reader = format.createReader();
    const invalid = ['', ' ', '{', '[]', '1', 'null', '"x"', '{"type":"user"', '\u0000', '{"a":1}}'];
    expect(invalid.map((text) => reader.readLine(text).state)).toEqual(invalid.map(() => 'invalid'));
    const unknown = ['{}', '{"type":"brand-new"}', '{"type":7}', '{"type":"toString"}'];
    expect(unknown.map((text) => reader.readLine(text).state)).toEqual(unknown.map(() => 'unknown'));
  });

  test('never throws, whatever a member of a line is', () => {
    const values = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(null, 0, -1, 1e99, '', [], {}, [null], [[]], true),
    );
    fc.assert(
      fc.property(fc.constantFrom(...real), fc.nat(), values, (line, at, value) => {
        const json = JSON.parse(line);
        const places = placesIn(json);
        const place = places[at % places.length];
        if (place) place.owner[place.key] = value;
        const { state, line: read } = format.createReader().readLine(JSON.stringify(json));
        expect(['known', 'unknown']).toContain(state);
        for (const item of read.items) if (item.type === 'entry') expect(typeof item.text).toBe('string');
      }),
      { numRuns: 1500 },
    );
  });

  test('never throws for half a line, and a broken state counts as none', () => {
    fc.assert(
      fc.property(fc.constantFrom(...real), fc.nat(), fc.string(), (line, at, state) => {
        expect(format.createReader(state).readLine(line.slice(0, at % line.length)).state).toBe('invalid');
        expect(format.createReader(state).readLine(line)).toEqual(format.createReader().readLine(line));
      }),
      { numRuns: 300 },
    );
  });
});

type Owner = Record<string, unknown>;

function placesIn(value: unknown): { owner: Owner; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const owner = value as Owner;
  return Object.keys(owner).flatMap((key) => [{ owner, key }, ...placesIn(owner[key])]);
}

describe('paths', () => {
  const { 'claude-code': claude, codex } = transcriptFormats;
  const id = '33333333-3333-4333-8333-333333333333';
  const folder = '/home/dev/.claude/projects/-home-dev-repo';

  test.each([
    [`${folder}/${id}.jsonl`, { conversationId: id, agentId: null }],
    [`${folder}/${id}/subagents/agent-ab13.jsonl`, { conversationId: id, agentId: 'ab13' }],
    [`${folder}/${id}/subagents/runs/r1/agent-ab13.jsonl`, { conversationId: id, agentId: 'ab13' }],
    [`${folder}/agent-ab13.jsonl`, { conversationId: null, agentId: 'ab13' }],
  ])('Claude: %s', (path, name) => {
    expect(claude.isTranscript(path)).toBe(true);
    expect(claude.identify(path)).toEqual(name);
  });

  test('Codex: the id at the end of the name', () => {
    const path = `/h/sessions/2026/11/21/rollout-2026-11-21T04-50-24-${id}.jsonl`;
    expect(codex.isTranscript(path)).toBe(true);
    expect(codex.identify(path)).toEqual({ conversationId: id, agentId: null });
  });

  test.each([
    `${folder}/${id}/subagents/agent-ab13.meta.json`,
    `${folder}/memory/notes.jsonl`,
    `${folder}/${id}.jsonl.bak`,
    '/home/dev/.codex/history.jsonl',
    '/home/dev/.codex/session_index.jsonl',
  ])('no transcript: %s', (path) => {
    expect(claude.isTranscript(path)).toBe(false);
    expect(codex.isTranscript(path)).toBe(false);
  });

  test('roots follow the variables of the agents', () => {
    expect(claude.roots({ HOME: '/h' })).toEqual(['/h/.claude/projects']);
    expect(claude.roots({ HOME: '/h', CLAUDE_CONFIG_DIR: '/c' })).toEqual(['/c/projects']);
    expect(codex.roots({ HOME: '/h' })).toContain('/h/.codex/sessions');
    expect(codex.roots({ HOME: '/h', CODEX_HOME: '/x' })).toContain('/x/sessions');
  });
});

test.each([
  ['2026-11-21T12:00:00.000Z', Date.UTC(2026, 10, 21, 12)],
  ['2026-11-21T12:00:00+01:00', Date.UTC(2026, 10, 21, 11)],
  ['1960-05-05T05:05:05Z', null],
  ['9999-12-31T23:59:59Z', null],
  ['+200000-01-01T00:00:00Z', null],
  ['yesterday', null],
  [1_795_000_000_000, null],
])('the time %j is %j', (value, expected) => {
  expect(timeOf(value)).toBe(expected);
});
