import { z } from 'zod';
import { toolKinds } from './tool-kinds.ts';

export const toolKindSchema = z.enum(toolKinds);
export type ToolKind = z.infer<typeof toolKindSchema>;

/** What an agent hands to a tool: its own JSON. */
export const toolInputSchema = z.record(z.string(), z.unknown());
export type ToolInput = Readonly<Record<string, unknown>>;

/** A call an agent is about to make, in the house's words. Providers translate; nobody else reads an agent's input. */
export interface ToolCall {
  /** The agent's own name of the tool, e.g. `Bash`, `apply_patch`, `mcp__github__create_issue`. */
  tool: string;
  kind: ToolKind;
  input: ToolInput;
  /** The command line a shell will be given; null when the tool runs none. */
  command: string | null;
  /** Files the call names, as written: absolute, relative to the call's directory, or with `~`. */
  files: readonly { path: string; access: 'read' | 'write' }[];
  /** The address a `fetch` goes to. */
  url: string | null;
  /** The MCP server and its tool. */
  mcp: { server: string; name: string } | null;
}

/** Where a call is made. */
export interface CallPlace {
  /** Directory of the call, absolute. Agents move: it may differ from where the session started. */
  cwd: string;
  /** Directory the session was started in, without links: what `${workspace}` in a rule stands for. */
  workspace: string;
  home: string;
  /** Absolute path without links and `..`, as far as it exists; the rest is kept as written. */
  realPath(path: string): string;
}
