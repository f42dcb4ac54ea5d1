/**
 * What a tool does, in words that serve every agent. A rule's `tool` matches these as well as the agent's own tool
 * names. shell: runs a command. read: reads files. write: makes or replaces files. edit: changes files. fetch: gets a
 * URL. search: looks for something in files or on the web. mcp: a tool of an MCP server. agent: starts or steers
 * another agent.
 */
export const toolKinds = [
  'shell',
  'read',
  'write',
  'edit',
  'fetch',
  'search',
  'mcp',
  'agent',
  'other',
] as const;
