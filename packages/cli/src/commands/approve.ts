import type { Grant, Question } from '@codepiper/core/approvals/approval.ts';
import type { Rule } from '@codepiper/core/policies/policy.ts';
import { readNote } from '../approvals/note.ts';
import { confirmRule, readRule } from '../approvals/rule.ts';
import { settledLine } from '../approvals/text.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../usage-error.ts';

export async function run(context: Context): Promise<void> {
  const { input } = context;
  const id = input.required(0);
  const grant = chosenGrant(context);
  const note = readNote(input, 'note');
  const client = context.client();
  if (input.flag('like')) {
    const without = ['session', 'always', 'rule', 'answer'].find((name) => input.flag(name));
    if (without) throw new UsageError(`--like and --${without} exclude each other.`);
    const { approvals } = await client.request('POST', '/approvals/:id/approve-like', {
      params: { id },
      body: { note },
    });
    context.print(approvals, () => approvals.map(settledLine).join(''));
    return;
  }
  const written = input.text('rule');
  if (written !== undefined && grant === 'once') {
    throw new UsageError('--rule goes with --session or --always.');
  }
  const given = written === undefined ? undefined : await parseRule(written);
  const answers = input.flag('answer') ? await readAnswers(context, id) : undefined;
  const rule = grant === 'once' ? undefined : await confirmRule(context, id, grant, given);
  const reply = await client.request('POST', '/approvals/:id/approve', {
    params: { id },
    body: { grant, note, rule, answers },
  });
  context.print(reply, () => {
    const kept = reply.policy === null ? '' : `kept in policy ${reply.policy.id}\n`;
    return settledLine(reply.approval) + kept;
  });
}

function chosenGrant({ input }: Context): Grant {
  const given = (['once', 'session', 'always'] as const).filter((name) => input.flag(name));
  if (given.length > 1) throw new UsageError(`--${given[0]} and --${given[1]} exclude each other.`);
  return given[0] ?? 'once';
}

/** @throws UsageError when the text is no rule, CodepiperError that names what is wrong in it */
async function parseRule(text: string): Promise<Rule> {
  if (/^\s*(\{|[a-z]+:\s)/i.test(text)) return readRule(text, '--rule');
  throw new UsageError(
    `--rule is "${text}"; it must be a rule as JSON or YAML, e.g. '{"action":"allow","tool":"shell","args":{"command":"npm test"}}'.`,
  );
}

async function readAnswers(context: Context, id: string): Promise<Record<string, string>> {
  const { approval } = await context.client().request('GET', '/approvals/:id', { params: { id } });
  const { questions } = approval;
  if (questions.length === 0) throw new UsageError('--answer: nothing is asked here.');
  return Object.fromEntries(
    context.input.list('answer').map((text) => {
      const [question, answer] = answerTo(questions, text);
      if (answer === '') throw new UsageError(`--answer is empty for "${question}"; give an answer.`);
      return [question, answer];
    }),
  );
}

/** `text` where one question is asked, else `question=text`, by its words, its header or its number. */
function answerTo(questions: readonly Question[], text: string): [question: string, answer: string] {
  for (const [index, { question, header }] of questions.entries()) {
    for (const name of [question, header, String(index + 1)]) {
      if (name !== null && text.startsWith(`${name}=`)) return [question, text.slice(name.length + 1)];
    }
  }
  const [first, ...others] = questions;
  if (first && others.length === 0) return [first.question, text];
  const names = questions.map(({ question }, index) => `  ${index + 1}=…  ${question}`).join('\n');
  throw new UsageError(`--answer "${text}" does not say which question it answers:\n${names}`);
}
