import type { Command, Option } from './command.ts';
import { analyticsCommands } from './commands.analytics.ts';
import { approvalCommands } from './commands.approvals.ts';
import { archiveCommands } from './commands.archive.ts';
import { auditCommands } from './commands.audit.ts';
import { authCommands } from './commands.auth.ts';
import { conversationCommands } from './commands.conversations.ts';
import { daemonCommands } from './commands.daemon.ts';
import { policyCommands } from './commands.policies.ts';
import { searchCommands } from './commands.search.ts';
import { sessionCommands } from './commands.sessions.ts';
import { talkCommands } from './commands.talk.ts';
import { transcriptCommands } from './commands.transcripts.ts';
import { help } from './options.ts';

export type { Command } from './command.ts';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  ...sessionCommands,
  ...talkCommands,
  ...conversationCommands,
  ...searchCommands,
  ...analyticsCommands,
  ...transcriptCommands,
  ...approvalCommands,
  ...policyCommands,
  ...auditCommands,
  ...archiveCommands,
  ...authCommands,
  ...daemonCommands,
];

export function findCommand(name: string): Command | undefined {
  return commands.find((command) => command.name === name || command.aliases?.includes(name));
}

const topOptions: Record<string, Option> = {
  help,
  version: { short: 'V', help: 'Print the version' },
};

/** The program without a command. */
export const topLevel: Command = {
  name: '',
  group: 'Help',
  summary: '',
  usage: ['<command> [options]'],
  examples: [],
  options: topOptions,
  load: () => import('./commands/help.ts'),
};
