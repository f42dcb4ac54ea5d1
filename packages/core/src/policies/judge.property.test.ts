import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ToolCall } from './call.ts';
import { compilePolicies } from './compile.ts';
import { Glob, globPlace } from './glob.ts';
import type { GlobMode } from './glob-match.ts';
import { judge } from './judge.ts';
import { type CallPart, unknownText } from './parts.ts';
import type { Policy, Rule } from './policy.ts';
import type { Verdict } from './verdict.ts';

const directories = { cwd: '/w', workspace: '/w', home: '/h' };
const place = globPlace(directories);

/** What a glob means, told the slow way. No braces, no placeholders. */
function means(pattern: string, text: string, mode: GlobMode): boolean {
  if (pattern === '') return text === '';
  if (pattern.startsWith('**') && mode === 'path') {
    const rest = pattern.replace(/^\*+/u, '');
    return any(text, (at) => means(rest, text.slice(at), mode));
  }
  if (pattern.startsWith('*')) {
    const rest = mode === 'path' ? pattern.slice(1) : pattern.replace(/^\*+/u, '');
    const end = mode === 'path' && text.includes('/') ? text.indexOf('/') : text.length;
    return any(text.slice(0, end), (at) => means(rest, text.slice(at), mode));
  }
  const [char] = text;
  if (char === undefined) return false;
  const isAny = pattern.startsWith('?') && !(mode === 'path' && char === '/');
  return (isAny || pattern.startsWith(char)) && means(pattern.slice(1), text.slice(1), mode);
}

function any(text: string, holds: (at: number) => boolean): boolean {
  return Array.from({ length: text.length + 1 }, (_, at) => at).some(holds);
}

/** `**` with its slashes as whole segments, written without them: each may stand for nothing. */
function withoutSegments(pattern: string): string[] {
  const found = /(?:^|\/)\*\*+\//u.exec(pattern);
  if (!found) return [pattern];
  const head = pattern.slice(0, found.index) + (found[0].startsWith('/') ? '/' : '');
  return withoutSegments(pattern.slice(found.index + found[0].length)).flatMap((tail) => [
    head + tail,
    `${head}**/${tail}`,
  ]);
}

const patternText = fc.array(fc.constantFrom('a', 'b', '/', '*', '**', '?', '/**/', 'ab'), { maxLength: 7 });
const sampleText = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 9 });
const pieces = fc.array(fc.constantFrom('a', 'b', ' ', unknownText), { maxLength: 6 });
const globText = fc
  .array(fc.constantFrom('a', 'b', ' ', '*', '?', '[ab]', '{a,b }'), { minLength: 1, maxLength: 6 })
  .map((some) => some.join(''));
const values = fc.array(fc.constantFrom('', 'a', 'b', ' ', 'ab', '; b'), { minLength: 6, maxLength: 6 });

function known(text: string, some: readonly string[]): string {
  let at = 0;
  return text.replaceAll(unknownText, () => some[at++ % some.length] ?? '');
}

