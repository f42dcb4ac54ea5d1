import { setImmediate } from 'node:timers/promises';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { ToolCall } from '@codepiper/core/policies/call.ts';
import { compilePolicies } from '@codepiper/core/policies/compile.ts';
import type { LintFinding, ReplayGroup } from '@codepiper/core/policies/policy.endpoints.ts';
import type { DefaultAction, PolicyFile, Rule } from '@codepiper/core/policies/policy.ts';
import type { AuditTrail, PastCall } from '../audit/audit.service.ts';
import { callOf, draftPolicies } from './drafts.ts';
import { lintRules } from './lint-rules.ts';
import type { PolicyBook } from './policy-book.ts';
import type { PolicyJudge } from './policy-judge.ts';
import { parseRules } from './rules-text.ts';

export interface LaboratoryOptions {
  book: PolicyBook;
  judge: Pick<PolicyJudge, 'judgeBy'>;
  audit: Pick<AuditTrail, 'decisionsSince'>;
  /** Where sessions were started, by their ids. */
  workspaces(): Promise<ReadonlyMap<string, string>>;
}

/** Decisions that are looked at, the newest ones. */
const maxCalls = 50_000;
/** Longest stretch the daemon does nothing else, in milliseconds. */
const stretchMs = 8;
/** Groups that are told; the others say the same of less. */
const maxGroups = 1000;

/** Policies that are tried out: nothing runs, nothing is stored. */
export class Laboratory {
  readonly #o: LaboratoryOptions;

  constructor(options: LaboratoryOptions) {
    this.#o = options;
  }

  /** Rules as an editor has them. What is wrong with them is an answer, not an error. */
  read(text: string): { rules: Rule[]; problems: string[]; findings: LintFinding[] } {
    try {
      const rules = parseRules(text, 'rules');
      const policy = { name: 'draft', rules, enabled: true, priority: 0, scope: 'global' as const };
      return { rules, problems: [], findings: lintRules(draftPolicies({ policies: [policy] })) };
    } catch (error) {
      if (!(error instanceof CodepiperError) || error.code !== 'invalid_request') throw error;
      const told = error.details?.problems;
      return { rules: [], problems: Array.isArray(told) ? told.map(String) : [error.message], findings: [] };
    }
  }

  /** What is wrong with a draft, or with what is stored. */
  lint(draft: PolicyFile | undefined): LintFinding[] {
    if (draft) return lintRules(draftPolicies(draft));
    const { book } = this.#o;
    const ids = new Set(book.policies.flatMap(({ id, source }) => (source === 'starter' ? [] : [id])));
    // A rule that speaks in one combination is no finding, whatever it is in the others.
    const combinations = [
      { id: '', policySets: [] },
      ...book.policySets.map((set) => ({ id: '', policySets: [set.id] })),
      ...[...new Set(book.policies.flatMap(({ sessionId }) => sessionId ?? []))].map((id) => ({
        id,
        policySets: [],
      })),
    ].map((scope) => book.effective(scope).policies);
    const found = new Map<string, { finding: LintFinding; times: number }>();
    for (const policies of combinations) {
      for (const finding of lintRules(policies)) {
        const key = `${finding.kind} ${finding.rule} ${finding.policyId}`;
        const known = found.get(key);
        if (known) known.times += 1;
        else if (ids.has(finding.policyId)) found.set(key, { finding, times: 1 });
      }
    }
    const uses = (id: string) =>
      combinations.filter((policies) => policies.some((policy) => policy.id === id)).length;
    return [...found.values()].flatMap(({ finding, times }) =>
      times === uses(finding.policyId) ? [finding] : [],
    );
  }

  /**
   * Past calls judged by a draft alone, in the place of all that was in force. Inputs are those of the audit trail:
   * secrets in them are replaced. What a person answered is no judgement, and not compared.
   */
  async replay(request: {
    draft: PolicyFile;
    defaultAction?: DefaultAction | undefined;
    /** Milliseconds since the epoch; null for all times. */
    since: number | null;
  }): Promise<{ calls: number; unchanged: number; groups: ReplayGroup[] }> {
    const { judge, audit, book } = this.#o;
    const rules = compilePolicies(draftPolicies(request.draft));
    const defaultAction = request.defaultAction ?? book.defaultAction.action;
    const workspaces = await this.#o.workspaces();
    const groups = new Map<string, ReplayGroup>();
    let calls = 0;
    let unchanged = 0;
    let began = performance.now();
    for await (const past of audit.decisionsSince(request.since, maxCalls)) {
      if (!judgements.has(past.by) || isAnswer(past)) continue;
      const call = callOf(past.provider, past.tool, past.input);
      const cwd = past.cwd ?? '/';
      const session = {
        id: past.sessionId ?? '',
        name: past.sessionName,
        cwd: workspaces.get(past.sessionId ?? '') ?? cwd,
        policySets: [],
        policyDefault: null,
        dangerousMode: past.by === 'dangerous',
      };
      const verdict = judge.judgeBy(rules, session, call, cwd, defaultAction);
      calls += 1;
      if (verdict.action === past.decision) unchanged += 1;
      else addTo(groups, past, call, verdict);
      if (performance.now() - began > stretchMs) {
        await setImmediate();
        began = performance.now();
      }
    }
    const newest = [...groups.values()].sort((a, b) => b.lastSeq - a.lastSeq).slice(0, maxGroups);
    return { calls, unchanged, groups: newest };
  }
}

/** Those that say what the rules made of a call; the others say what came of it afterwards. */
const judgements: ReadonlySet<PastCall['by']> = new Set(['rule', 'default', 'dangerous']);

/** An approval's own entries: the first of them asks, and is the judgement. */
function isAnswer({ approvalId, decision }: PastCall): boolean {
  return approvalId !== null && decision !== 'ask';
}

function addTo(
  groups: Map<string, ReplayGroup>,
  past: PastCall,
  call: ToolCall,
  { action, reason }: { action: string; reason: string },
): void {
  const text = textOf(call);
  const key = JSON.stringify([past.decision, action, past.tool, text]);
  const known = groups.get(key);
  groups.set(key, {
    from: past.decision,
    to: action,
    tool: past.tool,
    text,
    count: (known?.count ?? 0) + 1,
    lastSeq: past.seq,
    reason,
  });
}

/** A call in one line, as a person reads it. */
function textOf(call: ToolCall): string {
  const text =
    call.command ??
    call.url ??
    (call.files.length > 0
      ? call.files.map((file) => `${file.access} ${file.path}`).join(', ')
      : JSON.stringify(call.input));
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
