import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tomlInline, tomlString, trustLevels } from './toml.ts';

/** Reads a basic string by TOML's own rules, apart from the code under test. */
function readBasicString(source: string): string {
  expect(source).toMatch(/^"(?:[^"\\\p{Cc}]|\\(?:["\\bfnrt]|u[0-9a-fA-F]{4}))*"$/u);
  const short: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
  return source
    .slice(1, -1)
    .replace(/\\(u([0-9a-fA-F]{4})|.)/g, (_all, mark: string, code: string | undefined) =>
      code ? String.fromCharCode(Number.parseInt(code, 16)) : (short[mark] ?? mark),
    );
}

const anyText = fc.string({ unit: 'binary' }).filter((text) => !/[\u0080-\u009f]/.test(text));

describe('tomlString', () => {
  test('reads back as the same text, on one line, for every text', () => {
    fc.assert(fc.property(anyText, (text) => readBasicString(tomlString(text)) === text));
  });

  test('keeps a quote or a backslash of a path inside its string', () => {
    expect(tomlInline({ projects: { '/a"b\\c': { trust_level: 'trusted' } } })).toBe(
      '{projects={"/a\\"b\\\\c"={trust_level="trusted"}}}',
    );
  });
});

describe('trustLevels', () => {
  test('finds every path that is written as Codex writes it', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 5 }), (names) => {
        const paths = names.map((name) => `/${name}`);
        const config = paths
          .map((path) => `[projects.${tomlString(path)}]\ntrust_level = "trusted"\n`)
          .join('\n');
        const levels = trustLevels(`model = "x"\n${config}[tui]\ntrust_level = "no"\n`);
        expect([...levels.keys()].sort()).toEqual([...new Set(paths)].sort());
      }),
    );
  });

  test.each([
    ['a table', '[projects."/a"]\ntrust_level = "trusted"'],
    ['a literal key', "[projects.'/a']\n  trust_level='trusted' # yes"],
    ['other keys before it', '[projects."/a"]\nnote = "x"\ntrust_level = "trusted"'],
    ['an inline table', '[projects]\n"/a" = { trust_level = "trusted" }'],
    ['dotted keys', 'projects."/a".trust_level = "trusted"\n[tui]\nx = 1'],
    ['spaces and CRLF', '[ projects . "/a" ]\r\ntrust_level   =   "trusted"\r\n'],
  ])('reads %s', (_case, config) => {
    expect(Object.fromEntries(trustLevels(config))).toEqual({ '/a': 'trusted' });
  });

  test.each([
    ['a comment', '# [projects."/a"]\n# trust_level = "trusted"'],
    ['a multi-line string', 'notes = """\n[projects."/a"]\ntrust_level = "trusted"\n"""'],
    ['another table', '[other."/a"]\ntrust_level = "trusted"'],
    ['broken text', '[projects."/a\ntrust_level = "trusted"'],
    ['nothing', ''],
  ])('finds nothing in %s', (_case, config) => {
    expect(trustLevels(config).size).toBe(0);
  });
});
