import type { ToolKind } from '@codepiper/core/policies/call.ts';
import { lintPolicies } from '@codepiper/core/policies/lint.ts';
import type { LintFinding } from '@codepiper/core/policies/policy.endpoints.ts';
import type { Policy, Rule } from '@codepiper/core/policies/policy.ts';
import { nearest } from '../platform/nearest.ts';

/** Arguments rules may ask for, by kind: the house's own, and the usual ones of the agents. */
const argumentsOf: Readonly<Partial<Record<ToolKind, readonly string[]>>> = {
  shell: ['command', 'program', 'line', 'path', 'description', 'timeout', 'cmd', 'workdir', 'justification'],
  read: ['path', 'file_path', 'offset', 'limit', 'pages'],
  write: ['path', 'file_path', 'content'],
  edit: ['path', 'file_path', 'notebook_path', 'old_string', 'new_string', 'replace_all', 'patch', 'input'],
  fetch: ['url', 'host', 'prompt'],
  search: ['path', 'pattern', 'glob', 'query', 'type', 'output_mode'],
};
const kindsByName: Readonly<Record<string, ToolKind>> = {
  Bash: 'shell',
  Read: 'read',
  Write: 'write',
  Edit: 'edit',
  WebFetch: 'fetch',
  Grep: 'search',
  Glob: 'search',
};
/** Kinds of which an allow for everything is dangerous. */
const powerful: readonly (ToolKind | '*')[] = ['shell', 'write', 'edit', '*'];

/** What `lintPolicies` finds, and slips of the pen: misspelt arguments, patterns that are no limit. */
export function lintRules(policies: readonly Policy[]): LintFinding[] {
  const found = lintPolicies(policies);
  const slips = policies
    .filter(({ enabled }) => enabled)
    .flatMap(({ id, rules }) =>
      rules.flatMap((rule, index) => slipsOf(rule).map((slip) => ({ ...slip, policyId: id, rule: index }))),
    );
  const isNew = (slip: LintFinding) =>
    !found.some(
      ({ kind, policyId, rule }) => kind === slip.kind && policyId === slip.policyId && rule === slip.rule,
    );
  return [...found, ...slips.filter(isNew)];
}

function slipsOf(rule: Rule): Pick<LintFinding, 'kind' | 'message'>[] {
  const misspelt = misspeltArgument(rule);
  const limitless = limitlessAllow(rule);
  return [
    ...(misspelt === null ? [] : [{ kind: 'useless' as const, message: misspelt }]),
    ...(limitless === null ? [] : [{ kind: 'broad' as const, message: limitless }]),
  ];
}

function misspeltArgument({ tool, args = {} }: Rule): string | null {
  const kinds = [tool ?? []].flat().map(kindOf);
  const lists = kinds.map((kind) => (kind === undefined ? undefined : argumentsOf[kind]));
  // Of a tool whose arguments are not known, any may be right.
  if (lists.length === 0 || lists.includes(undefined)) return null;
  const known = [...new Set(lists.flatMap((list) => list ?? []))];
  for (const key of Object.keys(args)) {
    const meant = known.includes(key) ? undefined : nearest(key, known);
    if (meant !== undefined) return `no call has args.${key}: did you mean args.${meant}?`;
  }
  return null;
}

function limitlessAllow({ action, tool, args, cwd, session }: Rule): string | null {
  const entries = Object.entries(args ?? {});
  if (action !== 'allow' || cwd !== undefined || session !== undefined || entries.length === 0) return null;
  const isAny = ([, pattern]: (typeof entries)[number]) =>
    [pattern].flat().some((glob) => /^\*+$/.test(glob));
  const tools = tool === undefined ? ['*'] : [tool].flat();
  if (
    !entries.every(isAny) ||
    !tools.some((name) => powerful.includes(name === '*' ? '*' : (kindOf(name) ?? 'other')))
  )
    return null;
  const [key = '', pattern = ''] = entries[0] ?? [];
  return `args.${key} ${JSON.stringify(pattern)} is no limit: it allows every ${key === 'path' ? 'file' : key}`;
}

function kindOf(tool: string): ToolKind | undefined {
  if (Object.hasOwn(kindsByName, tool)) return kindsByName[tool];
  return Object.keys(argumentsOf).find((kind): kind is ToolKind => kind === tool);
}
