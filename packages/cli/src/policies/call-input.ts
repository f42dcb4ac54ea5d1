import type { Context } from '../context.ts';
import { readText } from '../text-input.ts';
import { UsageError } from '../usage-error.ts';

/** The argument that a text alone stands for, by what a tool is called: kinds, and the agents' own names. */
const mainArgument: Readonly<Record<string, readonly string[]>> = {
  command: ['shell', 'Bash', 'exec_command', 'shell_command', 'local_shell'],
  file_path: ['read', 'write', 'edit', 'Read', 'Write', 'Edit'],
  notebook_path: ['NotebookEdit'],
  url: ['fetch', 'WebFetch'],
  pattern: ['search', 'Grep', 'Glob'],
  query: ['WebSearch', 'web_search'],
};

/**
 * The input of a call as a person writes it: JSON, or the one text that matters to the tool.
 *
 * @throws UsageError naming what is wrong
 */
export async function readCallInput(
  context: Context,
  tool: string,
  words: readonly string[],
): Promise<Record<string, unknown>> {
  const rest = context.input.rest ?? [];
  if (words.length > 0 && rest.length > 0) {
    throw new UsageError('Give the input as one argument or behind --, not both.');
  }
  const written = rest.length > 0 ? rest.join(' ') : words.join(' ');
  const text = written === '-' ? await readText(context.io) : written;
  if (text.trim() === '') {
    throw new UsageError('<input> is required: codepiper policy explain <session> <tool> <json | command>');
  }
  if (text.trimStart().startsWith('{')) return readJson(text);
  const key = Object.entries(mainArgument).find(([, tools]) => tools.includes(tool))?.[0];
  if (key === undefined) {
    throw new UsageError(
      `The input of ${tool} must be JSON, such as '{"name": "value"}'; got "${cut(text)}".`,
    );
  }
  return { [key]: text };
}

function readJson(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`The input "${cut(text)}" is not valid JSON: ${why}`);
  }
  return value as Record<string, unknown>;
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
