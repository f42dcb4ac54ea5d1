import type { ToolCall } from './call.ts';
import { type CompiledPolicies, type CompiledRule, type RuleForTool, rulesFor } from './compile.ts';
import { type Glob, type GlobPlace, globPlace, type Match } from './glob.ts';
import { type CallPart, type CallParts, unknownText } from './parts.ts';
import type { DefaultAction } from './policy.ts';
import {
  defaultReason,
  traceDefault,
  traceImplied,
  traceRule,
  traceUnknown,
  traceUnreadable,
  traceWhole,
} from './trace.ts';
import type { PartTrace, Verdict } from './verdict.ts';

export interface Judgement {
  compiled: CompiledPolicies;
  /** The call taken apart. */
  parts: CallParts;
  call: ToolCall;
  session: { id: string; name: string | null };
  /** Absolute directories without links: of the call, of the session's start, of the user. */
  place: { cwd: string; workspace: string; home: string };
  /** What happens to a part no rule speaks of. */
  defaultAction: DefaultAction;
  /** Everything a rule does not deny is allowed. */
  dangerous: boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * The verdict on one call. Each part goes by the first rule that surely matches it, in the order of
 * `compilePolicies`; the call goes by its worst part. Waits for nothing and changes nothing.
 */
export function judge(judgement: Judgement): Verdict {
  const walk = new Walk(judgement);
  const parts = judgement.parts.parts.map((part) => walk.settle(part));
  const verdict = worstOf(judgement, parts);
  if (!judgement.dangerous || verdict.action === 'allow') return verdict;
  if (verdict.action === 'deny' && verdict.basis === 'rule') return verdict;
  return {
    ...verdict,
    action: 'allow',
    basis: 'dangerous',
    reason: `dangerous mode allows what would not be allowed otherwise: ${verdict.reason}`,
  };
}

/** Worse first. A rule says more than the unknown, and that more than the default. */
const severity = [
  'deny rule',
  'deny default',
  'ask rule',
  'ask unknown',
  'ask default',
  'agent default',
  'allow rule',
];

function worstOf({ parts, call, defaultAction }: Judgement, traces: readonly PartTrace[]): Verdict {
  const counting = traces.filter((trace) => trace.action !== 'none');
  // Files that are only touched say nothing of the call itself, and a call without parts is one nobody spoke of.
  if (!parts.parts.some((part) => !part.isImplied))
    counting.push(nothing(parts.whole ?? call.tool, call, defaultAction));
  const ranks = counting.map((trace) => severity.indexOf(`${trace.action} ${trace.basis}`));
  const worst = counting[ranks.indexOf(Math.min(...ranks))];
  if (!worst || worst.action === 'none') throw new Error('a call without parts has the default');
  const count = parts.parts.filter((part) => !part.isImplied).length;
  return {
    action: worst.action,
    reason: worst.action === 'allow' && count > 1 ? `rules allow each of its ${count} parts` : worst.why,
    basis: worst.basis,
    rule: worst.rule,
    parts: [...traces],
  };
}

/** A value of an argument, and whether some of it is unknown. */
interface Value {
  text: string;
  hasUnknown: boolean;
}

/** Values of a part's arguments, read as rules ask for them. */
class Values {
  readonly #part: CallPart;
  readonly #read = new Map<string, readonly Value[] | undefined>();

  constructor(part: CallPart) {
    this.#part = part;
  }

