import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiReply } from '@codepiper/client/api.ts';
import type { Rule } from '@codepiper/core/policies/policy.ts';
import type { Context } from '../context.ts';
import { explain } from '../explain.ts';
import type { Io } from '../io.ts';
import { truncate } from '../output.ts';
import { UsageError } from '../usage-error.ts';
import { clean, ruleText } from './text.ts';

/** A rule that would be kept, and what it would do. */
export type Proposal = ApiReply<'POST', '/approvals/:id/proposal'>;

interface Room {
  /** Most past calls that are listed. */
  matches: number;
  nearMisses: number;
  /** Columns of a call; the rule itself is never cut. */
  columns: number;
}

const enoughRoom: Room = { matches: 8, nearMisses: Infinity, columns: Infinity };

export function proposalLines(proposal: Proposal, room: Room = enoughRoom): string[] {
  const { rule, allowsThis, matches, nearMisses } = proposal;
  const more = matches.length > room.matches ? [`  … and ${matches.length - room.matches} more`] : [];
  const call = (text: string) => truncate(`  ${clean(text)}`, room.columns);
  return [
    'The rule:',
    `  ${ruleText(rule)}`,
    ...(allowsThis ? [] : ['It does not allow this very call: widen it.']),
    matches.length === 0 ? 'It would have allowed nothing else so far.' : 'It would have allowed:',
    ...matches.slice(0, room.matches).map(call),
    ...more,
    ...(nearMisses.length === 0
      ? []
      : ['It would not allow:', ...nearMisses.slice(0, room.nearMisses).map(call)]),
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
  const propose = (rule: Rule | undefined) =>
    context.client().request('POST', '/approvals/:id/proposal', { params: { id }, body: { rule } });
  const where = grant === 'session' ? 'in this session' : 'in every session';
  let proposal = await propose(given);
  /** What the editor opens: after a mistake the text with it. */
  let text = ruleJson(proposal.rule);
  io.err(`${proposalLines(proposal).join('\n')}\n`);
  for (;;) {
    const answer = (await io.ask(`Keep it ${where}? [y/e(dit)/N] `)).trim().toLowerCase();
    if (answer === 'y' || answer === 'yes') {
      if (proposal.allowsThis) return proposal.rule;
      io.err('It does not allow the call it is for: e edits it.\n');
      continue;
    }
    if (answer !== 'e' && answer !== 'edit') throw new Error('Nothing was approved.');
    try {
      text = await editText(io, text);
      proposal = await propose(await readRule(text, 'the rule'));
      io.err(`${proposalLines(proposal).join('\n')}\n`);
    } catch (error) {
      const { message, code } = explain(error);
      // Answered elsewhere, or no daemon: there is nothing left to ask about.
      if (code !== 'invalid_request' && code !== 'internal') throw error;
      io.err(`${clean(plainly(message))}\nThe rule is still ${ruleText(proposal.rule)}\n`);
    }
  }
}

function ruleJson(rule: Rule): string {
  return `${JSON.stringify(rule, null, 2)}\n`;
}

/** A message of the daemon about a request, as one about what the person gave. */
function plainly(message: string): string {
  return message.replaceAll(/\bbody\.(rule\.)?/g, '');
}

/**
 * One rule in YAML or JSON.
 *
 * @param label how errors name the text
 * @throws CodepiperError `invalid_request` that names the place of each problem, UsageError for several rules
 */
export async function readRule(text: string, label: string): Promise<Rule> {
  const { parseRules } = await import('@codepiper/daemon/policies/rules-text.ts');
  const [rule, ...others] = parseRules(text, label);
  if (rule && others.length === 0) return rule;
  throw new UsageError(`${label} has ${others.length + 1} rules; one is kept.`);
}

/** The rule as the person's editor leaves it. @throws CodepiperError or UsageError when that is no rule */
export async function editRule(io: Io, rule: Rule): Promise<Rule> {
  return readRule(await editText(io, ruleJson(rule)), 'the rule');
}

async function editText(io: Io, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'codepiper-rule-'));
  const file = join(folder, 'rule.yaml');
  try {
    await writeFile(file, text, { mode: 0o600 });
    await runEditor(io, file);
    return await readFile(file, 'utf8');
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