describe('globs', () => {
  test('text: the same as told the slow way', () => {
    fc.assert(
      fc.property(patternText, sampleText, (some, text) => {
        const pattern = some.join('');
        fc.pre(pattern !== '');
        expect(new Glob(pattern, 'text').match(text, place) === 'yes').toBe(means(pattern, text, 'text'));
      }),
      { numRuns: 3000 },
    );
  });

  test('path: the same as told the slow way', () => {
    fc.assert(
      fc.property(patternText, sampleText, (some, rest) => {
        const text = `/${rest}`;
        const pattern = some
          .join('')
          .replace(/\*{3,}/gu, '**')
          .replace(/(?:\/\*\*)+(?=\/\*\*)/gu, '');
        fc.pre(
          pattern !== '' &&
            !pattern.includes('**?') &&
            !/[^/]\*\*|\*\*[^/]/u.test(pattern.replace(/^\//u, '')),
        );
        const meant = withoutSegments(pattern).some((one) => {
          const isRest = one.endsWith('/**') && means(one.slice(0, -3), text, 'path');
          return isRest || means(one, text, 'path');
        });
        expect([pattern, text, new Glob(pattern, 'path').match(text, place) === 'yes']).toEqual([
          pattern,
          text,
          meant,
        ]);
      }),
      { numRuns: 5000 },
    );
  });

  test('with unknowns: yes and no hold for whatever they turn out to be', () => {
    fc.assert(
      fc.property(
        fc.array(globText, { minLength: 1, maxLength: 3 }),
        fc.array(fc.boolean()),
        pieces,
        values,
        (globs, signs, some, found) => {
          const list = globs.map((one, at) => (signs[at] ? `!${one}` : one));
          const glob = new Glob(list, 'text');
          const text = some.join('');
          const match = glob.match(text, place);
          const later = glob.match(known(text, found), place);
          if (match !== 'maybe') expect(later).toBe(match);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

const commandRule: fc.Arbitrary<Rule> = fc
  .record({
    action: fc.constantFrom('allow' as const, 'deny' as const, 'ask' as const),
    command: fc.array(
      fc.oneof(
        globText,
        globText.map((one) => `!${one}`),
      ),
      { minLength: 1, maxLength: 2 },
    ),
    hasArgs: fc.boolean(),
  })
  .map(({ action, command, hasArgs }) =>
    hasArgs ? { action, tool: 'shell', args: { command } } : { action, args: { command } },
  );

const policies: fc.Arbitrary<Policy[]> = fc
  .array(
    fc.record({
      rules: fc.array(commandRule, { minLength: 1, maxLength: 4 }),
      priority: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 4 },
  )
  .map((list) =>
    list.map(({ rules, priority }, at) => ({
      id: `p${at}`,
      name: `p${at}`,
      description: null,
      enabled: true,
      priority,
      scope: 'global',
      sessionId: null,
      rules,
      source: 'user',
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      expiresAt: null,
    })),
  );

const defaults = fc.constantFrom('ask' as const, 'deny' as const, 'agent' as const);
const commandText = fc.string({ unit: fc.constantFrom('a', 'b', ' '), minLength: 1, maxLength: 5 });
const call: ToolCall = {
  tool: 'Bash',
  kind: 'shell',
  input: {},
  command: '',
  files: [],
  url: null,
  mcp: null,
};

function decide(
  list: readonly Policy[],
  commands: readonly string[],
  defaultAction: 'ask' | 'deny' | 'agent',
): Verdict {
  const parts = commands.map(
    (command): CallPart => ({
      kind: 'shell',
      text: command,
      args: { command: [command] },
      isImplied: false,
      unreadable: null,
    }),
  );
  return judge({
    compiled: compilePolicies(list),
    parts: { parts, whole: null },
    call,
    session: { id: 's', name: null },
    place: directories,
    defaultAction,
    dangerous: false,
    now: 0,
  });
}

const strictness = ['allow', 'agent', 'ask', 'deny'];
const rank = (verdict: Verdict) => strictness.indexOf(verdict.action);

describe('the judge', () => {
  test('never permits a compound more than its worst part, nor less', () => {
    fc.assert(
      fc.property(
        policies,
        fc.array(commandText, { minLength: 1, maxLength: 5 }),
        defaults,
        (list, commands, action) => {
          const worst = Math.max(...commands.map((command) => rank(decide(list, [command], action))));
          expect(rank(decide(list, commands, action))).toBe(worst);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('goes by the first rule in order that matches', () => {
    fc.assert(
      fc.property(policies, commandText, (list, command) => {
        const rules = [...list]
          .sort((one, other) => other.priority - one.priority || one.id.localeCompare(other.id))
          .flatMap((policy) => policy.rules);
        const first = rules.find(
          (rule) => new Glob(rule.args?.command ?? '*', 'text').match(command, place) === 'yes',
        );
        expect(decide(list, [command], 'ask').action).toBe(first?.action ?? 'ask');
      }),
      { numRuns: 1000 },
    );
  });

  test('what it allows with unknowns it allows whatever they turn out to be', () => {
    fc.assert(
      fc.property(policies, pieces, values, (list, some, found) => {
        const text = some.join('') || 'a';
        if (decide(list, [text], 'ask').action !== 'allow') return;
        expect(decide(list, [known(text, found)], 'ask').action).toBe('allow');
      }),
      { numRuns: 3000 },
    );
  });

  test('the order policies are given in does not matter', () => {
    fc.assert(
      fc.property(policies, commandText, (list, command) => {
        expect(decide([...list].reverse(), [command], 'ask')).toEqual(decide(list, [command], 'ask'));
      }),
    );
  });
});
