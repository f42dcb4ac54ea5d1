import type { Pattern, Policy, Rule } from '@codepiper/core/policies/policy.ts';
import type { RuleRef, Verdict } from '@codepiper/core/policies/verdict.ts';
import type { Context } from '../context.ts';
import { type Colour, clean, table, truncate } from '../output.ts';

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

/** Patterns of one condition that are shown; nobody reads a wall of them. */
const shownPatterns = 4;
/** Columns of one of them. */
const shownWidth = 60;

function patternText(pattern: Pattern): string {
  const globs = [pattern].flat();
  // One that is over the limit takes no more room than the words that would stand for it.
  const shown = globs.length > shownPatterns + 1 ? globs.slice(0, shownPatterns) : globs;
  const texts = shown
    .map((glob) => truncate(glob, shownWidth))
    .map((glob) => (/[\s,]/.test(glob) ? JSON.stringify(glob) : glob));
  const more = globs.length - shown.length;
  return [...texts, ...(more > 0 ? [`… ${more} more (--json)`] : [])].join(' | ');
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
  const { rule: of } = verdict;
  const rule = of === null || namesRule(verdict.reason, of) ? '' : `  by ${clean(refText(of))}\n`;
  const parts = verdict.parts.flatMap(({ action, kind, text, why, rule: of }) => [
    `  ${paint(action.padEnd(5), actionColours[action])}  ${kind.padEnd(6)}  ${clean(text)}\n`,
    `                 ${paint(clean(whyText(why, of)), 'dim')}\n`,
  ]);
  return [head, rule, ...(parts.length > 0 ? ['\nparts\n', ...parts] : [])].join('');
}

/** Why a part was decided so, with the rule unless the sentence names it. */
export function whyText(why: string, rule: RuleRef | null): string {
  return rule === null || namesRule(why, rule) ? why : `${why} [${refText(rule)}]`;
}

/** Whether a sentence of the judge names the rule it rests on already. */
function namesRule(sentence: string, { policyName, index }: RuleRef): boolean {
  return sentence.includes(`rule ${index + 1} of "${policyName}"`);
}

export function refText({ policyId, policyName, index }: RuleRef): string {
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
