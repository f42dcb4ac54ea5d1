import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Usage } from '../../analytics/analytics.ts';
import { type Conversation, type Entry, entrySchema, type Turn } from '../conversation.ts';
import { entryKinds } from '../transcript.ts';
import {
  type ExportedEntry,
  type ExportHead,
  type ExportPlace,
  type ExportRenderer,
  placeOf,
  visible,
} from './document.ts';
import { htmlStyle } from './html-style.ts';
import { exportRenderers } from './renderers.ts';

const aConversation: Conversation = {
  id: 1,
  provider: 'claude-code',
  conversationId: '7e1c',
  sessionIds: ['3fa2b1c0'],
  cwd: '/home/ada/app',
  title: 'Mend the parser',
  branch: 'main',
  version: '2.1.329',
  forkedFrom: null,
  parent: null,
  startedAt: '2026-11-21T10:00:00.000Z',
  lastAt: '2026-11-21T11:00:00.000Z',
};

function anEntry(over: Partial<Entry> = {}): Entry {
  const text = over.text ?? 'hello';
  return {
    id: 1,
    conversation: 1,
    kind: 'prompt',
    at: '2026-11-21T10:00:01.000Z',
    agentId: null,
    turn: 1,
    callId: null,
    tool: null,
    outcome: null,
    durationMs: null,
    isError: false,
    path: null,
    text,
    length: text.length,
    ...over,
  };
}

const aTurn = (number: number): Turn => ({
  conversation: 1,
  agentId: null,
  number,
  turnId: null,
  phase: 'interrupted',
  startedAt: '2026-11-21T10:00:00.000Z',
  endedAt: '2026-11-21T10:01:01.000Z',
  durationMs: 61_000,
});

const usage: Usage = {
  responses: 2,
  input: 1234567,
  output: 20,
  cacheRead: 30,
  cacheWrite5m: 4,
  cacheWrite1h: 5,
  reasoning: 6,
  total: 1234626,
  cacheHitRate: 0.1,
  cost: { usd: 1.5, isComplete: false, unknownModels: ['x'], unknownTokens: 7000 },
};

function render(
  renderer: ExportRenderer,
  entries: readonly Entry[],
  {
    head = {},
    conversation = aConversation,
  }: { head?: Partial<ExportHead>; conversation?: Conversation } = {},
): string {
  let text = renderer.head({
    exportedAt: '2026-11-21T12:00:00.000Z',
    redacted: false,
    session: { id: '3fa2b1c0', name: 'review' },
    conversations: [conversation],
    ...head,
  });
  let before: ExportPlace | null = null;
  for (const entry of entries) {
    const turn = entry.turn === null || entry.agentId !== null ? null : aTurn(entry.turn);
    const exported: ExportedEntry = { entry, conversation, turn };
    text += renderer.entry(exported, before);
    before = placeOf(exported, before);
  }
  return (
    text +
    renderer.tail({ entries: entries.length, usage: { models: [{ model: 'opus', ...usage }], total: usage } })
  );
}

const { markdown, json, html } = exportRenderers;

const conversation = [
  anEntry({ id: 1, text: 'Mend **it**' }),
  anEntry({ id: 2, kind: 'thinking', text: 'Where is it?' }),
  anEntry({
    ...{ id: 3, kind: 'tool_call', tool: 'Bash', callId: 'c1', text: 'make test', path: 'a_b.ts' },
    ...{ outcome: 'error', durationMs: 1500 },
  }),
  anEntry({ id: 4, kind: 'tool_result', tool: 'Bash', callId: 'c1', text: 'no rule', isError: true }),
  anEntry({ id: 5, kind: 'answer', text: 'Look in the sub-agent', agentId: 'a1' }),
  anEntry({ id: 6, kind: 'answer', text: 'Done', turn: 2 }),
];

describe('markdown', () => {
  it('quotes what was said, fences what tools did', () => {
    expect(render(markdown, conversation)).toBe(`# review

Exported 2026-11-21 12:00:00 UTC. Session 3fa2b1c0.

- Agent: claude-code 2.1.329
- Conversation: 7e1c
- Session: 3fa2b1c0
- Directory: /home/ada/app
- Branch: main
- Started: 2026-11-21 10:00:00 UTC
- Last entry: 2026-11-21 11:00:00 UTC

## Mend the parser

### Turn 1 · 2026-11-21 10:00:00 UTC · 1 min 1 s · interrupted

#### Prompt · 2026-11-21 10:00:01 UTC

> Mend **it**

#### Thinking · 2026-11-21 10:00:01 UTC

> Where is it?

#### Tool: Bash · failed · 1.5 s · 2026-11-21 10:00:01 UTC

File: a\\_b.ts

\`\`\`text
make test
\`\`\`

#### Error of Bash · 2026-11-21 10:00:01 UTC

\`\`\`text
no rule
\`\`\`

#### Answer · sub-agent a1 · 2026-11-21 10:00:01 UTC

> Look in the sub-agent

### Turn 2 · 2026-11-21 10:00:00 UTC · 1 min 1 s · interrupted

#### Answer · 2026-11-21 10:00:01 UTC

> Done

## Total

6 entries.

| Model | Responses | Input | Output | Cache read | Cache write | Reasoning | Cost |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| opus | 2 | 1,234,567 | 20 | 30 | 9 | 6 | \\$1.50 and 7,000 tokens of unknown price |
| All | 2 | 1,234,567 | 20 | 30 | 9 | 6 | \\$1.50 and 7,000 tokens of unknown price |
`);
  });

  it.each(['<img src=x>', 'a </details>', '![x](http://x)', '[a]: http://x', 'x\n<!-- '])(
    'fences %j',
    (text) => {
      expect(render(markdown, [anEntry({ kind: 'answer', text })])).toContain(
        `\n\`\`\`text\n${text}\n\`\`\`\n`,
      );
    },
  );
});

