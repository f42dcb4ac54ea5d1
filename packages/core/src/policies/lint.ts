import type { ToolKind } from './call.ts';
import { canonicalJson } from './canonical.ts';
import { modeOf, sortPolicies } from './compile.ts';
import { Glob, globPlace } from './glob.ts';
import type { LintFinding } from './policy.endpoints.ts';
import type { Pattern, Policy, Rule } from './policy.ts';
import { toolKinds } from './tool-kinds.ts';

interface Entry {
  policy: Policy;
  rule: Rule;
  index: number;
}

/**
 * What is wrong with rules: those that can never speak, those that contradict each other, those that allow too much.
 * Cautious: what it reports is so, but it does not see everything.
 */
export function lintPolicies(policies: readonly Policy[]): LintFinding[] {
  const entries = sortPolicies(policies)
    .filter((policy) => policy.enabled)
    .flatMap((policy) => policy.rules.map((rule, index): Entry => ({ policy, rule, index })));
  const criteria = entries.map(({ rule }) => compileCriteria(rule));
  return entries.flatMap((entry, at) => {
    const messages: [LintFinding['kind'], string | null][] = [
      ['useless', uselessness(entry.rule)],
      ['broad', breadth(entry.rule)],
      ...precedence(entries, criteria, at),
    ];
    return messages.flatMap(([kind, message]): LintFinding[] =>
      message === null ? [] : [{ kind, policyId: entry.policy.id, rule: entry.index, message }],
    );
  });
}

interface Criteria {
  tool: Glob | null;
  cwd: Glob | null;
  session: Glob | null;
  args: ReadonlyMap<string, Glob>;
  /** The same text for rules that speak of the same calls. */
  text: string;
}

function compileCriteria({ action, reason, ...rule }: Rule): Criteria {
  const { tool, cwd, session, args = {} } = rule;
  return {
    tool: tool === undefined ? null : new Glob(tool, 'text'),
    cwd: cwd === undefined ? null : new Glob(cwd, 'path'),
    session: session === undefined ? null : new Glob(session, 'text'),
    args: new Map(Object.entries(args).map(([key, pattern]) => [key, new Glob(pattern, modeOf(key))])),
    text: canonicalJson(rule),
  };
}

/** What an earlier rule leaves of the one at `at`. */
function precedence(
  entries: readonly Entry[],
  criteria: readonly Criteria[],
  at: number,
): [LintFinding['kind'], string][] {
  const later = entries[at];
  const wanted = criteria[at];
  if (!later || !wanted) return [];
  for (const [index, earlier] of entries.slice(0, at).entries()) {
    const known = criteria[index];
    if (!known || !holdsWherever(earlier.policy, later.policy)) continue;
    const isSame = known.text === wanted.text;
    if (
      isSame &&
      earlier.rule.action !== later.rule.action &&
      earlier.policy.priority === later.policy.priority
    ) {
      const message = `${nameOf(earlier)} says ${earlier.rule.action} of the same calls, at the same priority, and comes first`;
      return [['contradictory', message]];
    }
    if (isSame || covers(earlier.rule, known, later.rule, wanted)) {
      return [['unreachable', `${nameOf(earlier)} takes every call this one speaks of`]];
    }
  }
  return [];
}

function nameOf({ policy, index }: Entry): string {
  return `rule ${index + 1} of "${policy.name}"`;
}

/** Whether a policy counts wherever and as long as another one does. */
function holdsWherever(one: Policy, other: Policy): boolean {
  if (one.id === other.id) return true;
  if (one.expiresAt !== null) return false;
  return (
    one.scope === 'global' ||
    (one.scope === 'session' && other.sessionId === one.sessionId && other.scope === 'session')
  );
}

function covers(earlier: Rule, one: Criteria, later: Rule, other: Criteria): boolean {
  // An allow needs every value of an argument, the others any: it may leave what they take.
  if (earlier.action === 'allow' && later.action !== 'allow' && one.args.size > 0) return false;
  const coversGlob = (wide: Glob | null, narrow: Glob | null | undefined) =>
    wide === null || (narrow != null && wide.covers(narrow));
  return (
    coversGlob(one.tool, other.tool) &&
    coversGlob(one.cwd, other.cwd) &&
    coversGlob(one.session, other.session) &&
    [...one.args].every(([key, glob]) => coversGlob(glob, other.args.get(key)))
  );
}

