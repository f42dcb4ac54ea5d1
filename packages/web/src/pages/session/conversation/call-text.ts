import type { Entry } from '@codepiper/core/transcripts/conversation.ts';

/** What a call does to a file, as its input says. Line numbers are not known. */
export interface Change {
  path: string;
  before: string;
  after: string;
}

/**
 * A call in one line: its command, the file it names, or the first that its input says.
 *
 * @param cwd paths below it are shown from there
 */
export function callSummary({ path, text }: Pick<Entry, 'path' | 'text'>, cwd: string): string {
  if (path !== null) return shortPath(path, cwd);
  return text.split('\n').find((line) => line.trim() !== '') ?? '';
}

export function shortPath(path: string, cwd: string): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}

const members = ['file_path', 'old_string', 'new_string', 'replace_all', 'content', 'edits'] as const;
type Member = (typeof members)[number];

/** The changes that a call's text tells of (a line per member, see `callText` of the providers); empty for any other. */
export function changesIn({ path, text }: Pick<Entry, 'path' | 'text'>): Change[] {
  const given = membersOf(text);
  const file = given.file_path ?? path;
  if (file === null) return [];
  const { old_string: before, new_string: after, content, edits } = given;
  if (before !== undefined && after !== undefined) return [{ path: file, before, after }];
  if (edits !== undefined) return editsOf(edits).map((edit) => ({ path: file, ...edit }));
  return content === undefined ? [] : [{ path: file, before: '', after: content }];
}

function membersOf(text: string): Partial<Record<Member, string>> {
  const found = members
    .map((name) => ({ name, at: text.startsWith(`${name}: `) ? 0 : text.indexOf(`\n${name}: `) + 1 }))
    .filter(({ name, at }) => at > 0 || text.startsWith(`${name}: `))
    .toSorted((a, b) => a.at - b.at);
  return Object.fromEntries(
    found.map(({ name, at }, index) => {
      const end = found[index + 1]?.at ?? text.length + 1;
      return [name, text.slice(at + name.length + 2, end - 1)];
    }),
  );
}

function editsOf(json: string): { before: string; after: string }[] {
  try {
    const edits: unknown = JSON.parse(json);
    if (!Array.isArray(edits)) return [];
    return edits.flatMap((edit: { old_string?: unknown; new_string?: unknown } | null) =>
      typeof edit?.old_string === 'string' && typeof edit.new_string === 'string'
        ? [{ before: edit.old_string, after: edit.new_string }]
        : [],
    );
  } catch {
    return [];
  }
}

/** A patch in the form `*** Begin Patch` as a unified diff, without true line numbers; null for any other text. */
export function diffOfPatch(text: string): string | null {
  const start = text.indexOf('*** Begin Patch');
  if (start === -1) return null;
  const lines: string[] = [];
  let isInHunk = false;
  for (const line of text.slice(start).split('\n').slice(1)) {
    if (line.startsWith('*** End Patch')) break;
    const file = /^\*\*\* (?:Update|Add|Delete) File: (.*)$/.exec(line);
    if (file) {
      lines.push(`diff ${file[1]}`);
      isInHunk = false;
      continue;
    }
    if (line.startsWith('*** ')) continue;
    if (line.startsWith('@@')) {
      lines.push(`@@ -1 +1 @@${line.slice(2)}`);
      isInHunk = true;
      continue;
    }
    if (!isInHunk) lines.push('@@ -1 +1 @@');
    isInHunk = true;
    lines.push(line);
  }
  return lines.join('\n');
}
