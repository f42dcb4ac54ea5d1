import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ToolCall } from '@codepiper/core/policies/call.ts';
import { decompose } from '@codepiper/core/policies/decompose.ts';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

/*
 * Random scripts are run by the real bash with programs that write down that they ran. Whatever ran must be among
 * the parts the decomposition sees, unless it says that it cannot read the script.
 */

const programs = ['pa', 'pb', 'pc', 'pd'] as const;
const cases = 250;
/** Always the same scripts: a new way to write one belongs into the grammar below. */
const seed = 20261121;

const quote = (script: string) => `'${script.replaceAll("'", `'\\''`)}'`;
const doubleQuote = (script: string) => `"${script.replace(/["\\$`]/g, '\\$&')}"`;

/** Scripts by depth: what is inside is one level lower. */
function scripts(depth: number): fc.Arbitrary<string> {
  const name = fc.constantFrom(...programs);
  const simple = fc
    .tuple(program(name), fc.array(word(depth), { maxLength: 2 }))
    .map(([first, rest]) => [first, ...rest].join(' '));
  if (depth === 0) return simple;
  const inner = scripts(depth - 1);
  const two = fc.tuple(inner, inner);
  return fc.oneof(
    { arbitrary: simple, weight: 4 },
    two.map(([a, b]) => `${a} && ${b}`),
    two.map(([a, b]) => `${a} || ${b}`),
    two.map(([a, b]) => `${a}; ${b}`),
    two.map(([a, b]) => `${a} | ${b}`),
    two.map(([a, b]) => `${a} |& ${b}`),
    two.map(([a, b]) => `${a} & ${b}; wait`),
    two.map(([a, b]) => `${a}\n# ${b}\n${b}`),
    inner.map((a) => `( ${a} )`),
    inner.map((a) => `((${a}) )`),
    inner.map((a) => `{ ${a}\n}`),
    inner.map((a) => `! ${a}`),
    inner.map((a) => `time ${a}`),
    inner.map((a) => `coproc { ${a}\n} </dev/null; wait`),
    two.map(([a, b]) => `if ${a}\nthen ${b}\nelse ${b}\nfi`),
    two.map(([a, b]) => `for v in 1 $(${a}); do ${b}\ndone`),
    inner.map((a) => `for ((i = 0; i < 2; i++)); do ${a}\ndone`),
    inner.map((a) => `while ${a}\nfalse; do :; done`),
    two.map(([a, b]) => `case $(${a}) in *) ${b}\n;; esac`),
    two.map(([a, b]) => `f() { ${a}\n}; ${b}\nf`),
    two.map(([a, b]) => `function pa { ${a}\n}\n${b}\npa x`),
    two.map(([a, b]) => `false && pb() { ${a}\n}\n${b}\npb x`),
    two.map(([a, b]) => `(pc() { ${a}\n})\n${b}\npc x`),
    two.map(([a, b]) => `pd() { ${a}\n}; command pd; env pd; unset -f pd; pd; ${b}`),
    inner.map((a) => `eval ${quote(a)}`),
    inner.map((a) => `eval eval ${doubleQuote(quote(a))}`),
    inner.map((a) => `bash -c ${quote(a)}`),
    inner.map((a) => `bash -ec ${doubleQuote(a)} x y`),
    inner.map((a) => `sh -c ${quote(a)}`),
    inner.map((a) => `env A=1 bash -c ${quote(a)}`),
    inner.map((a) => `timeout 9 sh -c ${quote(a)}`),
    inner.map((a) => `echo ${quote(a)} | sh`),
    inner.map((a) => `bash <<< ${quote(a)}`),
    inner.map((a) => `bash <<'END'\n${a}\nEND\n`),
    inner.map((a) => `cat <<END\n$(${a})\nEND\n`),
    inner.map((a) => `source <(echo ${quote(a)})`),
    inner.map((a) => `trap ${quote(a)} EXIT`),
    inner.map((a) => `S=${quote(a)}; eval "$S"`),
    inner.map((a) => `shopt -s expand_aliases\nalias pq=${quote(a)}\npq`),
    inner.map((a) => `x=${quote(`a[$(${a})]`)}; echo $((x))`),
    inner.map((a) => `x=${quote(`a[$(${a})]`)}; [[ x -eq 1 ]]`),
    inner.map((a) => `x=${quote(`a[$(${a})]`)}; echo "\${!x}"`),
    inner.map((a) => `x=${quote(`$(${a})`)}; echo "\${x@P}"`),
    inner.map((a) => `printf -v ${quote(`a[$(${a})]`)} x`),
    inner.map((a) => `let ${quote(`a[$(${a})]=1`)}`),
    inner.map((a) => `declare -a a; a[$(${a} >/dev/null; echo 1)]=2`),
    inner.map((a) => `mapfile -C ${quote(`${a} #`)} -c 1 <<< x`),
    inner.map((a) => `[[ -n $(${a}) ]]`),
    inner.map((a) => `echo x > $(${a} >/dev/null; echo out)`),
    inner.map((a) => `cat < <(${a})`),
  );
}

function program(name: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    { arbitrary: name, weight: 6 },
    name.map((n) => `'${n}'`),
    name.map((n) => `p\\${n.slice(1)}`),
    name.map((n) => `"p"${n.slice(1)}`),
    name.map((n) => `\\\n${n}`),
    name.map((n) => `P=${n}; $P`),
    name.map((n) => `$'\\x70'${n.slice(1)}`),
    name.map((n) => `{${n},x}`),
    name.map((n) => `"$BIN"/${n}`),
    name.map((n) => `./bin/${n}`),
    name.map((n) => `./bi?/${n}`),
    name.map((n) => `A=1 ${n}`),
    name.map((n) => `2>/dev/null ${n}`),
    name.map((n) => `env -u B A=2 ${n}`),
    name.map((n) => `env -- ${n}`),
    name.map((n) => `command -p -- ${n}; command ${n}`),
    name.map((n) => `nohup ${n}`),
    name.map((n) => `nice -n 1 ${n}`),
    name.map((n) => `timeout -k 1 5 ${n}`),
    name.map((n) => `stdbuf -o0 ${n}`),
    name.map((n) => `setsid -w ${n}`),
    name.map((n) => `echo a | xargs ${n}`),
    name.map((n) => `echo a | xargs -I% -n1 ${n} %`),
    name.map((n) => `echo ${n} | xargs -I% env %`),
    name.map((n) => `find . -maxdepth 0 -exec ${n} {} \\;`),
    name.map((n) => `find . -maxdepth 0 -exec ${n} {} +`),
    name.map((n) => `(exec -a z ${n}); (exec ${n})`),
    name.map((n) => `time -p ${n}`),
    name.map((n) => `flock out ${n}`),
    name.map((n) => `flock out -c ${n}`),
  );
}

