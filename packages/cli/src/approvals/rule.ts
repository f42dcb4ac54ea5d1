import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiReply } from '@codepiper/client/api.ts';
import type { Rule } from '@codepiper/core/policies/policy.ts';
import type { Context } from '../context.ts';
import type { Io } from '../io.ts';
import { clean, ruleText } from './text.ts';

/** A rule that would be kept, and what it would do. */
export type Proposal = ApiReply<'POST', '/approvals/:id/proposal'>;

/** Most past calls that are listed. */
const shownMatches = 8;

export function proposalLines(proposal: Proposal): string[] {
  const { rule, allowsThis, matches, nearMisses } = proposal;
  const more = matches.length > shownMatches ? [`  … and ${matches.length - shownMatches} more`] : [];
  return [
    'The rule:',
    `  ${ruleText(rule)}`,
    ...(allowsThis ? [] : ['It does not allow this very call: widen it.']),
    matches.length === 0 ? 'It would have allowed nothing else so far.' : 'It would have allowed:',
    ...matches.slice(0, shownMatches).map((call) => `  ${clean(call)}`),
    ...more,
    ...(nearMisses.length === 0
      ? []
      : ['It would not allow:', ...nearMisses.map((call) => `  ${clean(call)}`)]),
  ];
}

/**
 * The rule to keep. At a terminal the person sees it first, and may edit it; elsewhere the daemon's proposal is kept.
 *
 * @returns undefined for the daemon's own proposal
 */
export async function confirmRule(
  context: Context,
  id: string,
  grant: 'session' | 'always',
  given: Rule | undefined,
): Promise<Rule | undefined> {
  const { io, input } = context;
  if (input.flag('yes') || !io.isTTY.stdin || !io.isTTY.stderr) return given;
  for (let rule = given; ; ) {
    const proposal = await context
      .client()
      .request('POST', '/approvals/:id/proposal', { params: { id }, body: { rule } });
    io.err(`${proposalLines(proposal).join('\n')}\n`);
    const where = grant === 'session' ? 'in this session' : 'in every session';
    const answer = (await io.ask(`Keep it ${where}? [y/e(dit)/N] `)).trim().toLowerCase();
    if (answer === 'y' || answer === 'yes') return proposal.rule;
    if (answer !== 'e' && answer !== 'edit') throw new Error('Nothing was approved.');
    rule = await editRule(io, proposal.rule);
  }
}

/** The rule as the person's editor leaves it. @throws Error when that is no JSON */
export async function editRule(io: Io, rule: Rule): Promise<Rule> {
  const folder = await mkdtemp(join(tmpdir(), 'codepiper-rule-'));
  const file = join(folder, 'rule.json');
  try {
    await writeFile(file, `${JSON.stringify(rule, null, 2)}\n`, { mode: 0o600 });
    await runEditor(io, file);
    return JSON.parse(await readFile(file, 'utf8')) as Rule;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`The rule is not valid JSON: ${error.message}`);
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runEditor(io: Io, file: string): Promise<void> {
  const env = io.env.forChild([]);
  const editor = env.VISUAL || env.EDITOR || 'vi';
  // An editor may be given with arguments, as `code --wait`: a shell takes it apart.
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit', env });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0)
    throw new Error(`The editor (${editor}) ended with ${code ?? 'a signal'}; the rule is as it was.`);
}
