import type { Decision } from '@codepiper/core/audit/decision.ts';
import type { Context } from '../context.ts';
import { age, type Colour, clean, shortPath, table, truncate } from '../output.ts';
import { refText, whyText } from '../policies/rule-text.ts';

const decisionColours: Readonly<Record<Decision['decision'], Colour>> = {
  allow: 'green',
  deny: 'red',
  ask: 'yellow',
  agent: 'dim',
  change: 'bold',
};

export function listDecisions({ io, paint }: Context, decisions: readonly Decision[]): string {
  if (decisions.length === 0) return io.isTTY.stdout ? 'No entries.\n' : '';
  const rows = decisions.map((entry) => [
    String(entry.seq),
    age(entry.at, io.now()),
    entry.sessionName ?? entry.sessionId?.slice(0, 8) ?? '',
    entry.decision,
    byText(entry),
    capped(entry.tool ?? '', 40),
    capped(callText(entry), 80),
    capped(entry.reason, 160),
  ]);
  const columns = [
    { title: 'ENTRY' },
    { title: 'AGE' },
    { title: 'SESSION', min: 8 },
    { title: 'DECISION' },
    { title: 'BY', min: 7 },
    { title: 'TOOL', min: 5 },
    { title: 'CALL', min: 12 },
    { title: 'REASON', min: 12 },
  ];
  return table(columns, rows, io.columns, (text, column) => {
    const name = column === 3 ? colourOf(text) : undefined;
    return name ? paint(text, name) : text;
  });
}

function colourOf(decision: string): Colour | undefined {
  return Object.entries(decisionColours).find(([name]) => name === decision)?.[1];
}

function byText({ by, who }: Decision): string {
  return who === null ? by : `${by} (${who})`;
}

/** What the call does, or what was changed, in a line. */
function callText({ decision, parts, input }: Decision): string {
  if (decision === 'change') return changeText(input);
  const texts = parts.map(({ text }) => text);
  return texts.length > 0 ? texts.join('; ') : input === null ? '' : JSON.stringify(input);
}

/** Of a policy or a set its id; of what a session or a file got, that. */
function changeText(input: Decision['input']): string {
  if (input === null) return '';
  if (typeof input.id === 'string') return input.id;
  return Object.entries(input)
    .flatMap(([key, value]) =>
      value === null ? [] : [`${key} ${[value].flat().map(nameOf).join(', ') || 'none'}`],
    )
    .join('; ');
}

function nameOf(value: unknown): string {
  const hasId = typeof value === 'object' && value !== null && 'id' in value;
  return String(hasId ? value.id : typeof value === 'object' ? '…' : value);
}

/** In one line, and not so long that a table without a width becomes unreadable. */
function capped(text: string, width: number): string {
  return truncate(text.replaceAll(/\s+/g, ' ').trim(), width);
}

/** Everything about one entry, part by part. */
export function describeDecision({ io, paint }: Context, entry: Decision): string {
  const facts: [string, string | null][] = [
    ['entry', String(entry.seq)],
    ['at', `${entry.at} (${age(entry.at, io.now())} ago)`],
    ['decision', entry.decision],
    ['by', byText(entry)],
    ['reason', entry.reason],
    ['rule', entry.rule && refText(entry.rule)],
    ['session', sessionText(entry)],
    ['provider', entry.provider],
    ['tool', entry.tool && (entry.toolKind === null ? entry.tool : `${entry.tool} (${entry.toolKind})`)],
    ['directory', entry.cwd && shortPath(entry.cwd, io.env.userHome)],
    ['input', entry.input && JSON.stringify(entry.input)],
    ['input hash', entry.inputHash],
    ['call', entry.callId],
    ['approval', entry.approvalId],
    ['took', entry.latencyMs === null ? null : `${entry.latencyMs.toFixed(1)} ms`],
    ['hash', entry.hash],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => {
      const text = clean(value ?? '');
      return `${name.padEnd(width)}  ${name === 'decision' ? paint(text, decisionColours[entry.decision]) : text}\n`;
    });
  const parts = entry.parts.flatMap(({ action, kind, text, why, rule }) => [
    `  ${paint(action.padEnd(5), action === 'none' ? 'dim' : decisionColours[action])}  ${kind.padEnd(6)}  ${clean(text)}\n`,
    `         ${paint(clean(whyText(why, rule)), 'dim')}\n`,
  ]);
  return [...lines, ...(parts.length > 0 ? ['\nparts\n', ...parts] : [])].join('');
}

function sessionText({ sessionId, sessionName }: Decision): string | null {
  return sessionName === null ? sessionId : `${sessionName} (${sessionId})`;
}
