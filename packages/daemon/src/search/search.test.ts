import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { indexTerms } from '@codepiper/core/search/terms.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSearch, type SearchHouse } from '../../test/search-house.ts';

const one = '11111111-1111-4111-8111-111111111111';
const two = '22222222-2222-4222-8222-222222222222';
const three = '33333333-3333-4333-8333-333333333333';
const codex = '01a1fc7c-bd21-7142-b139-e10b5f33523a';

let house: SearchHouse;
beforeEach(async () => {
  house = await openSearch();
});
afterEach(() => house[Symbol.asyncDispose]());

describe('search finds', () => {
  const texts = [
    'the quick brown fox',
    'call parseHeader(bytes)',
    'see parse_header in src/http/parse-header.ts',
    'lazy dogs sleep',
    'le café du coin',
    '我在找一个错误的地方',
    'the brown quick thing',
    'git commit --no-verify now',
  ];
  beforeEach(() => void house.say(one, texts));

  it.each([
    ['quick', [0, 6]],
    ['quick brown', [0, 6]],
    ['"quick brown"', [0]],
    ['QUICK -fox', [6]],
    ['quick -"quick brown"', [6]],
    ['fox OR dogs', [0, 3]],
    ['(fox OR dogs) sleep', [3]],
    ['the (brown -fox)', [6]],
    ['parseHeader', [1, 2]],
    ['parse_header', [1, 2]],
    ['parse-header.ts', [2]],
    ['src/http', [2]],
    ['header', [1, 2]],
    ['parseheader', [1, 2]],
    ['parse*', [1, 2]],
    ['parsehea*', [1, 2]],
    ['parse_hea*', [1, 2]],
    ['"quick bro"*', [0]],
    ['nothing*', []],
    ['cafe', [4]],
    ['CAFÉ', [4]],
    ['错误', [5]],
    ['误错', []],
    ['--no-verify', [7]],
    ['verify -no', []],
    ['fox; DROP TABLE entries', []],
    ['elephant', []],
  ])('%s', async (q, expected) => {
    const found = await house.find(q, { limit: 100 });
    expect(found.map((text) => texts.indexOf(text)).sort()).toEqual(expected);
  });

  it('what was said in any kind of entry, people first, with the hits marked', async () => {
    house.say(two, [
      { kind: 'prompt', text: 'run the zebra test' },
      { kind: 'tool_call', text: 'make zebra', call: 'z' },
      { kind: 'tool_result', text: 'one\u001b[31m zebra\u0007\n\n passed', call: 'z' },
      { kind: 'answer', text: 'The Zebra test passes.' },
    ]);
    const { results, cursor, isCapped } = await house.search({ q: 'zebra' });
    expect({ cursor, isCapped }).toEqual({ cursor: null, isCapped: false });
    expect(new Set(results.slice(0, 2).map(({ entry }) => entry.kind))).toEqual(
      new Set(['answer', 'prompt']),
    );
    expect(results.find(({ entry }) => entry.kind === 'tool_result')).toMatchObject({
      entry: { tool: 'Bash', at: '2026-11-20T10:00:00.000Z' },
      conversation: { conversationId: two, provider: 'claude-code', cwd: '/home/ada/app' },
      snippet: ['one ', 'zebra', ' passed'],
    });
    expect(results.every(({ entry }) => !('text' in entry))).toBe(true);
  });

  it('a passage far into a long text', async () => {
    house.say(two, [
      `${'lorem ipsum dolor\n'.repeat(9000)} here is the haystackNeedle, and ${'more '.repeat(999)}`,
    ]);
    const [result] = (await house.search({ q: 'haystack_needle' })).results;
    expect(result?.snippet).toHaveLength(3);
    expect(result?.snippet[0]).toMatch(/^….*here is the $/);
    expect(result?.snippet[1]).toBe('haystackNeedle');
    expect(result?.snippet.join('').length).toBeLessThan(220);
  });

  it('both agents, and what is copied into a fork once', async () => {
    house.conversations.record(
      'codex',
      'tui-all-events',
      `2026/11/21/rollout-2026-11-21T05-00-00-${codex}.jsonl`,
    );
    const { results } = await house.search({ q: 'echo' });
    expect(new Set(results.map(({ conversation }) => conversation.provider))).toEqual(new Set(['codex']));
    const said = { text: 'a walrus was here', uuid: 'aaaaaaaa-0000-4000-8000-000000000001' };
    house.say(two, [said]);
    house.say(three, [said, 'and the walrus again']);
    const found = await house.search({ q: 'walrus' });
    expect(found.results).toHaveLength(2);
    const copies = house.conversations.ingest.rows(`SELECT 1 FROM entries WHERE preview = '${said.text}'`);
    expect(copies).toHaveLength(2);
    // Who looks in the fork alone finds it there.
    house.conversations.link('session-3', three);
    expect(await house.find('walrus', { session: 'session-3' })).toHaveLength(2);
  });
});