describe('json', () => {
  it('has nothing that a terminal obeys, and says the same', () => {
    const text = 'a\u001b[2J\u009b5m \u202egnp\u2028\u007f';
    const document = render(json, [anEntry({ text })]);
    expect(document.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028-\u202e]/u);
    expect(JSON.parse(document)).toMatchObject({ entries: [{ text }] });
  });
});

describe('html', () => {
  it('allows its own style and nothing else', () => {
    const page = render(html, conversation);
    expect(page).toMatch(
      /content="default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'">/,
    );
    expect(page).toContain(`<style>${htmlStyle}</style>`);
    expect(htmlStyle).not.toMatch(/url\(|@import|</);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|style=|\bsrc=|href="(?!#)/);
  });

  it('gives every entry an address, leads from results to calls, folds thinking', () => {
    const page = render(html, conversation);
    for (const { id } of conversation) expect(page).toContain(`<article id="e${id}" `);
    expect(page).toContain('<a id="c1-c1">');
    expect(page).toContain('<a href="#c1-c1">');
    expect(page).toMatch(/class="thinking">.*<details><summary>Show<\/summary>\n<div[^>]*>Where is it\?/s);
    expect(page).toContain('class="tool_call failed"');
    expect(page).toContain('class="answer sub"');
    expect(page).toContain('<td>1,234,567</td>');
  });

  it('folds long results with what they hold', () => {
    const text = Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n');
    expect(render(html, [anEntry({ kind: 'tool_result', text })])).toContain('<summary>100 lines</summary>');
  });
});

const nasty = fc.constantFrom(
  ...[
    '```',
    '~~~~',
    '````text',
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    '</script>',
    '<script>alert(1)</script>',
    '<!--',
    '-->',
  ],
  ...[
    '<img src=x onerror=alert(1)>',
    '</div></article>',
    '</details>',
    '</style>',
    '</title>',
    '<![CDATA[',
    '&lt;',
  ],
  ...[
    '\u001b[31m',
    '\u001b]8;;http://x\u0007',
    '\0',
    '\ud800',
    '\udfff',
    '\u202e',
    '\u2066',
    '\u2028',
    '\u0085',
  ],
  ...[
    '> ',
    '# Title',
    '#### Prompt · ',
    '---',
    '===',
    '- ',
    '1. ',
    '    ',
    '\t',
    '| a | b |',
    '[a]: http://x',
    '![a](b)',
  ],
  ...['"', "'", '`', '\\', '&', '"onmouseover="x', ']}', '},{', '\u{1f600}', '\ufeff', '\uffff', 'Ω'],
);
const text = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .array(fc.oneof(nasty, fc.string({ maxLength: 5, unit: 'binary' })), { maxLength: 12 })
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }) },
);
const maybe = fc.option(text, { nil: null });
const entries = fc
  .array(
    fc.record({
      kind: fc.constantFrom(...entryKinds),
      ...{ text, path: maybe, tool: maybe, callId: maybe, agentId: maybe },
      outcome: fc.constantFrom('ok' as const, 'denied' as const, null),
      isError: fc.boolean(),
      turn: fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
    }),
    { maxLength: 6 },
  )
  .map((parts) => parts.map((part, i) => anEntry({ ...part, id: i + 1, length: part.text.length })));
const hostile = fc.record({ entries, title: maybe, cwd: maybe, name: maybe });

/** Reads a document with hostile texts, names and places back. */
function renderHostile(renderer: ExportRenderer, { entries: all, title, cwd, name }: Hostile): string {
  return render(renderer, all, {
    head: { session: { id: '3fa2b1c0', name } },
    conversation: { ...aConversation, title, cwd },
  });
}
type Hostile = typeof hostile extends fc.Arbitrary<infer Value> ? Value : never;

