import type { Clock } from '@codepiper/core/clock.ts';
import type { ToolCall } from '@codepiper/core/policies/call.ts';
import { type CompiledPolicies, compilePolicies, sortPolicies } from '@codepiper/core/policies/compile.ts';
import { decompose } from '@codepiper/core/policies/decompose.ts';
import { judge } from '@codepiper/core/policies/judge.ts';
import type { CallParts } from '@codepiper/core/policies/parts.ts';
import type { DefaultAction, Policy, Rule } from '@codepiper/core/policies/policy.ts';
import { suggestRule } from '@codepiper/core/policies/suggest.ts';
import type { Verdict } from '@codepiper/core/policies/verdict.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import type { Judge, JudgedSession } from './judging.ts';
import type { PoliciesService } from './policies.service.ts';
import type { Combination, PolicyBook } from './policy-book.ts';
import { placeOf } from './real-path.ts';

export interface PolicyJudgeOptions {
  book: PolicyBook;
  policies: Pick<PoliciesService, 'keepRule' | 'keepTrust'>;
  /** The user's home directory. */
  home: string;
  clock: Clock;
  log: Log;
}

/** A combination as it is judged by. */
interface Compiled {
  /** All but the answers that were kept. */
  rules: CompiledPolicies;
  /** Those too; null when there are none. */
  withKept: CompiledPolicies | null;
}

/** A call taken apart where it is made. */
interface PlacedCall {
  session: JudgedSession;
  call: ToolCall;
  /** Directory of the call, as it was given. */
  cwd: string;
  parts: CallParts;
  place: { cwd: string; workspace: string; home: string };
}

/** The judge over the policies in memory. */
export class PolicyJudge implements Judge {
  readonly #o: PolicyJudgeOptions;
  readonly #compiled = new WeakMap<Combination, Compiled>();
  /** Calls as they were taken apart last: what is asked about is looked at again at once. */
  readonly #judged = new WeakMap<ToolCall, PlacedCall>();

  constructor(options: PolicyJudgeOptions) {
    this.#o = options;
  }

  get edition(): number {
    return this.#o.book.edition;
  }

  hasRules(session: JudgedSession): boolean {
    return this.#o.book.effective(session).policies.length > 0;
  }

  judge(session: JudgedSession, call: ToolCall, cwd: string): Verdict {
    return this.#judgeIn(session, call, cwd, (combination) => combination);
  }

