import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import type { ApprovalKind, Question } from '@codepiper/core/approvals/approval.ts';
import type { ToolCall, ToolInput } from '@codepiper/core/policies/call.ts';
import { createTwoFilesPatch } from 'diff';

const longestSummary = 200;
/** Files larger than this are not compared, in bytes. */
const largestFile = 1_048_576;
/** A patch larger than this is not kept, in characters: the input has it all. */
const largestDiff = 262_144;
/** A comparison that takes longer is given up, in milliseconds: the whole daemon waits with it. */
const diffTimeout = 15;

/** Replaces secrets in the members of an input. */
type Redact = (input: ToolInput) => ToolInput;

/**
 * One line: what the agent wants. Secrets are replaced before anything is cut off, as half a secret is not known for
 * one, and while members still have their names.
 */
export function summarize(
  call: ToolCall,
  more: { kind: ApprovalKind; questions: readonly Question[]; cwd: string; diff: string | null },
  redact: Redact,
): string {
  const { text: kept } = redact({ text: wanted(call, more, redact) });
  return oneLine(String(kept));
}

function wanted(
  call: ToolCall,
  { kind, questions, cwd, diff }: Parameters<typeof summarize>[1],
  redact: Redact,
): string {
  if (kind === 'plan') return `plan: ${firstLine(text(call.input.plan)) || 'wants to go on with its plan'}`;
  if (kind === 'question') return questions.map(({ question }) => question).join(' / ') || 'asks something';
  if (call.command !== null) return firstLine(call.command);
  if (call.url !== null) return `fetch ${call.url}`;
  if (call.mcp) return `${call.mcp.server}/${call.mcp.name}`;
  if (call.kind === 'edit' || call.kind === 'write' || call.kind === 'read') {
    const files = [...new Set(call.files.map(({ path }) => shortPath(path, cwd)))];
    const more = files.length > 3 ? ` and ${files.length - 3} more` : '';
    return `${call.kind} ${files.slice(0, 3).join(', ')}${more}${diff === null ? '' : counts(diff)}`;
  }
  return `${call.tool} ${JSON.stringify(redact(call.input))}`;
}

/**
 * What a call would change, as a unified diff: Claude Code's Edit, MultiEdit and Write against the file as it is, the
 * patch of Codex's apply_patch as it came. Null where nothing is changed, or it cannot be said.
 */
export async function diffOf(call: ToolCall, cwd: string): Promise<string | null> {
  const { input } = call;
  const patch = call.tool === 'apply_patch' ? (text(input.command) ?? text(input.input)) : null;
  if (patch) return patch.length <= largestDiff ? patch : null;
  const file = text(input.file_path);
  if (!file || (call.kind !== 'edit' && call.kind !== 'write')) return null;
  const before = await readSmallFile(resolve(cwd, file));
  const after = changed(call, before);
  if (after === null || after.length > largestFile) return null;
  const name = shortPath(file, cwd);
  const unified = createTwoFilesPatch(
    before === null ? '/dev/null' : name,
    name,
    before ?? '',
    after,
    '',
    '',
    {
      timeout: diffTimeout,
    },
  );
  if (unified === undefined || unified.length > largestDiff) return null;
  return unified.replace(/^=+\n/, '');
}

/** The file's content afterwards; null when the call would fail or is not understood. */
function changed(call: ToolCall, before: string | null): string | null {
  const { input } = call;
  if (typeof input.content === 'string') return input.content;
  if (typeof input.old_string === 'string') return replaced(before, input);
  if (!Array.isArray(input.edits)) return null;
  return input.edits.reduce<string | null>(
    (content, edit: unknown) =>
      typeof edit === 'object' && edit !== null ? replaced(content, edit as Record<string, unknown>) : null,
    before,
  );
}

function replaced(content: string | null, edit: Readonly<Record<string, unknown>>): string | null {
  const { old_string: from, new_string: to, replace_all: all } = edit;
  if (typeof from !== 'string' || typeof to !== 'string') return null;
  // An empty text makes a new file.
  if (from === '') return content === null || content === '' ? to : null;
  if (content === null || !content.includes(from)) return null;
  // As a function: a dollar in the text has no meaning.
  return all === true ? content.replaceAll(from, () => to) : content.replace(from, () => to);
}

/** Null when there is no such file. What is no plain file, too large or not text fails the diff, not the approval. */
async function readSmallFile(path: string): Promise<string | null> {
  try {
    // The agent names it: a pipe would be waited for, and a device has no end.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const info = await file.stat();
    if (!info.isFile() || info.size > largestFile) throw new RangeError('no plain file of at most 1 MB');
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function counts(diff: string): string {
  const lines = diff.split('\n').filter((line) => !/^(\+\+\+|---) /.test(line));
  const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
  return ` (+${count('+')} −${count('-')})`;
}

function shortPath(path: string, cwd: string): string {
  if (!isAbsolute(path)) return path;
  const inside = relative(cwd, path);
  return inside === '' || inside.startsWith('..') ? path : inside;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function firstLine(value: string | null): string {
  const lines = (value ?? '').split('\n').filter((line) => line.trim() !== '');
  return lines.length > 1 ? `${lines[0]} …` : (lines[0] ?? '');
}

function oneLine(value: string): string {
  const line = value.replace(/\s+/g, ' ').trim().toWellFormed();
  return line.length > longestSummary ? `${line.slice(0, longestSummary - 1).toWellFormed()}…` : line;
}