describe('whatever is in the texts', () => {
  it('json has the same entries', () => {
    fc.assert(
      fc.property(hostile, (given) => {
        const read = JSON.parse(renderHostile(json, given)) as {
          entries: Entry[];
          conversations: Conversation[];
        };
        expect(read.entries).toEqual(given.entries);
        expect(read.entries.every((entry) => entrySchema.safeParse(entry).success)).toBe(true);
        expect(read.conversations).toEqual([{ ...aConversation, title: given.title, cwd: given.cwd }]);
        expect(read).toMatchObject({ count: given.entries.length, usage: { total: usage } });
      }),
    );
  });

  it('markdown keeps its structure, and every text is in its place', () => {
    fc.assert(
      fc.property(hostile, (given) => {
        const bodies = readMarkdown(renderHostile(markdown, given));
        expect(bodies).toEqual(given.entries.map((entry) => visible(entry.text)));
      }),
      { numRuns: 300 },
    );
  });

  it('html keeps its structure, and every text is in its place', () => {
    fc.assert(
      fc.property(hostile, (given) => {
        const bodies = readHtml(renderHostile(html, given));
        expect(bodies).toEqual(given.entries.map((entry) => visible(entry.text)));
      }),
      { numRuns: 300 },
    );
  });

  it('nothing steers a terminal or turns the direction of writing', () => {
    fc.assert(
      fc.property(hostile, (given) => {
        for (const renderer of [markdown, html]) {
          const document = renderHostile(renderer, given);
          expect(document.isWellFormed()).toBe(true);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
          expect(document).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
        }
      }),
    );
  });

  it('takes time in proportion to the text', () => {
    for (const piece of ['`', '<', '[', '](', '\n', ' \n', '&', '> ', '\ud800', '![', '\n[']) {
      const all = [
        anEntry({ text: piece.repeat(500_000) }),
        anEntry({ kind: 'tool_result', text: piece.repeat(500_000) }),
      ];
      for (const renderer of [markdown, json, html])
        expect(render(renderer, all).length).toBeGreaterThan(500_000);
    }
  });
});

/** The body of each entry of a Markdown document, by the rules for quotes and fences alone; fails on anything else. */
function readMarkdown(document: string): string[] {
  const lines = document.split('\n');
  const bodies: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const fence = /^(`{3,})text$/.exec(line)?.[1];
    if (fence !== undefined) {
      // A fence is closed by one that is at least as long.
      const end = lines.findIndex(
        (other, i) =>
          i > at &&
          /^ {0,3}(`+)[ \t]*$/.exec(other)?.[1] !== undefined &&
          other.trim().length >= fence.length,
      );
      expect(end).toBeGreaterThan(at);
      bodies[bodies.length - 1] = lines.slice(at + 1, end).join('\n');
      at = end;
    } else if (line.startsWith('>')) {
      let end = at;
      while (lines[end]?.startsWith('>')) end++;
      expect(lines[end]).toBe('');
      bodies[bodies.length - 1] = lines
        .slice(at, end)
        .map((quoted) => quoted.replace(/^> ?/, ''))
        .join('\n');
      at = end;
    } else if (line.startsWith('#### ')) bodies.push('');
    else
      expect(line).toMatch(
        /^(?:|#{1,3} .*|- [A-Z][a-z ]+: .*|File: .*|# |## |Exported .*|\d+ entr(?:y|ies)\.|\|.*\|)$/,
      );
    // In a line of ours every sign that means something is escaped.
    if (/^(?:#|- |File)/.test(line))
      expect(line.replace(/^#+ /, '').replaceAll(/\\./gu, '')).not.toMatch(/[<>`[\]*_|!]/);
  }
  return bodies;
}

const known =
  /<(?:!doctype html|\/?(?:html|head|body|main|footer|title|style|h[1-4]|small|dl|dt|dd|p|div|a|article|details|summary|table|tr|td|th)|html lang="en"|meta [^<>]*|article id="e\d+" class="[a-z_ ]+"|a (?:id|href)="#?[\w.~!*()%-]+"|div class="text" dir="auto")>/g;

/** The text of each entry of a page; fails on a tag that is none of ours, and on one that is not closed. */
function readHtml(page: string): string[] {
  const open: string[] = [];
  const bodies: string[] = [];
  let last = 0;
  for (const tag of page.matchAll(known)) {
    const between = page.slice(last, tag.index);
    if (open.at(-1) !== 'style') expect(between).not.toMatch(/[<>]/);
    if (open.at(-1) === 'div') bodies[bodies.length - 1] += unescaped(between);
    last = tag.index + tag[0].length;
    const name = /^<\/?!?([a-z0-9]+)/.exec(tag[0])?.[1] ?? '';
    if (tag[0].startsWith('</')) expect(open.pop()).toBe(name);
    else if (name !== 'doctype' && name !== 'meta') open.push(name);
    if (tag[0].startsWith('<article')) bodies.push('');
  }
  expect(page.slice(last)).toBe('\n');
  expect(open).toEqual([]);
  return bodies;
}

function unescaped(text: string): string {
  const signs: Record<string, string> = {
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#39;': "'",
    '&amp;': '&',
  };
  return text.replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (found) => signs[found] ?? found);
}