describe('search looks only', () => {
  beforeEach(() => {
    house.say(one, [{ text: 'gnu one', at: '2026-11-18T10:00:00Z' }], '/home/ada/app/web');
    house.say(two, [
      { text: 'gnu two', at: '2026-11-20T10:00:00Z' },
      { kind: 'tool_call', text: 'gnu call', tool: 'Read', call: 'r', at: '2026-11-20T10:01:00Z' },
      { kind: 'tool_result', text: 'gnu result', call: 'r', at: '2026-11-20T10:02:00Z' },
    ]);
    house.say(three, [{ text: 'gnu three', at: '2026-11-20T23:30:00Z' }], '/home/ada/apple');
    house.conversations.link('session-1', one);
  });

  it.each<[Record<string, string>, string[]]>([
    [{ session: 'session-1' }, ['one']],
    [{ session: 'session-2' }, []],
    [{ session: '2222' }, ['call', 'result', 'two']],
    [{ provider: 'codex' }, []],
    [{ provider: 'claude-code', kind: 'prompt' }, ['one', 'three', 'two']],
    [{ workspace: '/home/ada/app' }, ['call', 'one', 'result', 'two']],
    [{ workspace: '/home/ada/app/', kind: 'prompt' }, ['one', 'two']],
    [{ tool: 'read' }, ['call', 'result']],
    [{ tool: 'Read', kind: 'tool_result' }, ['result']],
    [{ tool: 'Re' }, []],
    [{ since: '2026-11-20T10:01:00Z' }, ['call', 'result', 'three']],
    [{ until: '2026-11-19T00:00:00Z' }, ['one']],
    [{ since: '2026-11-20T10:00:00Z', until: '2026-11-20T10:02:00Z' }, ['call', 'two']],
    [{ since: '2030-01-01' }, []],
  ])('%j', async (filter, expected) => {
    const found = await house.find('gnu', filter);
    expect(found.map((text) => text.replace('gnu ', '')).sort()).toEqual(expected);
  });

  it('and refuses days that are none', async () => {
    expect(await house.status({ q: 'gnu', since: 'yesterday' })).toMatchObject({
      code: 400,
      message: expect.stringContaining('since is "yesterday"'),
    });
    expect((await house.status({ q: 'gnu', session: 'nobody' })).code).toBe(404);
  });
});

describe('pages', () => {
  it('show everything once, also when more is said meanwhile', async () => {
    house.say(
      one,
      Array.from({ length: 57 }, (_, index) => `okapi number ${index} ${'okapi '.repeat(index % 7)}`),
    );
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await house.search({ q: 'okapi', limit: 10, ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.results.map(({ entry }) => String(entry.id)));
      cursor = page.cursor;
      house.say(two, [`okapi in between ${seen.length}`]);
    } while (cursor !== null);
    expect(seen).toHaveLength(57);
    expect(new Set(seen).size).toBe(57);
    expect((await house.search({ q: 'okapi', limit: 100 })).results).toHaveLength(58);
  });

  it('of very many hits show the newest and the first, and say so', async () => {
    const said = Array.from({ length: 2500 }, (_, index) => `ibex ${index}`);
    house.say(one, said);
    const seen = new Set<string>();
    let cursor: string | null = null;
    do {
      const page = await house.search({ q: 'ibex', limit: 100, ...(cursor === null ? {} : { cursor }) });
      expect(page.isCapped).toBe(true);
      for (const { snippet } of page.results) seen.add(snippet.join(''));
      cursor = page.cursor;
    } while (cursor !== null);
    expect(seen.size).toBe(2000);
    expect(seen.has('ibex 0') && seen.has('ibex 2499')).toBe(true);
    expect((await house.search({ q: 'ibe*' })).isCapped).toBe(true);
    expect(await house.find('ibex 1250')).toEqual(['ibex 1250']);
  });
});