function word(depth: number): fc.Arbitrary<string> {
  const plain = fc.constantFrom(
    'a',
    '"b c"',
    "'$(pd)'",
    '$V',
    '"$@"',
    '*',
    '{x,y}',
    '~/f',
    '-n',
    '\\$\\(pd\\)',
    '#x',
  );
  if (depth === 0) return plain;
  const inner = scripts(0);
  return fc.oneof(
    { arbitrary: plain, weight: 3 },
    inner.map((a) => `$(${a})`),
    inner.map((a) => `"$(${a})"`),
    inner.map((a) => `\`${a.replace(/[\\`$]/g, '\\$&')}\``),
    inner.map((a) => `<(${a})`),
    inner.map((a) => `\${V:-$(${a})}`),
    inner.map((a) => `"\${V:=$(${a})}"`),
    inner.map((a) => `\${V/$(${a})/x}`),
    inner.map((a) => `$((1 + $(${a} >/dev/null; echo 1)))`),
    inner.map((a) => `$[1 + $(${a} >/dev/null; echo 1)]`),
    inner.map((a) => `> $(${a} >/dev/null; echo out)`),
  );
}

function call(command: string): ToolCall {
  return { tool: 'Bash', kind: 'shell', input: { command }, command, files: [], url: null, mcp: null };
}

describe('a script that bash runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'codepiper-bash-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('runs no program that the decomposition does not see', () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    for (const name of programs) {
      const stub = join(bin, name);
      writeFileSync(stub, `#!/bin/sh\necho ${name} >> "$RAN"\n`);
      chmodSync(stub, 0o755);
    }
    const made = [...new Set(fc.sample(scripts(2), { numRuns: cases, seed }))];
    for (const [at, script] of made.entries()) writeFileSync(join(folder, `case${at}`), script);
    const driver = `cd "$1" || exit 1
      for ((n = 0; n < $2; n++)); do
        RAN="$1/ran$n" timeout 1 bash "case$n" </dev/null >/dev/null 2>&1
      done`;
    execFileSync('bash', ['-c', driver, 'bash', folder, String(made.length)], {
      env: { PATH: `${bin}:/usr/bin:/bin`, HOME: folder, BIN: bin },
    });
    const place = { cwd: folder, workspace: folder, home: folder, realPath: (path: string) => path };
    let seen = 0;
    const unseen: string[] = [];
    for (const [at, script] of made.entries()) {
      const log = join(folder, `ran${at}`);
      const ran = existsSync(log) ? new Set(readFileSync(log, 'utf8').trim().split('\n')) : new Set<string>();
      const { parts } = decompose(call(script), place);
      if (parts.some((part) => part.unreadable !== null)) continue;
      const known = new Set(parts.flatMap((part) => part.args.program ?? []));
      seen += ran.size;
      for (const name of ran) if (!known.has(name)) unseen.push(`${name} in:\n${script}`);
    }
    expect(unseen).toEqual([]);
    // Most scripts must be readable, or nothing was compared.
    expect(seen).toBeGreaterThan(cases / 4);
  });
});
