import type { CreatePolicy, Rule } from '@codepiper/core/policies/policy.ts';
import type { House } from '@codepiper/testkit/house.ts';

/** Policies of a team that has many; each has {@link rulesEach}. None speaks of the calls that are measured. */
const policies = 200;
const rulesEach = 5;

/** A new policy as it is sent. */
type NewPolicy = Pick<CreatePolicy, 'name' | 'priority' | 'rules'>;

/** 1,000 rules in 200 policies, of the kinds people write. */
export function manyPolicies(): NewPolicy[] {
  return Array.from({ length: policies }, (_, index) => ({
    name: `team ${index}`,
    priority: index % 10,
    rules: someRules(index),
  }));
}

function someRules(index: number): Rule[] {
  const rules: Rule[] = [
    { action: 'deny', tool: 'shell', args: { command: `git push * release-${index}*` } },
    { action: 'ask', tool: 'shell', args: { command: `*--token-${index}=*` } },
    {
      action: 'deny',
      tool: ['shell', 'read', 'write', 'edit'],
      args: { path: [`**/private-${index}/**`, `!**/private-${index}/README.md`] },
    },
    {
      action: 'allow',
      tool: 'shell',
      args: { command: [`make target-${index}`, `pnpm run task-${index} *`] },
      cwd: `/srv/project-${index}/**`,
    },
    {
      action: 'ask',
      tool: 'mcp',
      args: { server: `board-${index}` },
      reason: 'A person looks at the board.',
    },
  ];
  if (rules.length !== rulesEach) throw new Error(`a policy has ${rules.length} rules, not ${rulesEach}`);
  return rules;
}

/** Allows what is measured. It comes after all the others, so that each of them is looked at. */
export const lastPolicy: NewPolicy = {
  name: 'the last',
  priority: -1000,
  rules: [
    { action: 'allow', tool: 'shell', args: { command: ['git *', 'cd *', 'grep *', 'sort *', 'pnpm *'] } },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a place in a rule is written so
    { action: 'allow', tool: 'write', args: { path: '${workspace}/**' } },
  ],
};

export const simpleCommand = (count: number) => `git log --oneline -n ${count}`;

/** Five commands and a file that is written, as agents chain them. */
export const compoundCommand = (count: number) =>
  `cd packages/app && git status --short -- src/part-${count} | grep -v '^??' | sort -u > report-${count}.txt; pnpm run lint --fix`;

/** Stores policies over the API. */
export async function storePolicies(house: House, wanted: readonly NewPolicy[]): Promise<void> {
  for (const policy of wanted) {
    const { status, text } = await house.http('POST', '/policies', policy);
    if (status !== 201) throw new Error(`the policy "${policy.name}" was not made: ${text}`);
  }
}
