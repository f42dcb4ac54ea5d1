import type { CallPlace, ToolCall, ToolKind } from './call.ts';
import { canonicalJson } from './canonical.ts';
import { isPathName } from './compile.ts';
import type { CallPart, CallParts } from './parts.ts';
import { unknownText } from './parts.ts';
import { callPaths } from './paths.ts';
import { shellParts } from './shell/script.ts';
import { readable } from './shell/words.ts';

type Args = Record<string, readonly string[]>;

/**
 * Takes a call apart into the things it does, for rules to be held against. Never throws: what cannot be read becomes
 * a part that no rule can allow.
 */
export function decompose(call: ToolCall, place: CallPlace): CallParts {
  const own = inputArgs(call, place);
  const parts = call.command === null ? toolParts(call, place) : commandParts(call.command, place);
  const line: Args = call.command === null ? {} : { line: [call.command] };
  const isTooWide = Object.keys(call.input).length > mostMembers;
  return {
    // The agent's own names stand behind ours: a tool with an input called `path` cannot hide what it touches.
    parts: parts.map((part) => ({
      ...part,
      args: { ...own, ...line, ...part.args },
      unreadable: isTooWide ? `its input has more than ${mostMembers} members: too many` : part.unreadable,
    })),
    whole: call.command,
  };
}

/** Longer texts are contents of files and messages, which no rule needs to the end. */
const longestInput = 100_000;
/** Members of an input that rules can name. */
const mostMembers = 500;
/** Files one call may touch. */
const mostFiles = 1000;

/** Names that always mean what a part does itself, never what the agent wrote there. */
const neutral: Readonly<Partial<Record<ToolKind, readonly string[]>>> = {
  shell: ['command', 'program', 'path', 'url', 'host'],
  read: ['path', 'command', 'program'],
  write: ['path', 'command', 'program'],
  edit: ['path', 'command', 'program'],
  search: ['path', 'command', 'program'],
};

function inputArgs(call: ToolCall, place: CallPlace): Args {
  const args: Args = Object.create(null) as Args;
  const taken = neutral[call.command === null ? call.kind : 'shell'] ?? [];
  for (const [name, value] of Object.entries(call.input).slice(0, mostMembers)) {
    if (value === undefined || taken.includes(name)) continue;
    // `/work/../etc` must not pass for something in /work, whatever an agent calls its paths.
    if (isPathName(name) && typeof value === 'string') args[name] = callPaths(place, value);
    else args[name] = [(typeof value === 'string' ? value : json(value)).slice(0, longestInput)];
  }
  return args;
}

/** What is nested too deeply for us may be anything. */
function json(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof RangeError) return unknownText;
    throw error;
  }
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
    if (call.files.length > mostFiles)
      return [part(call, `${kind} ${call.tool}`, {}, `it touches more than ${mostFiles} files: too many`)];
    return call.files.map((file) => {
      const path = callPaths(place, file.path);
      // A patch may read one file and write another.
      const fileKind = file.access === 'read' ? 'read' : kind === 'read' ? 'write' : kind;
      return { ...part(call, readable(`${fileKind} ${path[0]}`), { path }), kind: fileKind };
    });
  }
  if (kind === 'fetch') return [fetchPart(call)];
  if (kind === 'mcp' && call.mcp) {
    const { server, name } = call.mcp;
    const args = { server: [server], name: [name], arguments: [json(call.input)] };
    return [part(call, readable(`${server} ${name}`), args)];
  }
  const path = call.files.slice(0, mostFiles).flatMap((file) => callPaths(place, file.path));
  if (call.files.length > mostFiles) path.push(unknownText);
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
  // `http://host?x` is `http://host/?x`: what stands behind the host is not taken for some of its name.
  return part(call, text, { url: [url.replace(/^([^/]*\/\/[^/?#]*)(?=[?#])/, '$1/')], host: [host] });
}

const address =
  /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#\\@\s]*@)?(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d*)?(?:[/?#][^\s\\]*)?$/i;

/**
 * Host of an address in small letters. Null for whatever browsers and libraries read in different ways: backslashes,
 * spaces, escaped or international names, numbers that are no usual IPv4 address, IPv6 addresses that are not written
 * as short as can be or stand for an IPv4 one.
 */
function hostOf(url: string): string | null {
  const host = address.exec(url)?.[1]?.toLowerCase().replace(/\.$/, '');
  if (!host) return null;
  if (host.startsWith('[')) return isUsualIpv6(host) ? host : null;
  const isNumber = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(host);
  return isNumber && !/^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(host) ? null : host;
}

function isUsualIpv6(host: string): boolean {
  return !/\.|(?:^\[|:)0|::ffff:|:::/.test(host);
}
