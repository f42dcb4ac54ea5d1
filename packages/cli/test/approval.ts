import type { Approval } from '@codepiper/core/approvals/approval.ts';
import { sessionId } from './fake-daemon.ts';

export const approvalId = '4f1c2d3e-1111-4222-8333-444455556666';

/** A command of the session `review` that waits. */
export function anApproval(over: Partial<Approval> = {}): Approval {
  return {
    id: approvalId,
    sessionId,
    sessionName: 'review',
    provider: 'claude-code',
    cwd: '/home/ada/app',
    kind: 'tool',
    tool: 'Bash',
    toolKind: 'shell',
    callId: 'toolu_1',
    inputHash: 'a'.repeat(64),
    input: { command: 'npm test && git push' },
    summary: 'npm test && git push',
    diff: null,
    questions: [],
    verdict: {
      action: 'ask',
      reason: 'no rule speaks of git push',
      basis: 'default',
      rule: null,
      parts: [
        {
          kind: 'shell',
          text: 'npm test',
          action: 'allow',
          basis: 'rule',
          rule: null,
          why: 'careful allows it',
        },
        { kind: 'shell', text: 'git push', action: 'ask', basis: 'default', rule: null, why: 'no rule' },
      ],
    },
    suggestion: { action: 'allow', tool: 'shell', args: { command: 'git push' } },
    status: 'pending',
    inTerminal: false,
    askedAt: '2026-11-21T11:58:00.000Z',
    expiresAt: '2026-11-21T12:58:00.000Z',
    aging: false,
    settledAt: null,
    settledBy: null,
    grant: null,
    note: null,
    ...over,
  };
}

export const aQuestion = (over: Partial<Approval> = {}): Approval =>
  anApproval({
    kind: 'question',
    tool: 'AskUserQuestion',
    toolKind: 'other',
    summary: 'Which database? / Why?',
    suggestion: null,
    questions: [
      {
        question: 'Which database?',
        header: 'Database',
        options: [
          { label: 'Postgres', description: 'a server' },
          { label: 'SQLite', description: null },
        ],
        multiSelect: false,
      },
      { question: 'Why?', header: null, options: [], multiSelect: false },
    ],
    ...over,
  });
