import type { CompiledRule } from './compile.ts';
import { type CallPart, unknownText } from './parts.ts';
import type { Action, DefaultAction } from './policy.ts';
import type { PartTrace } from './verdict.ts';

/** Longest text of a call within a sentence. */
const maxShown = 200;

const verbs = { allow: 'allows', deny: 'denies', ask: 'asks about' } as const satisfies Record<
  Action,
  string
>;
const defaults = {
  ask: 'to ask',
  deny: 'to deny',
  agent: 'to leave it to the agent',
} as const satisfies Record<DefaultAction, string>;

/** A text of a call with what is unknown shown as `…`. */
function readable(text: string): string {
  return text.replaceAll(unknownText, '…');
}

/** A text of a call within a sentence. */
export function quoted(text: string): string {
  const shown = readable(text).replaceAll(/\s+/gu, ' ').trim();
  return `\`${shown.length > maxShown ? `${shown.slice(0, maxShown - 1)}…` : shown}\``;
}

function nameOf(rule: CompiledRule): string {
  return `rule ${rule.ref.index + 1} of "${rule.ref.policyName}"`;
}

function trace(part: CallPart, rest: Omit<PartTrace, 'kind' | 'text'>): PartTrace {
  return { kind: part.kind, text: readable(part.text), ...rest };
}

export function traceRule(part: CallPart, rule: CompiledRule): PartTrace {
  const why = rule.ref.reason ?? `${nameOf(rule)} ${verbs[rule.action]} ${quoted(part.text)}`;
  return trace(part, { action: rule.action, basis: 'rule', rule: rule.ref, why });
}

/** A rule that denies or asks and matches the command line as written. */
export function traceWhole(part: CallPart, rule: CompiledRule, whole: string): PartTrace {
  const why = rule.ref.reason ?? `${nameOf(rule)} ${verbs[rule.action]} the command line ${quoted(whole)}`;
  return trace(part, { action: rule.action, basis: 'rule', rule: rule.ref, why });
}

/** A rule that would deny or ask, if the unknown turned out to be what it speaks of. */
export function traceUnknown(part: CallPart, rule: CompiledRule): PartTrace {
  const unsure = part.unreadable ?? 'what … stands for is only known when it runs';
  const why = `${nameOf(rule)} may speak of ${quoted(part.text)}: ${unsure}`;
  return trace(part, { action: 'ask', basis: 'unknown', rule: rule.ref, why });
}

export function traceUnreadable(part: CallPart, unreadable: string): PartTrace {
  return trace(part, { action: 'ask', basis: 'unknown', rule: null, why: unreadable });
}

export function traceDefault(part: CallPart, action: DefaultAction): PartTrace {
  return trace(part, { action, basis: 'default', rule: null, why: defaultReason(part.text, action) });
}

export function traceImplied(part: CallPart): PartTrace {
  const why = `no rule speaks of ${quoted(part.text)}; the command that does it has to be allowed`;
  return trace(part, { action: 'none', basis: 'default', rule: null, why });
}

export function defaultReason(text: string, action: DefaultAction): string {
  return `no rule speaks of ${quoted(text)}; the default is ${defaults[action]}`;
}
