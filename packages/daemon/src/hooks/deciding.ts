import type { Decider } from '@codepiper/core/audit/decision.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import type { Json } from '@codepiper/providers/json.ts';
import type { HookAnswer, HookedCall, Provider } from '@codepiper/providers/provider.ts';
import { hashInput } from '../platform/input-hash.ts';
import type { JudgedSession } from '../policies/judging.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { CallIdentity, Permission } from './allowed-calls.ts';

export interface HookReply {
  /** What the hook prints; null for nothing. */
  output: string | null;
  /** To be called when the answer has gone out. */
  delivered(): Promise<void>;
}

const nothingToNote = async (): Promise<void> => undefined;

/** @throws Error when the provider has no words for a denial: silence would let the tool run */
export function said(provider: Provider, hooked: HookedCall, answer: HookAnswer): HookReply {
  const output = provider.answerHook(hooked, answer);
  if (output === null && answer.decision === 'deny') {
    throw new Error(`${provider.label} has no words for a denial of ${hooked.call.tool}`);
  }
  return { output, delivered: nothingToNote };
}

/** A session as rules see it. */
export function judged(session: SessionRecord): JudgedSession {
  const { id, name, cwd, policySets, policyDefault, launch } = session;
  return { id, name, cwd, policySets, policyDefault, dangerousMode: launch.dangerousMode };
}

/** What a hook is told of a verdict that needs no person. */
export function answerOf(verdict: Verdict): HookAnswer {
  if (verdict.action === 'allow') return { decision: 'allow', answers: null };
  if (verdict.action === 'agent') return { decision: 'agent' };
  return { decision: 'deny', reason: verdict.reason };
}

/** Whose decision a verdict is. */
export function deciderOf({ basis }: Verdict): Decider {
  return basis === 'unknown' ? 'default' : basis;
}

export function basisOf({ rule, reason, parts }: Verdict): Pick<Verdict, 'rule' | 'reason' | 'parts'> {
  return { rule, reason, parts };
}

export function permissionOf(verdict: Verdict): Permission {
  return { by: deciderOf(verdict), rule: verdict.rule, reason: verdict.reason };
}

/** A question or plan, or a call the rules leave to the agent, or allow, and the agent asks about all the same. */
export function askedByAgent(provider: Provider, { asks, call }: HookedCall, verdict: Verdict): Verdict {
  const reason =
    asks?.kind === 'question'
      ? `${provider.label} asks a question.`
      : asks?.kind === 'plan'
        ? `${provider.label} wants its plan approved.`
        : `${provider.label} asks by its own rules whether it may use ${call.tool}.`;
  return { action: 'ask', basis: 'default', rule: null, reason, parts: asks ? [] : verdict.parts };
}

export function identityOf(session: SessionRecord, hooked: HookedCall): CallIdentity {
  return {
    sessionId: session.id,
    run: session.run,
    agentId: hooked.agentId,
    tool: hooked.call.tool,
    inputHash: hashOf(hooked),
  };
}

/** SHA-256 of the canonical input: what answers are bound to. */
export function hashOf({ call }: HookedCall): string {
  return hashInput(call.input);
}

/** Why a hook that is about no call is turned away. */
export function unreadable(provider: Provider, { hook_event_name: name }: Json): CodepiperError {
  const event = typeof name === 'string' ? `"${name.slice(0, 100)}"` : 'no name';
  return new CodepiperError(
    'invalid_request',
    `A hook of ${provider.label} with the event ${event} is about no tool call that codepiper can read, so nothing runs by it.`,
  );
}

/** Microseconds since a time of `performance.now()`. */
export function since(startedAt: number): number {
  return Math.round((performance.now() - startedAt) * 1000);
}
