import type { Pattern, Policy, Rule } from '@codepiper/core/policies/policy.ts';
import type { RuleRef, Verdict } from '@codepiper/core/policies/verdict.ts';
import type { Context } from '../context.ts';
import { type Colour, clean, table } from '../output.ts';

const actionColours: Readonly<Record<Verdict['action'] | 'none', Colour>> = {
  allow: 'green',
  deny: 'red',
  ask: 'yellow',
  agent: 'dim',
  none: 'dim',
};

/** `allow  tool shell, command "git status*": why`, in a line. */
export function ruleText({ action, tool, args, cwd, session, reason }: Rule): string {
  const conditions = [
    ...(tool === undefined ? [] : [`tool ${patternText(tool)}`]),
    ...Object.entries(args ?? {}).map(([key, pattern]) => `${key} ${patternText(pattern)}`),
    ...(cwd === undefined ? [] : [`cwd ${patternText(cwd)}`]),
    ...(session === undefined ? [] : [`session ${patternText(session)}`]),
  ];
  const what = conditions.length === 0 ? 'everything' : conditions.join(', ');
  return `${action.padEnd(5)}  ${what}${reason === undefined ? '' : `  (${reason})`}`;
}

function patternText(pattern: Pattern): string {
  return [pattern]
    .flat()
    .map((glob) => (/[\s,]/.test(glob) ? JSON.stringify(glob) : glob))
    .join(' | ');
}

export function listPolicies(context: Context, policies: readonly Policy[]): string {
  const { io, paint } = context;
  if (policies.length === 0) return io.isTTY.stdout ? 'No policies.\n' : '';
  const rows = policies.map((policy) => [
    policy.id,
    policy.name,
    scopeText(policy),
    String(policy.priority),
    String(policy.rules.length),
    stateText(context, policy),
    policy.source,
  ]);
  const columns = [
    { title: 'ID', min: 12 },
    { title: 'NAME', min: 10 },
    { title: 'SCOPE' },
    { title: 'PRIORITY' },
    { title: 'RULES' },
    { title: 'STATE' },
    { title: 'SOURCE' },
  ];
  return table(columns, rows, io.columns, (text, column) =>
    column === 5 && text !== 'on' ? paint(text, 'dim') : text,
  );
}

export function describePolicy(context: Context, policy: Policy): string {
  const facts: [string, string | null][] = [
    ['id', policy.id],
    ['name', policy.name],
    ['description', policy.description],
    ['state', stateText(context, policy)],
    ['scope', scopeText(policy)],
    ['priority', String(policy.priority)],
    ['source', policy.source],
    ['expires', policy.expiresAt],
  ];
  return `${factLines(facts)}\nrules\n${ruleLines(context, policy)}`;
}

/** The rules of a policy, numbered as traces number them. */
export function ruleLines({ paint }: Context, policy: Policy): string {
  const width = String(policy.rules.length).length;
  return policy.rules
    .map((rule, i) => {
      const text = clean(ruleText(rule));
      const action = text.slice(0, 5);
      return `  ${String(i + 1).padStart(width)}  ${paint(action, actionColours[rule.action])}${text.slice(5)}\n`;
    })
    .join('');
}

/** The verdict, why, and what was thought of each part. */
export function describeVerdict({ paint }: Context, verdict: Verdict): string {
  const head = `${paint(verdict.action, actionColours[verdict.action])}: ${clean(verdict.reason)}\n`;
  const rule = verdict.rule === null ? '' : `  by ${clean(refText(verdict.rule))}\n`;
  const parts = verdict.parts.flatMap(({ action, kind, text, why, rule: of }) => [
    `  ${paint(action.padEnd(5), actionColours[action])}  ${kind.padEnd(6)}  ${clean(text)}\n`,
    `                 ${paint(clean(of === null ? why : `${why} [${refText(of)}]`), 'dim')}\n`,
  ]);
  return [head, rule, ...(parts.length > 0 ? ['\nparts\n', ...parts] : [])].join('');
}

function refText({ policyId, policyName, index }: RuleRef): string {
  return `rule ${index + 1} of ${policyName}${policyName === policyId ? '' : ` (${policyId})`}`;
}

export function factLines(facts: readonly (readonly [string, string | null])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts
    .flatMap(([name, value]) =>
      value === null || value === '' ? [] : [`${name.padEnd(width)}  ${clean(value)}\n`],
    )
    .join('');
}

function scopeText({ scope, sessionId }: Policy): string {
  return sessionId === null ? scope : `session ${sessionId.slice(0, 8)}`;
}

function stateText({ io }: Context, { enabled, expiresAt }: Policy): string {
  if (!enabled) return 'off';
  return expiresAt !== null && Date.parse(expiresAt) <= io.now() ? 'expired' : 'on';
}