  get(key: string): readonly Value[] | undefined {
    if (this.#read.has(key)) return this.#read.get(key);
    const texts = Object.hasOwn(this.#part.args, key) ? this.#part.args[key] : undefined;
    const values = texts?.map((text) => ({ text, hasUnknown: text.includes(unknownText) }));
    this.#read.set(key, values);
    return values;
  }
}

/** An argument that is not there matches nothing. */
function someValue(glob: Glob, values: readonly Value[] | undefined, place: GlobPlace): Match {
  let best: Match = 'no';
  for (const { text, hasUnknown } of values ?? []) {
    const found = glob.match(text, place, hasUnknown);
    if (found === 'yes') return 'yes';
    if (found === 'maybe') best = 'maybe';
  }
  return best;
}

function everyValue(glob: Glob, values: readonly Value[] | undefined, place: GlobPlace): Match {
  if (!values || values.length === 0) return 'no';
  let worst: Match = 'yes';
  for (const { text, hasUnknown } of values) {
    worst = lesser(worst, glob.match(text, place, hasUnknown));
    if (worst === 'no') return 'no';
  }
  return worst;
}

function lesser(one: Match, other: Match): Match {
  if (one === 'no' || other === 'no') return 'no';
  return one === 'maybe' || other === 'maybe' ? 'maybe' : 'yes';
}

function nothing(text: string, call: ToolCall, action: DefaultAction): PartTrace {
  return { kind: call.kind, text, action, basis: 'default', rule: null, why: defaultReason(text, action) };
}

/** Arguments of which a part that cannot be read may have others than we see: who denies `curl` may mean it. */
const hideable: ReadonlySet<string> = new Set(['command', 'program', 'path', 'url', 'host']);

/** One walk through the rules, with what is the same for every part of a call. */
class Walk {
  readonly #judgement: Judgement;
  readonly #place: GlobPlace;
  /** Whether a rule with conditions of its own holds here. */
  readonly #holds = new Map<CompiledRule, Match>();
  /** The first rule that denies or asks about the command line as written, and the first that may. */
  readonly #whole: CompiledRule | null;
  readonly #maybeWhole: CompiledRule | null;
  /** The rule that allows, word for word, the command whose files come next. */
  #wordForWord: CompiledRule | null = null;

  constructor(judgement: Judgement) {
    this.#judgement = judgement;
    this.#place = globPlace(judgement.place);
    const { whole } = judgement.parts;
    this.#whole = whole === null ? null : this.#firstOnWhole(whole, 'yes');
    this.#maybeWhole = whole?.includes(unknownText) ? this.#firstOnWhole(whole, 'maybe') : null;
  }

  settle(part: CallPart): PartTrace {
    if (!part.isImplied) this.#wordForWord = null;
    const known = rulesFor(this.#judgement.compiled, this.#judgement.call.tool, part.kind, this.#place);
    const commands = part.args.command;
    const isPlain = commands?.length === 1 && part.unreadable === null;
    const rules = isPlain ? known.forCommand(commands[0] ?? '') : known.all;
    const values = new Values(part);
    const wholeOrder = part.isImplied
      ? Number.POSITIVE_INFINITY
      : (this.#whole?.order ?? Number.POSITIVE_INFINITY);
    let unsure: CompiledRule | null = null;
    for (const entry of rules) {
      const { rule } = entry;
      if (rule.order > wholeOrder) break;
      const match = this.#match(entry, part, values);
      if (match === 'no' || (match === 'maybe' && rule.action === 'allow')) continue;
      // Who allowed exactly this command has seen the files it names.
      if (part.isImplied && rule.action === 'ask' && this.#wordForWord) {
        if (this.#wordForWord.order < rule.order) continue;
      }
      if (match === 'maybe') {
        unsure ??= rule;
        continue;
      }
      if (rule.action !== 'allow') return traceRule(part, rule);
      if (part.unreadable !== null && rule.args !== null) continue;
      return this.#firstUnsure(unsure, rule, part) ?? this.#allow(part, rule);
    }
    if (this.#whole && !part.isImplied) {
      return traceWhole(part, this.#whole, this.#judgement.parts.whole ?? '');
    }
    return this.#open(part, this.#firstUnsure(unsure, null, part));
  }

  #allow(part: CallPart, rule: CompiledRule): PartTrace {
    const command = rule.args?.find(({ key }) => key === 'command')?.glob;
    const texts = part.args.command ?? [];
    if (!part.isImplied && command && texts.every((text) => command.names(text, this.#place))) {
      this.#wordForWord = rule;
    }
    return traceRule(part, rule);
  }

  /** What becomes of a part that no rule settled. */
  #open(part: CallPart, unsure: PartTrace | null): PartTrace {
    const { defaultAction } = this.#judgement;
    if (part.isImplied) return unsure ?? traceImplied(part);
    if (defaultAction === 'deny') return traceDefault(part, 'deny');
    if (part.unreadable !== null) return traceUnreadable(part, part.unreadable);
    return unsure ?? traceDefault(part, defaultAction);
  }

  /** A rule that may deny or ask and comes before the one that allows makes it a question. */
  #firstUnsure(unsure: CompiledRule | null, before: CompiledRule | null, part: CallPart): PartTrace | null {
    const whole = this.#maybeWhole;
    const isWholeFirst = whole !== null && !part.isImplied && (before === null || whole.order < before.order);
    const rule = unsure ?? (isWholeFirst ? whole : null);
    return rule ? traceUnknown(part, rule) : null;
  }

  #match(entry: RuleForTool, part: CallPart, values: Values): Match {
    const { rule } = entry;
    let match: Match = part.isImplied ? entry.implied : entry.match;
    if (rule.args !== null && match !== 'no') {
      const wanted = rule.action === 'allow' ? everyValue : someValue;
      for (const { key, glob } of rule.args) {
        const found = wanted(glob, values.get(key), this.#place);
        const isHidden = found === 'no' && part.unreadable !== null && hideable.has(key);
        if (found === 'no' && (!isHidden || rule.action === 'allow')) return 'no';
        if (found !== 'yes') match = 'maybe';
      }
    }
    return match === 'no' ? 'no' : lesser(match, this.#holdsHere(rule));
  }

  #holdsHere(rule: CompiledRule): Match {
    if (!rule.cwd && !rule.session && rule.expiresAt === null && rule.sessionId === null) return 'yes';
    const known = this.#holds.get(rule);
    if (known) return known;
    const holds = this.#conditions(rule);
    this.#holds.set(rule, holds);
    return holds;
  }

  #conditions(rule: CompiledRule): Match {
    const { session, place, now } = this.#judgement;
    if (rule.expiresAt !== null && rule.expiresAt <= now) return 'no';
    if (rule.sessionId !== null && rule.sessionId !== session.id) return 'no';
    const names = session.name === null ? [session.id] : [session.id, session.name];
    const hasUnknown = names.some((name) => name.includes(unknownText));
    return lesser(
      rule.cwd?.match(place.cwd, this.#place) ?? 'yes',
      rule.session?.matchAny(names, this.#place, hasUnknown) ?? 'yes',
    );
  }

  #firstOnWhole(whole: string, wanted: Match): CompiledRule | null {
    const hasUnknown = whole.includes(unknownText);
    const { compiled, call } = this.#judgement;
    for (const { rule, match } of rulesFor(compiled, call.tool, 'shell', this.#place).forCommand(whole)) {
      if (rule.whole === null) continue;
      const found = rule.whole.match(whole, this.#place, hasUnknown);
      if (found !== 'no' && lesser(lesser(found, match), this.#holdsHere(rule)) === wanted) return rule;
    }
    return null;
  }
}
