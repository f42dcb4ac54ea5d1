import { starterSets } from '@codepiper/core/policies/starter-sets.ts';
import type { ConfigValues } from '@codepiper/daemon/config/config.ts';
import type { Log } from '@codepiper/daemon/log/log.ts';
import type { Context } from '../context.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** What the configuration says about rules, held against what is there. */
export async function checkPolicies(
  context: Context,
  { policyFile, policySets }: Pick<ConfigValues, 'policyFile' | 'policySets'>,
): Promise<Check[]> {
  const file = policyFile === null ? [] : [await checkRulesFile(policyFile)];
  return [...file, await checkSets(context, policySets)];
}

/** Reads the rules file as the daemon does: what is wrong with it has every call denied, or old rules in force. */
async function checkRulesFile(path: string): Promise<Check> {
  const { RulesFile } = await import('@codepiper/daemon/policies/rules-file.ts');
  using file = new RulesFile({ path, log: quiet });
  if (file.problem !== null) {
    return fail(
      'rules file',
      file.problem,
      `Mend it: codepiper policy lint ${path} tells when it is right; or take policies.file out of the configuration`,
    );
  }
  const count = file.policies?.length ?? 0;
  return ok('rules file', `${path} is valid (${count} ${count === 1 ? 'policy' : 'policies'})`);
}

/** Whether new sessions can have the sets of the setting: one that is not known keeps them from starting. */
async function checkSets(context: Context, wanted: readonly string[]): Promise<Check> {
  const name = 'policy sets';
  const shipped = starterSets.map(({ id }) => id);
  const isShipped = wanted.every((id) => shipped.includes(id));
  // Only the daemon knows those that people made.
  const stored = isShipped ? [] : await storedSets(context);
  const known = [...new Set([...shipped, ...(stored ?? [])])];
  const unknown = wanted
    .filter((id) => !known.includes(id))
    .map((id) => `"${id}"`)
    .join(', ');
  if (unknown === '') return ok(name, wanted.length === 0 ? 'none for new sessions' : wanted.join(', '));
  if (stored === null) {
    return warn(
      name,
      `the setting policies.sets names ${unknown}, which codepiper does not ship; the daemon has to say whether it is there`,
      'Start the daemon, and look again: codepiper daemon start --detach',
    );
  }
  return fail(
    name,
    `the setting policies.sets names ${unknown}, and there is no such set: new sessions do not start`,
    `There are ${known.join(', ')}. Change policies.sets, or make it: codepiper policy-set create`,
  );
}

async function storedSets(context: Context): Promise<string[] | null> {
  try {
    const { policySets } = await context.client().request('GET', '/policy-sets', { timeoutMs: 2000 });
    return policySets.map(({ id }) => id);
  } catch {
    // The check of the daemon says what is wrong with it.
    return null;
  }
}

const nothing = () => undefined;
/** What is wrong with the file is a line of the report. */
const quiet: Log = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => quiet,
};
