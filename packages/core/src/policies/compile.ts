import type { ToolKind } from './call.ts';
import { Glob, type GlobPlace, type Match } from './glob.ts';
import type { GlobMode } from './glob-match.ts';
import { unknownText } from './parts.ts';
import type { Action, Policy, Rule } from './policy.ts';
import type { RuleRef } from './verdict.ts';

/** Policies as the judge walks them. Made by `compilePolicies`; good for any number of calls. */
export interface CompiledPolicies {
  readonly rules: readonly CompiledRule[];
  /** Rules by the tool they are asked about, filled as calls come. */
  readonly byTool: Map<string, ToolRules>;
}

export interface CompiledRule {
  /** Place in the walk. */
  readonly order: number;
  readonly action: Action;
  readonly ref: RuleRef;
  readonly tool: Glob | null;
  readonly args: readonly { key: string; glob: Glob }[] | null;
  readonly cwd: Glob | null;
  readonly session: Glob | null;
  /** The session it holds in alone; null for any. */
  readonly sessionId: string | null;
  /** Milliseconds since the epoch from which it does not count. */
  readonly expiresAt: number | null;
  /** What a rule that denies or asks says of the command line as written; null when it says nothing of it. */
  readonly whole: Glob | null;
}

/** A rule that may match calls of one tool and parts of one kind. */
export interface RuleForTool {
  readonly rule: CompiledRule;
  readonly match: Exclude<Match, 'no'>;
  /** The same for files a command only touches: a rule speaks of those by a path or by naming their kind. */
  readonly implied: Match;
}

/**
 * Brings policies into the judge's order: priority from high to low, then age, then id. Disabled ones are left out;
 * those that expire are left out when a call is judged. Throws for a pattern that the schema refuses.
 */
export function compilePolicies(policies: readonly Policy[]): CompiledPolicies {
  const rules = sortPolicies(policies)
    .filter((policy) => policy.enabled)
    .flatMap((policy) => policy.rules.map((rule, index) => ({ policy, rule, index })))
    .map(({ policy, rule, index }, order) => compileRule(policy, rule, index, order));
  return { rules, byTool: new Map() };
}

/** Policies in the judge's order. */
export function sortPolicies(policies: readonly Policy[]): Policy[] {
  return [...policies].sort(
    (one, other) =>
      other.priority - one.priority ||
      Date.parse(one.createdAt) - Date.parse(other.createdAt) ||
      (one.id < other.id ? -1 : Number(one.id > other.id)),
  );
}

/** Whether a text of this name is the path of a file: `path`, and what agents call it, such as `file_path`. */
export function isPathName(key: string): boolean {
  return /^(?:\w+[_-])?path$|[a-z]Path$/.test(key);
}

/** How an argument's pattern reads: paths go by segments, addresses by host and the rest. */
export function modeOf(key: string): GlobMode {
  if (isPathName(key)) return 'path';
  return key === 'url' ? 'url' : 'text';
}

function compileRule(policy: Policy, rule: Rule, index: number, order: number): CompiledRule {
  const args = rule.args
    ? Object.entries(rule.args).map(([key, pattern]) => ({ key, glob: new Glob(pattern, modeOf(key)) }))
    : null;
  return {
    order,
    action: rule.action,
    ref: { policyId: policy.id, policyName: policy.name, index, reason: rule.reason ?? null },
    tool: rule.tool === undefined ? null : new Glob(rule.tool, 'text'),
    args,
    cwd: rule.cwd === undefined ? null : new Glob(rule.cwd, 'path'),
    session: rule.session === undefined ? null : new Glob(rule.session, 'text'),
    sessionId: policy.scope === 'session' ? policy.sessionId : null,
    expiresAt: policy.expiresAt === null ? null : Date.parse(policy.expiresAt),
    whole: rule.action === 'allow' ? null : wholeOf(args),
  };
}

/**
 * A pattern that takes anything, or whatever its negatives leave, says nothing of a whole line that it does not say
 * of each part, and would take `(git status)` for something that is not `git *`.
 */
function wholeOf(args: CompiledRule['args']): Glob | null {
  const [command, ...others] = args ?? [];
  if (command?.key !== 'command' || others.length > 0) return null;
  return command.glob.hasPositives && !command.glob.hasEverything ? command.glob : null;
}

/** The rules that may speak of parts of one kind in calls of one tool, in order. */
export class ToolRules {
  readonly all: readonly RuleForTool[];
  /** For each of them the words its commands begin with; null for any. */
  readonly #words: readonly (ReadonlySet<string> | null)[];
  /** Those that match commands by other than their first word. */
  readonly #anyWord: readonly RuleForTool[];
  /** All that may match a command that begins with this word; filled when such a command comes. */
  readonly #byWord = new Map<string, readonly RuleForTool[] | null>();

  constructor(all: readonly RuleForTool[]) {
    this.all = all;
    this.#words = all.map(({ rule }) => firstWords(rule));
    this.#anyWord = all.filter((_, index) => this.#words[index] === null);
    for (const words of this.#words) for (const word of words ?? []) this.#byWord.set(word, null);
  }

  /** The rules that may speak of a command. Leaves out only what cannot match it. */
  forCommand(command: string): readonly RuleForTool[] {
    const end = command.indexOf(' ');
    const word = end < 0 ? command : command.slice(0, end);
    if (word.includes(unknownText)) return this.all;
    const known = this.#byWord.get(word);
    if (known === undefined) return this.#anyWord;
    if (known) return known;
    const found = this.all.filter((_, index) => this.#words[index]?.has(word) ?? true);
    this.#byWord.set(word, found);
    return found;
  }
}

function firstWords(rule: CompiledRule): ReadonlySet<string> | null {
  return rule.args?.find(({ key }) => key === 'command')?.glob.firstWords() ?? null;
}

/** How many pairs of tool and kind are remembered: names of tools come from agents and MCP servers. */
const maxTools = 500;

export function rulesFor(
  compiled: CompiledPolicies,
  tool: string,
  kind: ToolKind,
  place: GlobPlace,
): ToolRules {
  const key = `${kind}\0${tool}`;
  const known = compiled.byTool.get(key);
  if (known) return known;
  if (compiled.byTool.size >= maxTools) compiled.byTool.clear();
  const names = [kind, tool];
  const hasUnknown = tool.includes(unknownText);
  const found = compiled.rules.flatMap((rule): RuleForTool[] => {
    const match = rule.tool?.matchAny(names, place, hasUnknown) ?? 'yes';
    return match === 'no' ? [] : [{ rule, match, implied: impliedMatch(rule, kind, match, place) }];
  });
  const rules = new ToolRules(found);
  compiled.byTool.set(key, rules);
  return rules;
}

function impliedMatch(rule: CompiledRule, kind: ToolKind, match: Match, place: GlobPlace): Match {
  if (rule.args !== null || rule.action === 'allow') return match;
  if (!rule.tool?.hasPositives || rule.tool.hasEverything) return 'no';
  return rule.tool.match(kind, place, false);
}
