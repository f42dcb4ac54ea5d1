import type { Decision } from '@codepiper/core/audit/decision.ts';

const deciders: Readonly<Record<Decision['by'], string>> = {
  rule: 'a rule',
  default: 'the default',
  user: 'a person',
  terminal: 'a person, in its terminal',
  timeout: 'nobody: it expired',
  dangerous: 'dangerous mode',
  agent: 'the agent',
  daemon: 'codepiper',
};
const places: Readonly<Record<string, string>> = {
  cli: 'on the command line',
  dashboard: 'in the dashboard',
};

/** Who decided: `a person, in the dashboard`. */
export function deciderWords({ by, who }: Decision): string {
  return who === null ? deciders[by] : `${deciders[by]}, ${places[who] ?? who}`;
}

/** What the call does, or what was changed, in a line. */
export function callWords({ decision, parts, input, reason }: Decision): string {
  if (decision === 'change') return reason;
  const texts = parts.map(({ text }) => text);
  if (texts.length > 0) return texts.join('; ');
  if (typeof input?.command === 'string') return input.command;
  return input === null ? reason : JSON.stringify(input);
}
