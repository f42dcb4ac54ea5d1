import type { ToolCall } from './call.ts';
import { modeOf } from './compile.ts';
import { escapeGlob, Glob, globPlace } from './glob.ts';
import { type CallPart, type CallParts, unknownText } from './parts.ts';
import { type Pattern, type Rule, ruleSchema } from './policy.ts';

interface Directories {
  cwd: string;
  workspace: string;
  home: string;
}

/**
 * The narrowest rule that allows this very call: its command line as written in its directory, its paths, its address.
 * Null when one rule cannot say it, or nobody should: what is not known yet, or cannot be read, or has no name here.
 */
export function suggestRule(parts: CallParts, call: ToolCall, place: Directories): Rule | null {
  const own = parts.parts.filter((part) => !part.isImplied);
  const [first] = own;
  if (!first || own.some((part) => part.unreadable !== null)) return null;
  const rule = call.command === null ? ofTool(first, own, call) : ofCommand(parts, call, place);
  if (!rule) return null;
  const parsed = ruleSchema.safeParse(rule);
  return parsed.success ? parsed.data : null;
}

/**
 * The whole line as written, where it is given. A rule for each of its commands would allow them in another order,
 * without the first, with other quotes or variables, or fed by another command.
 */
function ofCommand({ parts, whole }: CallParts, call: ToolCall, place: Directories): Rule | null {
  if (whole === null || parts.some(({ args }) => Object.values(args).flat().some(isUnknown))) return null;
  const args = { line: escapeGlob(whole) };
  return { action: 'allow', tool: escapeGlob(call.tool), args, cwd: escapeGlob(place.cwd) };
}

const isUnknown = (text: string) => text.includes(unknownText);

/** What tells one call of a kind from another. */
const identity = {
  read: ['path'],
  write: ['path'],
  edit: ['path'],
  search: ['path'],
  fetch: ['host', 'url'],
  mcp: ['server', 'name', 'arguments'],
} as const;

function ofTool(first: CallPart, own: readonly CallPart[], call: ToolCall): Rule | null {
  const { kind } = call;
  if (kind === 'shell' || kind === 'agent' || kind === 'other') return null;
  const keys = identity[kind];
  const args: Record<string, Pattern> = {};
  for (const key of keys) {
    const pattern = exactly(own, key);
    if (pattern === null) return null;
    args[key] = pattern;
  }
  const kinds = [...new Set(own.map((part) => part.kind))];
  return { action: 'allow', tool: kinds.length === 1 ? first.kind : kinds, args };
}

/** A pattern for each value of an argument over all parts; null when one has none, or one that is not known. */
function exactly(parts: readonly CallPart[], key: string): Pattern | null {
  const values = new Set<string>();
  for (const { args } of parts) {
    const some = Object.hasOwn(args, key) ? args[key] : undefined;
    if (!some || some.length === 0) return null;
    for (const value of some) values.add(value);
  }
  const patterns = [...values].map(escapeGlob);
  if (patterns.some((pattern) => pattern.includes(unknownText))) return null;
  const [only] = patterns;
  return patterns.length === 1 && only !== undefined ? only : patterns;
}

/** How a call close to this one would differ, by what rules are held against. */
const changes: Readonly<Record<string, (value: string) => string[]>> = {
  command: (value) => [`${value} --another-option`, ...otherLastWord(value)],
  line: (value) => [`${value} --another-option`, ...otherLastWord(value)],
  path: (value) => [`${value.slice(0, value.lastIndexOf('/'))}/another-file`, '/another-folder/file'],
  url: (value) => [`${value.replace(/\/$/u, '')}/another-page`],
  host: (value) => [`another.${value}`],
  name: () => ['another_tool'],
  server: () => ['another-server'],
  arguments: () => ['{"another":"argument"}'],
};

function otherLastWord(command: string): string[] {
  const at = command.lastIndexOf(' ');
  return at < 0 ? [] : [`${command.slice(0, at)} another-argument`];
}

/** Texts of calls close to this one which the rule does not take, at most four: for the person who is to keep it. */
export function nearMisses(rule: Rule, parts: CallParts, place: Directories = nowhere): string[] {
  const where = globPlace(place);
  const found = new Set<string>();
  for (const [key, pattern] of Object.entries(rule.args ?? {})) {
    const change = Object.hasOwn(changes, key) ? changes[key] : undefined;
    if (!change) continue;
    const glob = new Glob(pattern, modeOf(key));
    for (const part of parts.parts) {
      const [value] = Object.hasOwn(part.args, key) && !part.isImplied ? (part.args[key] ?? []) : [];
      if (value === undefined || value.includes(unknownText)) continue;
      for (const near of change(value)) if (glob.match(near, where) === 'no') found.add(near);
    }
  }
  return [...found].slice(0, 4);
}

const nowhere: Directories = { cwd: '/', workspace: '/', home: '/' };