describe('where the transcript is gone', () => {
  it('the entry is still found, with its first words', async () => {
    const path = house.say(one, [`${'first words '.repeat(40)} and then a quagga`]);
    rmSync(path);
    rmSync(join(house.conversations.path, 'transcripts'), { recursive: true });
    const [found] = await house.find('quagga');
    expect(found).toMatch(/^first words/);
    expect(found).not.toContain('quagga');
  });

  it('nothing of another file is shown', async () => {
    const path = house.say(one, ['a secretary bird']);
    rmSync(join(house.conversations.path, 'transcripts'), { recursive: true });
    writeFileSync(path, readFileSync(path, 'utf8').replace('secretary bird', 'something else'));
    expect(await house.find('secretary')).toEqual(['a secretary bird']);
  });
});

describe('whatever is typed', () => {
  it('is an answer or a plain refusal', async () => {
    house.say(one, ['alpha beta "gamma" marks words names NEAR c1 pclaudecode', 'foo:bar AND x^2 {a b}: c']);
    const typed = fc.oneof(
      fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }),
      fc
        .array(
          fc.constantFrom(
            ...[
              'alpha',
              'beta',
              'fooBar',
              '"',
              '""',
              '(',
              ')',
              '-',
              '*',
              ' ',
              ' OR ',
              'AND',
              'NOT',
              'NEAR(',
              '^',
            ],
            ...[
              'words:',
              '{marks}:',
              ':',
              '+',
              "'",
              '\\',
              '\0',
              '日',
              'é',
              '%',
              '_',
              '--',
              ';',
              'c1',
              '\ud800',
              '\n',
            ],
          ),
          { minLength: 1, maxLength: 25 },
        )
        .map((pieces) => pieces.join('')),
    );
    await fc.assert(
      fc.asyncProperty(typed, async (q) => {
        const { code, message } = await house.status({ q });
        expect([200, 400], `${q}: ${message}`).toContain(code);
        if (code === 400) expect(message).not.toMatch(/fts5|SQL|syntax/i);
      }),
      { numRuns: 500 },
    );
  });

  it('finds every text by any piece of it', async () => {
    const unit = fc.constantFrom(...'aZ9_-./ \n日한éß→👍٣ไﷺİçﬁ'.normalize('NFC'));
    const texts = fc.sample(fc.string({ unit, minLength: 1, maxLength: 60 }), { numRuns: 60, seed: 4 });
    house.say(
      one,
      texts.map((text) => `begin ${text} end`),
    );
    for (const text of texts) {
      for (const piece of text.split(/\s+/).filter((each) => indexTerms(each).words !== '')) {
        const { results } = await house.search({ q: `begin "${piece}"`, limit: 100 });
        const shown = results.map(({ snippet }) => snippet.join('').replaceAll(' ', ''));
        expect(shown, piece).toContain(`begin${text.replace(/\s/g, '')}end`);
        // Something is marked for each of the two.
        const marked = results.filter(({ snippet }) => snippet.length >= 3);
        expect(marked).toHaveLength(results.length);
      }
    }
  });

  it('never reaches what the index keeps for itself', async () => {
    house.say(one, ['alpha']);
    for (const q of ['c1', 'pclaudecode', 'kprompt', 'marks:c1', 'kpr*'])
      expect(await house.find(q)).toEqual([]);
  });
});

it('answers before anything was read', async () => {
  expect(await house.search({ q: 'anything' })).toEqual({ results: [], cursor: null, isCapped: false });
});
