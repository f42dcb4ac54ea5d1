import { isAbsolute, resolve } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { ToolCall, ToolInput } from '@codepiper/core/policies/call.ts';
import { type CaseResult, caseFileSchema, caseInput, runCases } from '@codepiper/core/policies/cases.ts';
import { compilePolicies } from '@codepiper/core/policies/compile.ts';
import { decompose } from '@codepiper/core/policies/decompose.ts';
import { judge } from '@codepiper/core/policies/judge.ts';
import type { LintFinding } from '@codepiper/core/policies/policy.endpoints.ts';
import type { Policy, PolicyFile } from '@codepiper/core/policies/policy.ts';
import { starterPolicies, starterSets } from '@codepiper/core/policies/starter-sets.ts';
import { providerIdSchema } from '@codepiper/core/providers/provider.ts';
import { providers } from '@codepiper/providers/registry.ts';
import { nearest } from '../platform/nearest.ts';
import { lintRules } from './lint-rules.ts';
import { followed, placeOf } from './real-path.ts';
import { parsePolicies, readText } from './rules-text.ts';

/** A draft's policies as if they held everywhere. */
export function draftPolicies(draft: PolicyFile): Policy[] {
  return draft.policies.map((policy, index) => {
    // In the order of the draft where priorities are equal.
    const at = new Date(index).toISOString();
    return {
      id: policy.id ?? `draft-${index + 1}`,
      name: policy.name,
      description: policy.description ?? null,
      enabled: policy.enabled,
      priority: policy.priority,
      scope: 'global',
      sessionId: null,
      rules: policy.rules,
      source: 'file',
      createdAt: at,
      updatedAt: at,
      expiresAt: null,
    };
  });
}

/** A call as an agent makes it; Claude Code's where the agent is not known. */
export function callOf(provider: string | null, tool: string, input: ToolInput): ToolCall {
  const known = providerIdSchema.safeParse(provider);
  return providers[known.success ? known.data : 'claude-code'].toolCall(tool, input);
}

/**
 * What is wrong with the policies of a text. Needs no daemon.
 *
 * @throws CodepiperError `invalid_request` that names the line of each problem
 */
export function lintText(text: string, label: string): (LintFinding & { policyName: string })[] {
  const policies = draftPolicies(parsePolicies(text, label));
  const names = new Map(policies.map(({ id, name }) => [id, name]));
  return lintRules(policies).map((finding) => ({
    ...finding,
    policyName: names.get(finding.policyId) ?? finding.policyId,
  }));
}

/**
 * Runs a file of cases. Needs no daemon; `directory` is where a relative workspace begins, and the workspace when the
 * file has none.
 *
 * @throws CodepiperError `invalid_request` that names the line of each problem
 */
export function runCaseText(
  text: string,
  label: string,
  place: { directory: string; home: string },
): CaseResult[] {
  const file = readText(text, label, caseFileSchema);
  const compiled = compilePolicies([
    ...draftPolicies({ policies: file.policies ?? [] }),
    ...policiesOfSets(file.sets ?? [], label),
  ]);
  const workspace = followed(resolve(place.directory, file.workspace ?? '.'));
  const home = followed(place.home);
  return runCases(file, (one) => {
    const cwd = followed(isAbsolute(one.cwd ?? '') ? (one.cwd ?? '') : resolve(workspace, one.cwd ?? '.'));
    const call = callOf(null, one.tool, caseInput(one));
    return judge({
      compiled,
      call,
      parts: decompose(call, placeOf({ cwd, workspace, home })),
      session: { id: 'case', name: null },
      place: { cwd, workspace, home },
      defaultAction: file.default ?? 'ask',
      dangerous: false,
      now: 0,
    });
  });
}

/** Policies of sets that ship. */
function policiesOfSets(ids: readonly string[], label: string): Policy[] {
  const names = starterSets.map(({ id }) => id);
  const members = new Set(
    ids.flatMap((id) => {
      const set = starterSets.find((each) => each.id === id);
      if (set) return set.policyIds;
      const near = nearest(id, names);
      throw new CodepiperError(
        'invalid_request',
        `${label}: sets: no set "${id}" ships with codepiper; ${near ? `did you mean "${near}"?` : `there are ${names.join(', ')}`}`,
      );
    }),
  );
  return starterPolicies.filter(({ id }) => members.has(id));
}
