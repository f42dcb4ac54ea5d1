import { describe, expect, it } from 'vitest';
import { toMatch } from './match.ts';
import { parseSearch, type SearchNode } from './query.ts';

function show(node: SearchNode): string {
  if (node.type === 'phrase') {
    const { words, isPrefix, name } = node.phrase;
    return `${words.join('+')}${isPrefix ? '*' : ''}${name === null ? '' : `|${name}`}`;
  }
  const inner = node.nodes.map(show).join(node.type === 'or' ? ' or ' : ' and ');
  const without = node.type === 'and' ? node.without.map((each) => ` not ${show(each)}`).join('') : '';
  return `(${inner}${without})`;
}

describe('what somebody searches for', () => {
  it.each([
    ['word', 'word'],
    ['two  Words', '(two and words)'],
    ['"two, words"', 'two+words'],
    ['fooBar foo_bar', '(foo+bar|foobar and foo+bar|foobar)'],
    ['foo.bar src/x-y', '(foo+bar and src+x+y)'],
    ['foo_bar* wor*', '(foo+bar*|foobar and wor*)'],
    ['a -b', '(a not b)'],
    ['a -"b c" -(d e)', '(a not b+c not (d and e))'],
    ['--no-verify a--b', '(no+verify and a+b)'],
    ['a - b', '(a and b)'],
    ['a OR b c', '(a or (b and c))'],
    ['a or b', '(a and or and b)'],
    ['(a OR b) c', '((a or b) and c)'],
    ['use(state) f(x)', '(use+state and f+x)'],
    ['(f(x) OR y)', '(f+x or y)'],
    ['a) b', '(a and b)'],
    ['() a []', 'a'],
    ['foo"bar baz"', '(foo and bar+baz)'],
    ['ORder', 'o+rder|order'],
    ['日本*', '日+本*'],
  ])('%s', (text, expected) => {
    expect(show(parseSearch(text).root)).toBe(expected);
  });

  it.each([
    ['', /^"" has no word/],
    ['-> !', /has no word to look for/],
    ['x'.repeat(65), /at most 64 in a row/],
    ['-a', /character 1, "-a": there is nothing but words to do without/],
    ['a OR -b', /character 5, "-b"/],
    ['a OR', /character 3, "OR": OR has nothing to look for behind it/],
    ['OR a', /before it/],
    ['a "b', /character 3, ""b": the quote is not closed/],
    ['a (b', /character 3, "\(b": the parenthesis is not closed/],
    ['ab*', /3 letters are needed/],
    ['(((((((((a)))))))))', /may be 8 deep/],
    ['a '.repeat(65), /more than 64 words/],
    ['"\u001b[31m', /character 1, "" \[31m"/],
  ])('%j is refused', (text, message) => {
    expect(() => parseSearch(text)).toThrow(message);
  });

  it('is marked by what it asks for, not by what it does without', () => {
    const { phrases } = parseSearch('(a OR "b c") -d eff*');
    expect(phrases.map(({ words }) => words.join(' '))).toEqual(['a', 'b c', 'eff']);
  });
});

describe('the question to the index', () => {
  const ask = (text: string, endings: readonly string[] | null = ['foot', 'fork']) =>
    toMatch(parseSearch(text).root, [['c1', 'c2'], ['kprompt']], () => endings);

  it('has a column for every word', () => {
    expect(ask('a -fooBar').text).toBe(
      '(({words names} : ("a")) NOT ((words : ("foo bar") OR {words names} : ("foobar"))))' +
        ' AND marks : ("c1" OR "c2") AND marks : ("kprompt")',
    );
  });

  it('names the words a beginning has, where there are not too many', () => {
    expect(ask('"a foo"*')).toEqual({
      text: 'words : ("a foot" OR "a fork") AND marks : ("c1" OR "c2") AND marks : ("kprompt")',
      phrases: 5,
      hasRows: true,
    });
    expect(ask('foo*', [])).toMatchObject({ text: expect.stringContaining('{words names} : ("foo")') });
    expect(ask('foo*', null)).toEqual({
      text: '{words names} : "foo" * AND marks : ("c1" OR "c2") AND marks : ("kprompt")',
      phrases: Number.POSITIVE_INFINITY,
      hasRows: false,
    });
  });
});
