import type { ToolInput } from '@codepiper/core/policies/call.ts';

/** Tools one may try, each with a call of it. */
export const toolExamples: Readonly<Record<string, string>> = {
  shell: 'git push --force origin main',
  read: '/etc/passwd',
  write: 'src/index.ts',
  edit: 'src/index.ts',
  fetch: 'https://example.com/',
  search: 'src',
  mcp__github__create_issue: '{ "title": "…" }',
};

/** Name of the argument that a text alone is. Those of Claude Code: the daemon knows them for every agent. */
const only: Readonly<Record<string, string>> = {
  shell: 'command',
  Bash: 'command',
  read: 'file_path',
  Read: 'file_path',
  write: 'file_path',
  Write: 'file_path',
  edit: 'file_path',
  Edit: 'file_path',
  fetch: 'url',
  WebFetch: 'url',
  search: 'path',
};

/** What was typed as the input of a tool: JSON, or the text of its one argument that matters. */
export function inputOf(tool: string, text: string): ToolInput | Error {
  const trimmed = text.trim();
  const name = only[tool];
  if (name !== undefined && !trimmed.startsWith('{')) return { [name]: text };
  if (trimmed === '') return {};
  try {
    const value: unknown = JSON.parse(trimmed);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ToolInput;
    return new Error('The input of a tool is an object: { "argument": "value" }');
  } catch (error) {
    // A command may begin with a brace too.
    if (name !== undefined) return { [name]: text };
    return new Error(`This is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