function listOf(pattern: Pattern | undefined): readonly string[] {
  if (pattern === undefined) return [];
  return typeof pattern === 'string' ? [pattern] : pattern;
}

/** Whether a rule sets no limit by any of these arguments. */
function isUnlimited(rule: Rule, keys: readonly string[]): boolean {
  return Object.entries(rule.args ?? {}).every(([key, pattern]) => {
    const isLimit = keys.includes(key) && !listOf(pattern).every((one) => /^[*/]+$/u.test(one));
    return !isLimit;
  });
}

function breadth(rule: Rule): string | null {
  if (rule.action !== 'allow' || rule.cwd !== undefined || rule.session !== undefined) return null;
  if (rule.tool === undefined) {
    return rule.args === undefined ? 'it allows every call of every tool' : null;
  }
  const tool = new Glob(rule.tool, 'text');
  const isFor = (names: readonly string[]) => tool.matchAny(names, nowhere, false) === 'yes';
  const others = Object.keys(rule.args ?? {}).some((key) => !['command', 'program', 'path'].includes(key));
  if (others) return null;
  if (isFor(['shell', 'Bash']) && isUnlimited(rule, ['command', 'program', 'path'])) {
    return 'it allows every command: name some by args.command or args.program';
  }
  const isWriting = isFor(['write', 'Write']) || isFor(['edit', 'Edit']);
  if (isWriting && !rule.args?.command && !rule.args?.program && isUnlimited(rule, ['path'])) {
    return `it allows writing every file: give args.path, such as "${workspaceFiles}"`;
  }
  return null;
}

const workspaceFiles = `\${workspace}/**`;
const nowhere = globPlace({ cwd: '/', workspace: '/', home: '/' });

/** Arguments that parts of a kind never have. */
const absent: Readonly<Partial<Record<ToolKind, readonly string[]>>> = {
  shell: ['url', 'host'],
  read: ['command', 'program'],
  write: ['command', 'program'],
  edit: ['command', 'program'],
  search: ['command', 'program'],
};

function uselessness(rule: Rule): string | null {
  const tools = listOf(rule.tool);
  for (const tool of tools) {
    const meant = nearestKind(tool);
    if (meant) return `no tool is called "${tool}": did you mean "${meant}"?`;
  }
  const kinds = tools.flatMap((tool) => toolKinds.filter((kind) => kind === tool));
  const areAllKinds = tools.length > 0 && kinds.length === tools.length;
  for (const [key, pattern] of Object.entries(rule.args ?? {})) {
    if (areAllKinds && kinds.every((kind) => absent[kind]?.includes(key))) {
      return `args.${key} is never there for ${kinds.join(' and ')}`;
    }
    const relative = key === 'path' ? relativeIn(pattern) : null;
    if (relative)
      return `args.path is absolute and never matches "${relative}": begin it with \${workspace}/, ~/, / or **/`;
  }
  const relative = rule.cwd === undefined ? null : relativeIn(rule.cwd);
  if (relative)
    return `cwd is absolute and never matches "${relative}": begin it with \${workspace}, ~/, / or **/`;
  return null;
}

/** A pattern for paths that none can match, where all positives are like that. */
function relativeIn(pattern: Pattern): string | null {
  const positives = listOf(pattern).filter((one) => !one.startsWith('!'));
  const relative = positives.filter((one) => /^[\w.-]/u.test(one));
  return positives.length > 0 && relative.length === positives.length ? (relative[0] ?? null) : null;
}

/** The kind somebody meant who wrote a name like it; null for kinds, patterns, and other names. */
function nearestKind(tool: string): ToolKind | null {
  const name = tool.replace(/^!/u, '').toLowerCase();
  if (!/^[a-z]{3,}$/u.test(name) || toolKinds.some((kind) => kind === name)) return null;
  return toolKinds.find((kind) => kind.length > 3 && distance(name, kind) === 1) ?? null;
}

/** How many characters have to be added, removed or changed. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, char] of [...one].entries()) {
    const next = [at + 1];
    for (const [index, wanted] of [...other].entries()) {
      const kept = (row[index] ?? 0) + Number(char !== wanted);
      next.push(Math.min(kept, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
