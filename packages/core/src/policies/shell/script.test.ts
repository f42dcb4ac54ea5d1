// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is written here is for a shell to expand
import { describe, expect, it } from 'vitest';
import type { CallPlace } from '../call.ts';
import { unknownText } from '../parts.ts';
import { shellParts } from './script.ts';

const place: CallPlace = {
  cwd: '/ws',
  workspace: '/ws',
  home: '/home/dev',
  realPath: (path) => {
    const real: string[] = [];
    for (const segment of path.split('/')) {
      if (segment === '..') real.pop();
      else if (segment !== '' && segment !== '.') real.push(segment);
    }
    return `/${real.join('/')}`.replace(/^\/ws\/tool$/, '/usr/bin/rm');
  },
};

/** Each part in a line: `!` when nobody may allow it, `~` when it is implied; `?` for what is unknown. */
function read(command: string): string[] {
  return shellParts(command, place).map(({ kind, args, isImplied, unreadable }) => {
    const what = kind === 'shell' ? args.command?.[0] : `${kind} ${args.path?.join(' ')}`;
    return `${unreadable ? '! ' : ''}${isImplied ? '~ ' : ''}${what}`.replaceAll(unknownText, '?');
  });
}

describe('shellParts', () => {
  it.each<[string, string[]]>([
    ['git push  "origin" m\\ain', ['git push origin main']],
    ['a && b || c; d | e & f', ['a', 'b', 'c', 'd', 'e', 'f']],
    ['(a; { b; }); if c; then d; elif e; then f; else g; fi', ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
    [
      'while a; do b; done; until c; do d; done; case x in x) e;; *) f;; esac',
      ['a', 'b', 'c', 'd', 'e', 'f'],
    ],
    ['f() { a "$1"; }; f x', ['a ?']],
    ['false && f() { a; }; f', ['false', 'a', 'f']],
    ['f() { a; }; unset -f f; f', ['a', 'unset -f f', 'f']],
    ['a "$(b `c`)" <(d) ${x:-$(e)}', ['c', 'b ?', 'd', 'e', 'a ? ? ?']],
    ['a <<E\n$(b)\nE', ['b', 'a']],
    ["a <<'E'\n$(b)\nE", ['a']],
    ["bash <<'E'\nb\nE", ['bash', 'b']],
    ['FOO=1 LANG=C a', ['env FOO=1', 'a']],
    ['dir=x; a $dir', ['a ?']],
    ['export PATH=/x:$PATH', ['export PATH=/x:?', 'env PATH=/x:?']],
    ['alias a=b; a', ['alias a=b', '! a']],
    ['$x y', ['! ? y']],
    ['a "', ['! a "', 'a ']],
    ['a | ! b', ['! a | ! b', 'a']],
  ])('takes %j apart', (command, expected) => {
    expect(read(command)).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['a > x 2>&1 < ../y', ['write /ws/x', 'read /y', 'a']],
    ['a &> /dev/null 2> /dev/stderr >&3', ['a']],
    ['a > "$x"', ['write ?', 'a']],
    ['rm -rf ~/x', ['rm -rf /home/dev/x', '~ write /home/dev/x']],
    ['cp -r a b ../c', ['cp -r a b ../c', '~ read /ws/a', '~ read /ws/b', '~ write /c']],
    ['dd if=a of=/b', ['dd if=a of=/b', '~ read /ws/a', '~ write /b']],
    ['sed -i s/a/b/ f', ['sed -i s/a/b/ f', '~ write /ws/f']],
    ['sed -n 5p f', ['sed -n 5p f', '~ read /ws/f']],
    ['grep -e x f', ['grep -e x f', '~ read /ws/f']],
    ['grep x f', ['grep x f', '~ read /ws/f']],
    ['sort -uo/x f', ['sort -uo/x f', '~ write /x', '~ read /ws/f']],
    ['tar xzf a.tgz -C /x', ['tar xzf a.tgz -C /x', '~ read /ws/a.tgz', '~ write /x']],
    [
      'ln -s /etc/passwd x',
      ['ln -s /etc/passwd x', '~ read /etc/passwd', '~ write /etc/passwd', '~ write /ws/x'],
    ],
    [
      'ln -s ../y /z/l',
      ['ln -s ../y /z/l', '~ read /y', '~ write /y', '~ write /z/l', '~ write /z/y', '~ write /y'],
    ],
    ['cat *.md', ['cat ?.md', '~ read /ws/?.md']],
    ['cat */x', ['cat ?/x', '~ read ?']],
    ['cat .?/x', ['cat .?/x', '~ read ?']],
    ['cat src/{a,../../b}', ['cat src/?', '~ read ?']],
  ])('knows the files of %j', (command, expected) => {
    expect(read(command)).toEqual(expected);
  });

  it('keeps every directory a relative path may start from', () => {
    expect(read('cd sub && touch x')).toEqual(['cd sub', 'touch x', '~ write /ws/x /ws/sub/x']);
    expect(read('cd $d; touch x').at(-1)).toBe('~ write /ws/x ?');
    expect(read('f() { touch x; }; cd /etc; f')[1]).toBe('~ write /ws/x /etc/x');
    expect(read('while a; do touch x; cd ..; done')).toContain('~ write /ws/x /x');
    expect(read('while a; do touch x; cd sub; done').find((part) => part.includes('write'))).toMatch(/\?$/);
  });

  it.each<[string, string[]]>([
    ['sudo -u root -- a b', ['sudo -u root -- a b', 'a b']],
    [
      'env -i A=1 timeout -k 1 5 nice -n 3 a',
      ['env -i A=1 timeout -k 1 5 nice -n 3 a', 'env A=1', 'timeout -k 1 5 nice -n 3 a', 'nice -n 3 a', 'a'],
    ],
    ['b | xargs -n1 a -x', ['b', 'xargs -n1 a -x', 'a -x ?']],
    ['xargs -I{} a {}/x', ['xargs -I{} a {}/x', 'a ?/x']],
    ['find . -exec a {} \\; -exec b +', ['! find . -exec a {} ; -exec b +', '~ read /ws', 'a ?']],
    ["bash -lc 'a; b'", ['bash -lc a; b', 'a', 'b']],
    ['eval "a;" b', ['eval a; b', 'a', 'b']],
    ["trap 'a' EXIT", ['trap a EXIT', 'a']],
    ['command -v a', ['command -v a']],
    ['busybox sh -c a', ['busybox sh -c a', 'sh -c a', 'a']],
    ['git rebase -i --exec "a b"', ['git rebase -i --exec a b', 'a b']],
    ['bash -c "$x"', ['! bash -c ?']],
    ['a | sh', ['a', '! sh']],
    ['sudo --what a', ['! sudo --what a']],
  ])('sees what %j runs', (command, expected) => {
    expect(read(command)).toEqual(expected);
  });

  it.each([
    'git -c core.pager=x log',
    'git --exec-path=/x log',
    'awk \'BEGIN { system("x") }\'',
    "sed 's/a/b/e' f",
    "sed 'w /x' f",
    'rg --pre x y',
    'find . $x',
    'tar -xf a --to-com=x',
    'echo ${!x}',
    'echo ${x@P}',
    "x='a[$(b)]'; echo $((x))",
    "test -v 'a[$(b)]'",
    'ls *(e:x:)',
    '=ls',
    'l\u0455',
    'ls\r\n',
    'BASH_ALIASES[x]=y',
    "sh -c '[[ a && b ]]'",
    'sh -c "echo \\$\'x\'"',
  ])('lets no rule allow %j', (command) => {
    expect(shellParts(command, place).some((part) => part.unreadable !== null)).toBe(true);
  });

  it.each([
    "awk '{ print $1 }' f",
    "sed -e 's/a/b/g' -e '/x/d' f",
    'git -c user.name=x log',
    'for i in 1 2; do echo $((i + 1)); done',
    'for ((i = 0; i < 3; i++)); do echo $i; done',
    'ls @(a|b)',
    'echo "${x%.ts}" ${#x} "${a[@]}"',
    'find . -name "*.ts"',
    'bash script.sh',
  ])('can have %j allowed', (command) => {
    expect(shellParts(command, place).filter((part) => part.unreadable !== null)).toEqual([]);
  });

  it('tells a program of the system from one that only has its name', () => {
    const program = (command: string) => shellParts(command, place)[0]?.args.program;
    expect(program('ls')).toEqual(['ls']);
    expect(program('/bin/ls')).toEqual(['ls']);
    expect(program('./ls')).toEqual(['ls', '/ws/ls']);
    expect(program('./tool')).toEqual(['tool', '/usr/bin/rm', 'rm']);
    expect(program('/bin/../tmp/ls')).toEqual(['ls', '/tmp/ls']);
  });

  it('shows rules a command without its folder and the options before its verb', () => {
    const command = (text: string) => shellParts(text, place)[0]?.args.command;
    expect(command('/bin/rm x')).toEqual(['/bin/rm x', 'rm x']);
    expect(command('git -C a --no-pager push')).toEqual(['git -C a --no-pager push', 'git push']);
  });
});
