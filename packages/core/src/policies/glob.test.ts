import { describe, expect, test } from 'vitest';
import { escapeGlob, Glob, globPlace, globProblem } from './glob.ts';
import { unknownText as U } from './parts.ts';

const place = globPlace({ cwd: '/w/sub', workspace: '/w', home: '/home/me' });
const text = (pattern: string | string[], value: string) => new Glob(pattern, 'text').match(value, place);
const path = (pattern: string | string[], value: string) => new Glob(pattern, 'path').match(value, place);

describe('a glob for text', () => {
  test.each([
    ['ls', 'ls', 'yes'],
    ['ls', 'ls -a', 'no'],
    ['ls *', 'ls a/b\nc', 'yes'],
    ['ls *', 'ls', 'no'],
    ['*rm*', 'x rm', 'yes'],
    ['git {push,pull}*', 'git pull', 'yes'],
    ['git {push,pull{,-all}}', 'git pull-all', 'yes'],
    ['a{b}c', 'a{b}c', 'yes'],
    ['?', '😀', 'yes'],
    ['[a-c]x', 'bx', 'yes'],
    ['[!a-c]x', 'bx', 'no'],
    ['[]]', ']', 'yes'],
    ['\\*', '*', 'yes'],
    ['\\*', 'x', 'no'],
    [`rm \${workspace}/*`, 'rm /w/x', 'yes'],
    [`\\\${workspace}`, `\${workspace}`, 'yes'],
    ['Git *', 'git x', 'no'],
  ])('%s of %s: %s', (pattern, value, match) => {
    expect(text(pattern, value)).toBe(match);
  });

  test('negatives win, and alone leave the rest', () => {
    expect(text(['git *', '!git push*'], 'git pull')).toBe('yes');
    expect(text(['git *', '!git push*'], 'git push')).toBe('no');
    expect(text('!git push*', 'make')).toBe('yes');
    expect(text(['!git push*'], 'git push')).toBe('no');
  });

  test('an unknown is covered by a star only', () => {
    expect(text('rm *', `rm ${U}`)).toBe('yes');
    expect(text('rm ?', `rm ${U}`)).toBe('maybe');
    expect(text('rm [!a]', `rm ${U}`)).toBe('maybe');
    expect(text('rm -rf *', `rm ${U} x`)).toBe('maybe');
    expect(text('rm *', `ls ${U}`)).toBe('no');
    expect(text('* x', `rm ${U}y`)).toBe('no');
    expect(text(['*', '!*secret*'], `cat ${U}`)).toBe('maybe');
    expect(text(['*', '!*secret*'], `cat secret ${U}`)).toBe('no');
  });
});

describe('a glob for paths', () => {
  test.each([
    ['/w/*', '/w/a', 'yes'],
    ['/w/*', '/w/a/b', 'no'],
    ['/w/**', '/w/a/b', 'yes'],
    ['/w/**', '/w', 'yes'],
    ['/w/**', '/w2/a', 'no'],
    ['**/.env', '/w/a/.env', 'yes'],
    ['**/.env', '/w/a.env', 'no'],
    ['/w/**/x', '/w/x', 'yes'],
    ['/w/**/x', '/w/a/b/x', 'yes'],
    ['/w/**/x', '/w/ax', 'no'],
    ['**/a*b/c', '/ab/a/axb/c', 'yes'],
    [`\${workspace}/**`, '/w/x', 'yes'],
    [`\${cwd}/*`, '/w/sub/x', 'yes'],
    ['~/.ssh/**', '/home/me/.ssh/id', 'yes'],
    ['\\~/x', '/home/me/x', 'no'],
    ['/w/?', '/w//', 'no'],
    ['/w[/]x', '/w/x', 'no'],
    ['**', '/', 'yes'],
    ['**', U, 'yes'],
    ['/w/**', U, 'maybe'],
    ['/w/**', `/w/${U}.ts`, 'yes'],
    ['/w/*', `/w/${U}`, 'maybe'],
    ['/v/**', `/w/${U}`, 'no'],
    ['**/*.pem', `/w/${U}.ts`, 'no'],
  ])('%s of %s: %s', (pattern, value, match) => {
    expect(path(pattern, value)).toBe(match);
  });

  test('directories stand for themselves, whatever characters they have', () => {
    const odd = globPlace({ cwd: '/', workspace: '/a*[b]{c,d}', home: '/' });
    const glob = new Glob(`\${workspace}/**`, 'path');
    expect(glob.match('/a*[b]{c,d}/x', odd)).toBe('yes');
    expect(glob.match('/aXb{c,d}/x', odd)).toBe('no');
    expect(glob.match('/w/x', place)).toBe('yes');
    expect(new Glob(`\${cwd}/**`, 'path').match('/etc', odd)).toBe('yes');
  });
});

describe('what is wrong with a pattern', () => {
  test.each([
    ['[a', 'a [ without its ]'],
    ['{a,b', 'a { without its }'],
    ['a\\', 'escapes nothing'],
    ['!', 'nothing after its !'],
    ['[z-a]', 'runs backwards'],
    ['[[:alpha:]]', 'a-zA-Z'],
    [`\${workdir}/x`, `\${workspace}, \${cwd}, \${home}, \${tmp}`],
    [`a${U}`, 'U+F8FF'],
    ['{a,b}'.repeat(9), 'more than 500'],
    ['{a,b}'.repeat(400), 'more than 500'],
  ])('%s', (pattern, message) => {
    expect(globProblem(pattern)).toContain(message);
  });

  test('nothing is wrong with ordinary ones', () => {
    const ordinary = ['ls *', '!x', `\${workspace}/**`, '{a,b}{c,d}', 'find {} ;', '$HOME', '[]a]', '[!]]'];
    expect(ordinary.map(globProblem)).toEqual(ordinary.map(() => null));
  });

  test('escaped text matches itself and nothing else', () => {
    for (const value of ['a*b', '!x', '~/x', '[a]{b,c}?', `\${home}`, 'a\\b']) {
      expect(text(escapeGlob(value), value)).toBe('yes');
      expect(path(escapeGlob(value), value)).toBe('yes');
      expect(text(escapeGlob(value), `${value}x`)).toBe('no');
    }
  });
});

test('a pattern covers another when it takes all of it', () => {
  const covers = (wide: string | string[], narrow: string | string[], mode: 'text' | 'path' = 'text') =>
    new Glob(wide, mode).covers(new Glob(narrow, mode));
  expect(covers('git *', 'git push*')).toBe(true);
  expect(covers('git push*', 'git *')).toBe(false);
  expect(covers('*', '!x')).toBe(true);
  expect(covers(['*', '!x'], 'y')).toBe(false);
  expect(covers(`\${workspace}/**`, `\${workspace}/src/*.ts`, 'path')).toBe(true);
  expect(covers(`\${workspace}/*`, `\${workspace}/**`, 'path')).toBe(false);
  expect(covers(`\${home}/**`, `\${workspace}/x`, 'path')).toBe(false);
  expect(covers('/a/*', '/a/?', 'path')).toBe(true);
});
