import { describe, expect, it } from 'vitest';
import { bypasses, harmless, toolBypasses } from './bypass.corpus.ts';
import type { CallPlace, ToolCall } from './call.ts';
import { compilePolicies } from './compile.ts';
import { decompose } from './decompose.ts';
import { judge } from './judge.ts';
import { starterPolicies, starterSets } from './starter-sets.ts';

const links: Readonly<Record<string, string>> = {
  '/home/dev/app/out': '/etc',
  '/home/dev/app/keys': '/home/dev/.ssh',
  '/home/dev/app/tool': '/usr/bin/rm',
  '/home/dev/app/src/loop': '/',
  '/home/dev/app/pkg': '/home/dev/app/src/a/b',
  '/proc/self/root': '/',
  '/proc/self/cwd': '/home/dev/app',
};

const place: CallPlace = {
  cwd: '/home/dev/app',
  workspace: '/home/dev/app',
  home: '/home/dev',
  realPath: (path) => {
    let real = '';
    for (const segment of path.split('/')) {
      if (segment === '' || segment === '.') continue;
      real = segment === '..' ? real.slice(0, Math.max(0, real.lastIndexOf('/'))) : `${real}/${segment}`;
      real = (links[real] ?? real).replace(/^\/$/, '');
    }
    return real || '/';
  },
};

const compiled = new Map(
  starterSets.map((set) => [
    set.id,
    compilePolicies(starterPolicies.filter((policy) => set.policyIds.includes(policy.id))),
  ]),
);

function verdict(set: string, call: ToolCall) {
  const policies = compiled.get(set);
  if (!policies) throw new Error(`there is no starter set ${set}`);
  return judge({
    compiled: policies,
    parts: decompose(call, place),
    call,
    session: { id: 's', name: null },
    place,
    defaultAction: 'ask',
    dangerous: false,
    now: 0,
  });
}

const bash = (command: string): ToolCall => ({
  tool: 'Bash',
  kind: 'shell',
  input: { command },
  command,
  files: [],
  url: null,
  mcp: null,
});

describe('the starter sets', () => {
  it('let none of the attempts pass', () => {
    const passed = bypasses
      .filter(({ set, command }) => verdict(set, bash(command)).action === 'allow')
      .map(({ set, command, why }) => `${set}: ${command} (${why})`);
    expect(passed).toEqual([]);
    expect(new Set(bypasses.map(({ command }) => command)).size).toBeGreaterThanOrEqual(600);
  });

  it.each(toolBypasses)('$set lets $kind $file not pass: $why', ({ set, kind, file }) => {
    const call: ToolCall = {
      tool: kind,
      kind,
      input: { file_path: file },
      command: null,
      files: [{ path: file, access: kind === 'read' ? 'read' : 'write' }],
      url: null,
      mcp: null,
    };
    expect(verdict(set, call).action).toMatch(/^(?:ask|deny)$/);
  });

  it('let ordinary commands pass', () => {
    const stopped = harmless
      .map((command) => ({ command, verdict: verdict('careful', bash(command)) }))
      .filter((judged) => judged.verdict.action !== 'allow')
      .map((judged) => `${judged.command}: ${judged.verdict.reason}`);
    expect(stopped).toEqual([]);
    expect(harmless.length).toBeGreaterThanOrEqual(60);
  });
});
