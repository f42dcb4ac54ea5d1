import type { Policy } from '@codepiper/core/policies/policy.ts';
import type { Context } from '../context.ts';
import { clean } from '../output.ts';

/** Says on stderr what looks wrong with the rules of a policy that was stored: it holds all the same. */
export async function warnOfRules({ io }: Context, policy: Policy): Promise<void> {
  const { lintRules } = await import('@codepiper/daemon/policies/lint-rules.ts');
  for (const { rule, message } of lintRules([{ ...policy, enabled: true }])) {
    io.err(`Warning: rule ${rule + 1} of "${clean(policy.name)}": ${clean(message)}\n`);
  }
}

/** Says on stderr that a policy to be made has the name of another one. */
export function warnOfName({ io }: Context, name: string, all: readonly Policy[]): void {
  const ids = all.flatMap((policy) => (policy.name === name ? [policy.id] : []));
  if (ids.length === 0) return;
  io.err(`Warning: a policy called "${clean(name)}" exists already: ${ids.map(clean).join(', ')}\n`);
}
