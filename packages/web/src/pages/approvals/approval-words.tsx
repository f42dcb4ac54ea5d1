import type { Approval } from '@codepiper/core/approvals/approval.ts';
import {
  FilePen,
  FileText,
  Globe,
  ListChecks,
  type LucideIcon,
  MessageCircleQuestion,
  Plug,
  Search,
  SquareTerminal,
  Wrench,
} from 'lucide-react';

const icons: Readonly<Record<Approval['toolKind'], LucideIcon>> = {
  shell: SquareTerminal,
  read: FileText,
  write: FilePen,
  edit: FilePen,
  fetch: Globe,
  search: Search,
  mcp: Plug,
  agent: Wrench,
  other: Wrench,
};

export function KindIcon({ approval: { kind, toolKind } }: { approval: Approval }) {
  const Icon = kind === 'question' ? MessageCircleQuestion : kind === 'plan' ? ListChecks : icons[toolKind];
  return <Icon aria-hidden="true" className="size-3.5 shrink-0" />;
}

const wants: Readonly<Record<Approval['toolKind'], string>> = {
  shell: 'wants to run a command',
  read: 'wants to read',
  write: 'wants to write a file',
  edit: 'wants to change files',
  fetch: 'wants to fetch an address',
  search: 'wants to search',
  mcp: 'wants to use a tool of a server',
  agent: 'wants to start an agent',
  other: 'wants to use a tool',
};

/** What it is about, in a word: `Bash`, `question`, `plan`. */
export function kindWords({ kind, tool }: Approval): string {
  return kind === 'tool' ? tool : kind;
}

/** What the agent wants, as the end of a sentence that begins with its session. */
export function wantWords({ kind, toolKind }: Approval): string {
  if (kind === 'question') return 'asks you';
  if (kind === 'plan') return 'shows its plan';
  return wants[toolKind];
}

/** The command line of an approval; null when it runs none. */
export function commandOf({ kind, toolKind, input }: Approval): string | null {
  if (kind !== 'tool' || toolKind !== 'shell') return null;
  const { command, cmd } = input;
  const line = command ?? cmd;
  if (typeof line === 'string') return line;
  return Array.isArray(line) ? line.map(String).join(' ') : null;
}

/** What a row of the list says of it. */
export function shownText(approval: Approval): string {
  return commandOf(approval) ?? approval.summary;
}

const longestShown = 320;
const mostLines = 7;

/** Whether a row of the list on a phone shows all that an answer depends on. */
export function isWhollyShown(approval: Approval): boolean {
  const command = commandOf(approval);
  if (command !== null) return command.length <= longestShown && command.split('\n').length <= mostLines;
  return approval.kind === 'tool' && ['read', 'fetch', 'search'].includes(approval.toolKind);
}
