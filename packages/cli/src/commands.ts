import { type Command, named } from './command.ts';
import { analyticsCommands } from './commands.analytics.ts';
import { approvalCommands } from './commands.approvals.ts';
import { archiveCommands } from './commands.archive.ts';
import { auditCommands } from './commands.audit.ts';
import { authCommands } from './commands.auth.ts';
import { conversationCommands } from './commands.conversations.ts';
import { daemonCommands } from './commands.daemon.ts';
import { policyCommands } from './commands.policies.ts';
import { recordingCommands } from './commands.recordings.ts';
import { searchCommands } from './commands.search.ts';
import { sessionCommands } from './commands.sessions.ts';
import { talkCommands } from './commands.talk.ts';
import { transcriptCommands } from './commands.transcripts.ts';

export type { Command } from './command.ts';

/**
 * Every command, in the order of the help. Made when somebody asks for more than the sessions' own commands: it is
 * most of what could be read at start, and `codepiper sessions` does without it.
 */
export const commands: readonly Command[] = [
  ...sessionCommands,
  ...talkCommands,
  ...recordingCommands,
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
  return named(commands, name);
}
