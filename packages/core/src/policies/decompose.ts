import type { CallPlace, ToolCall, ToolKind } from './call.ts';
import { canonicalJson } from './canonical.ts';
import type { CallPart, CallParts } from './parts.ts';
import { callPath } from './paths.ts';
import { shellParts } from './shell/script.ts';
import { readable } from './shell/words.ts';

type Args = Record<string, readonly string[]>;

/**
 * Takes a call apart into the things it does, for rules to be held against. Never throws: what cannot be read becomes
 * a part that no rule can allow.
 */
export function decompose(call: ToolCall, place: CallPlace): CallParts {
  const own = inputArgs(call);
  const parts = call.command === null ? toolParts(call, place) : commandParts(call.command, place);
  return {
    // The agent's own names stand behind ours: a tool with an input called `path` cannot hide what it touches.
    parts: parts.map((part) => ({ ...part, args: { ...own, ...part.args } })),
    whole: call.command,
  };
}

/** Longer texts are contents of files and messages, which no rule needs to the end. */
const longestInput = 100_000;

/** Names that always mean what a part does itself, never what the agent wrote there. */
const neutral: Readonly<Partial<Record<ToolKind, readonly string[]>>> = {
  shell: ['command', 'program', 'path', 'url', 'host'],
  read: ['path', 'command', 'program'],
  write: ['path', 'command', 'program'],
  edit: ['path', 'command', 'program'],
  search: ['path', 'command', 'program'],
};

function inputArgs(call: ToolCall): Args {
  const args: Args = Object.create(null) as Args;
  const taken = neutral[call.command === null ? call.kind : 'shell'] ?? [];
  for (const [name, value] of Object.entries(call.input)) {
    if (value === undefined || taken.includes(name)) continue;
    const text = typeof value === 'string' ? value : canonicalJson(value);
    args[name] = [text.slice(0, longestInput)];
  }
  return args;
}

function commandParts(command: string, place: CallPlace): CallPart[] {
  const parts = shellParts(command, place);
  if (parts.length > 0) return parts;
  // Nothing but comments, or assignments that need no rule.
  return [
    {
      kind: 'shell',
      text: readable(command),
      args: { command: [':'], program: [':'] },
      isImplied: false,
      unreadable: null,
    },
  ];
}

function toolParts(call: ToolCall, place: CallPlace): CallPart[] {
  const { kind } = call;
  if (kind === 'shell') return [part(call, readable(call.tool), {}, 'the command it runs is missing')];
  if (kind === 'read' || kind === 'write' || kind === 'edit') {
    if (call.files.length === 0)
      return [part(call, `${kind} ${call.tool}`, {}, 'the file it touches is missing')];
    return call.files.map((file) => {
      const path = callPath(place, file.path);
      // A patch may read one file and write another.
      const fileKind = file.access === 'read' ? 'read' : kind === 'read' ? 'write' : kind;
      return { ...part(call, readable(`${fileKind} ${path}`), { path: [path] }), kind: fileKind };
    });
  }
  if (kind === 'fetch') return [fetchPart(call)];
  if (kind === 'mcp' && call.mcp) {
    const { server, name } = call.mcp;
    return [part(call, readable(`${server} ${name}`), { server: [server], name: [name] })];
  }
  const path = call.files.map((file) => callPath(place, file.path));
  const text = readable([call.tool, ...path].join(' '));
  return [part(call, text, path.length > 0 ? { path } : {})];
}

function part(call: ToolCall, text: string, args: Args, unreadable: string | null = null): CallPart {
  return { kind: call.kind, text, args, isImplied: false, unreadable };
}

function fetchPart(call: ToolCall): CallPart {
  const { url } = call;
  if (url === null) return part(call, readable(call.tool), {}, 'the address it gets is missing');
  const text = readable(`fetch ${url}`);
  const host = hostOf(url);
  if (host === null)
    return part(call, text, { url: [url] }, 'the host of its address cannot be read for sure');
  return part(call, text, { url: [url], host: [host] });
}

const address =
  /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#\\@\s]*@)?(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d*)?(?:[/?#][^\s\\]*)?$/i;

/**
 * Host of an address in small letters. Null for whatever browsers and libraries read in different ways: backslashes,
 * spaces, escaped or international names, numbers that are no usual IPv4 address.
 */
function hostOf(url: string): string | null {
  const host = address.exec(url)?.[1]?.toLowerCase().replace(/\.$/, '');
  if (!host) return null;
  const isNumber = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(host);
  return isNumber && !/^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(host) ? null : host;
}
