import type { Pattern, Rule } from '@codepiper/core/policies/policy.ts';

/** Rules as YAML, in the words of the documentation. */
export function rulesText(rules: readonly Rule[]): string {
  return rules.map((rule) => `- ${linesOf(rule).join('\n  ')}\n`).join('');
}

function linesOf({ action, tool, args, cwd, session, reason }: Rule): string[] {
  return [
    `action: ${action}`,
    ...(tool === undefined ? [] : [`tool: ${pattern(tool)}`]),
    ...(args === undefined
      ? []
      : ['args:', ...Object.entries(args).map(([name, value]) => `  ${scalar(name)}: ${pattern(value)}`)]),
    ...(cwd === undefined ? [] : [`cwd: ${pattern(cwd)}`]),
    ...(session === undefined ? [] : [`session: ${pattern(session)}`]),
    ...(reason === undefined ? [] : [`reason: ${scalar(reason)}`]),
  ];
}

function pattern(value: Pattern): string {
  return typeof value === 'string'
    ? scalar(value)
    : `[${value.map((one) => JSON.stringify(one)).join(', ')}]`;
}

/** Words that YAML takes for something else than text. */
const words = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'null', 'y', 'n']);

/** As it is where YAML takes it for text, else in quotes: a text of JSON is one of YAML. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z][\w ./()-]*$/.test(text) && !text.endsWith(' ') && !words.has(text.toLowerCase());
  return isPlain ? text : JSON.stringify(text);
}
