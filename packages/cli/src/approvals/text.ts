import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Rule } from '@codepiper/core/policies/policy.ts';
import type { Colour } from '../output.ts';
import { age, shortPath, clean as withoutControls } from '../output.ts';

/**
 * Text of an agent, safe to decide by: nothing in it moves the cursor, is invisible, or turns the direction of writing.
 */
export function clean(text: string): string {
  return withoutControls(text).replaceAll(
    /[\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Colours a text, where that is wanted. */
export type Paint = (text: string, colour: Colour) => string;

export interface TextOptions {
  paint: Paint;
  now: number;
  userHome: string;
}

export function shortApproval({ id }: Pick<Approval, 'id'>): string {
  return id.slice(0, 8);
}

export function sessionLabel({ sessionId, sessionName }: Approval): string {
  return clean(sessionName ?? sessionId.slice(0, 8));
}

/** `a1b2c3d4 approved: npm test`. */
export function settledLine(approval: Approval): string {
  return `${shortApproval(approval)} ${approval.status}: ${clean(approval.summary)}\n`;
}

/** `approved by cli: note`. */
export function outcomeText({ status, settledBy, note, grant }: Approval): string {
  const how = grant === null || grant === 'once' ? '' : ` (${grant})`;
  return clean(
    `${status}${how}${settledBy === null ? '' : ` by ${settledBy}`}${note === null ? '' : `: ${note}`}`,
  );
}

/** A rule on one line. */
export function ruleText(rule: Rule): string {
  return clean(JSON.stringify(rule));
}

export function expiryText({ expiresAt }: Approval, now: number): string {
  if (expiresAt === null) return 'never expires';
  const left = Date.parse(expiresAt) - now;
  return left <= 0 ? 'expires now' : `expires in ${age(new Date(now - left).toISOString(), now)}`;
}

/** Everything about one approval, line by line. */
export function detailLines(approval: Approval, options: TextOptions): string[] {
  const { paint, now, userHome } = options;
  const { id, status, summary, input } = approval;
  const isPending = status === 'pending';
  const facts: [string, string][] = [
    ['id', id],
    ['session', `${sessionLabel(approval)} (${approval.sessionId.slice(0, 8)}, ${approval.provider})`],
    ['status', statusText(approval, now)],
    ...(summary === input.command ? [] : ([['wants', summary]] as [string, string][])),
    ['tool', `${approval.tool} (${approval.toolKind})`],
    ['directory', shortPath(approval.cwd, userHome)],
    ['asked', `${approval.askedAt} (${age(approval.askedAt, now)} ago)`],
    ...(approval.inTerminal && isPending
      ? ([['also', "the agent's own dialog is open in its terminal"]] as [string, string][])
      : []),
  ];
  // What is decided about comes first, then why it is asked and what could be kept: a small screen shows all three.
  return [
    ...facts.map(factLine),
    ...wantedLines(approval, paint),
    ...questionLines(approval, paint),
    '',
    factLine(['why', approval.verdict.reason]),
    ...(isPending ? suggestionLines(approval, paint) : []),
    ...partLines(approval, paint),
    ...diffLines(approval.diff, paint),
  ];
}

function factLine([name, value]: readonly [name: string, value: string]): string {
  return `${name.padEnd(9)}  ${clean(value)}`;
}

/** The rule that an approval for longer would keep, or why there is none. */
function suggestionLines({ suggestion, kind }: Approval, paint: Paint): string[] {
  if (suggestion !== null) {
    const title = 'a rule that would allow it (approve --session or --always)';
    return [paint(title, 'bold'), `  ${ruleText(suggestion)}`];
  }
  const why = 'none can be kept for this call: it is approved once, each time';
  return [factLine(['rule', kind === 'tool' ? why : `none: each ${kind} is answered by itself`])];
}

function statusText(approval: Approval, now: number): string {
  return approval.status === 'pending'
    ? `pending, ${expiryText(approval, now)}${approval.aging ? ', waits long' : ''}`
    : outcomeText(approval);
}

function wantedLines({ input, diff, kind }: Approval, paint: Paint): string[] {
  if (kind === 'question') return [];
  const lines = typeof input.command === 'string' && diff === null ? input.command.split('\n') : undefined;
  const shown = lines ?? (diff === null ? JSON.stringify(input, null, 2).split('\n') : []);
  if (kind === 'plan' && typeof input.plan === 'string')
    return section('plan', input.plan.split('\n'), paint);
  return shown.length === 0 ? [] : section(lines ? 'command' : 'input', shown, paint);
}

function questionLines({ questions }: Approval, paint: Paint): string[] {
  return questions.flatMap(({ question, options, multiSelect }, index) => [
    '',
    paint(`${index + 1}. ${clean(question)}${multiSelect ? ' (several may be chosen)' : ''}`, 'bold'),
    ...options.map(
      ({ label, description }, option) =>
        `   ${option + 1}) ${clean(label)}${description === null ? '' : paint(`  ${clean(description)}`, 'dim')}`,
    ),
  ]);
}

const marks: Readonly<Record<string, [string, Colour]>> = {
  allow: ['allow', 'green'],
  deny: ['deny', 'red'],
  ask: ['ask', 'yellow'],
};

function partLines({ verdict }: Approval, paint: Paint): string[] {
  if (verdict.parts.length === 0) return [];
  const lines = verdict.parts.map(({ action, text, why }) => {
    const [word, colour] = marks[action] ?? [action, 'dim'];
    return `  ${paint(word.padEnd(5), colour)}  ${clean(text)}  ${paint(clean(why), 'dim')}`;
  });
  return ['', paint('parts', 'bold'), ...lines];
}

function diffLines(diff: string | null, paint: Paint): string[] {
  if (diff === null) return [];
  const coloured = diff
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => {
      const text = clean(line);
      if (/^(\+\+\+|---|\*\*\*) /.test(line)) return paint(text, 'bold');
      if (line.startsWith('@@')) return paint(text, 'dim');
      if (line.startsWith('+')) return paint(text, 'green');
      return line.startsWith('-') ? paint(text, 'red') : text;
    });
  return ['', paint('change', 'bold'), ...coloured];
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return ['', paint(title, 'bold'), ...lines.map((line) => `  ${clean(line)}`)];
}
