import type { SessionRecord } from '../src/sessions/session-record.ts';

/** An idle session of Claude Code as tests need one, with what they change about it. */
export function sessionRecord(change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
    name: null,
    provider: 'claude-code',
    cwd: '/work',
    status: 'running',
    activity: 'idle',
    evidence: { source: 'registry', detail: 'idle' },
    model: null,
    createdAt: 1,
    updatedAt: 1,
    endedAt: null,
    pid: 7,
    exitCode: null,
    signal: null,
    cols: 80,
    rows: 24,
    transcriptPath: null,
    launch: { args: [], billingMode: 'subscription', dangerousMode: false, envKeys: [], trusted: true },
    conversation: { id: 'a', mode: 'new', source: 'codepiper', forkedFrom: null },
    tokenHash: null,
    run: 1,
    ending: null,
    policySets: [],
    policyDefault: null,
    queued: 0,
    approvals: 0,
    ...change,
  };
}