  /** The same as if a draft were stored, in the place of the policies with its ids. */
  judgeWith(draft: readonly Policy[], session: JudgedSession, call: ToolCall, cwd: string): Verdict {
    const ids = new Set(draft.map(({ id }) => id));
    return this.#judgeIn(session, call, cwd, ({ policies, until }) => ({
      policies: sortPolicies([
        ...policies.filter(({ id }) => !ids.has(id)),
        ...draft.filter(({ enabled }) => enabled),
      ]),
      until,
    }));
  }

  #judgeIn(
    session: JudgedSession,
    call: ToolCall,
    cwd: string,
    choose: (inForce: Combination) => Combination,
  ): Verdict {
    const { book } = this.#o;
    if (book.problem !== null) return nothingRuns(book.problem);
    try {
      const placed = this.#place(session, call, cwd);
      this.#judged.set(call, placed);
      const { rules, withKept } = this.#compile(choose(book.effective(session)));
      const defaultAction = session.policyDefault ?? book.defaultAction.action;
      let verdict = this.#judge(placed, rules, defaultAction);
      // Answers that were kept answer what is asked; what the rules deny stays denied whatever was kept.
      const isOpen = verdict.action !== 'allow' && !(verdict.action === 'deny' && verdict.basis === 'rule');
      if (withKept && isOpen) verdict = this.#judge(placed, withKept, defaultAction);
      return verdict.action === 'ask' ? this.#trusted(session, verdict) : verdict;
    } catch (error) {
      this.#o.log.error({ err: error, session: session.id, tool: call.tool }, 'a call could not be judged');
      return nothingRuns('a fault of codepiper kept this call from being judged; its log has the details');
    }
  }

  /** The same by policies that are not in force. `rules`: of `compilePolicies`. */
  judgeBy(
    rules: CompiledPolicies,
    session: JudgedSession,
    call: ToolCall,
    cwd: string,
    defaultAction: DefaultAction,
  ): Verdict {
    return this.#judge(this.#place(session, call, cwd), rules, defaultAction);
  }

  allows(rule: Rule, session: JudgedSession, call: ToolCall, cwd: string): boolean {
    const alone = { ...session, dangerousMode: false };
    return this.judgeBy(compilePolicies([policyOf(rule)]), alone, call, cwd, 'deny').action === 'allow';
  }

  suggest(session: JudgedSession, call: ToolCall, cwd: string): Rule | null {
    const judged = this.#judged.get(call);
    const isSame = judged && judged.session.cwd === session.cwd && judged.cwd === cwd;
    const { parts, place } = isSame ? judged : this.#place(session, call, cwd);
    return suggestRule(parts, call, place);
  }

  keepRule(
    tx: Tx,
    emit: EmitEvent,
    sessionId: string | null,
    rule: Rule,
    who: string | null,
  ): Promise<Policy> {
    return this.#o.policies.keepRule(tx, emit, sessionId, rule, who);
  }

  keepTrust(
    tx: Tx,
    emit: EmitEvent,
    sessionId: string,
    until: number | null,
    who: string | null,
  ): Promise<Policy | null> {
    return this.#o.policies.keepTrust(tx, emit, sessionId, until, who);
  }

  refresh(): Promise<void> {
    return this.#o.book.refresh();
  }

  #place(session: JudgedSession, call: ToolCall, cwd: string): PlacedCall {
    const place = placeOf({ cwd, workspace: session.cwd, home: this.#o.home });
    const { realCwd, workspace, home } = place;
    const parts = decompose(call, place);
    return { session, call, cwd, parts, place: { cwd: realCwd, workspace, home } };
  }

  #judge(placed: PlacedCall, compiled: CompiledPolicies, defaultAction: DefaultAction): Verdict {
    const { session, cwd: _asGiven, ...rest } = placed;
    return judge({
      ...rest,
      compiled,
      session: { id: session.id, name: session.name },
      defaultAction,
      dangerous: session.dangerousMode,
      now: this.#o.clock.now(),
    });
  }

  #compile(combination: Combination): Compiled {
    const known = this.#compiled.get(combination);
    if (known) return known;
    const { policies } = combination;
    const kept = policies.some(isKept);
    const made = {
      rules: compilePolicies(policies.filter((policy) => !isKept(policy))),
      withKept: kept ? compilePolicies(policies) : null,
    };
    this.#compiled.set(combination, made);
    return made;
  }

  /** What is asked in a session that is trusted is allowed. */
  #trusted(session: JudgedSession, verdict: Verdict): Verdict {
    const trust = this.#o.book.trust(session.id);
    if (!trust) return verdict;
    const reason = trust.rules[0]?.reason ?? 'The session is trusted.';
    return {
      ...verdict,
      action: 'allow',
      basis: 'rule',
      reason: `${reason} Else it would be asked: ${verdict.reason}`,
      rule: { policyId: trust.id, policyName: trust.name, index: 0, reason },
    };
  }
}

function isKept(policy: Policy): boolean {
  return policy.source === 'approval';
}

function nothingRuns(why: string): Verdict {
  return { action: 'deny', reason: `Nothing runs: ${why}.`, basis: 'default', rule: null, parts: [] };
}

/** A policy that is this rule alone. */
function policyOf(rule: Rule): Policy {
  const at = new Date(0).toISOString();
  return {
    id: 'rule',
    name: 'the rule',
    description: null,
    enabled: true,
    priority: 0,
    scope: 'global',
    sessionId: null,
    rules: [rule],
    source: 'user',
    createdAt: at,
    updatedAt: at,
    expiresAt: null,
  };
}
