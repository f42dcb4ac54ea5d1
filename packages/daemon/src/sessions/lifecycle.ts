import {
  type Evidence,
  type EvidenceSource,
  isLive,
  type SessionStatus,
} from '@codepiper/core/sessions/session.ts';
import type { AgentFact, AgentState } from '@codepiper/providers/provider.ts';
import type { SessionRecord } from './session-record.ts';

/** Columns a fact changes; empty when it says nothing new. */
export type SessionChange = Partial<
  Pick<
    SessionRecord,
    | 'status'
    | 'activity'
    | 'evidence'
    | 'model'
    | 'transcriptPath'
    | 'conversation'
    | 'pid'
    | 'exitCode'
    | 'signal'
    | 'endedAt'
  >
>;

/** What one fact of the agent changes about a live session. Facts about an ended one change nothing. */
export function applyFact(record: SessionRecord, fact: AgentFact, source: EvidenceSource): SessionChange {
  if (!isLive(record.status)) return {};
  switch (fact.kind) {
    case 'state':
      return applyState(record, fact.state, { source, detail: fact.detail });
    case 'prompt':
      return applyState(
        record,
        { status: 'running', activity: 'busy' },
        { source, detail: 'a prompt arrived' },
      );
    case 'turn-ended':
      return applyState(
        record,
        { status: 'running', activity: 'idle' },
        { source, detail: turnDetail(fact) },
      );
    case 'model':
      return fact.model === record.model ? {} : { model: fact.model };
    case 'conversation':
      return applyConversation(record, fact);
    case 'conversation-ended':
      return {};
  }
}

function applyState(record: SessionRecord, state: AgentState, evidence: Evidence): SessionChange {
  if (record.status === state.status && record.activity === state.activity) return {};
  return { status: state.status, activity: state.activity, evidence };
}

function turnDetail(fact: Extract<AgentFact, { kind: 'turn-ended' }>): string {
  if (fact.outcome === 'failed')
    return `the turn failed${fact.message ? `: ${fact.message.slice(0, 300)}` : ''}`;
  return fact.outcome === 'interrupted' ? 'the turn was interrupted' : 'the turn is over';
}

function applyConversation(
  record: SessionRecord,
  fact: Extract<AgentFact, { kind: 'conversation' }>,
): SessionChange {
  const change: SessionChange = {};
  if (fact.id !== record.conversation.id) {
    change.conversation = {
      ...record.conversation,
      id: fact.id,
      source: record.conversation.source ?? 'agent',
    };
  }
  if (fact.transcriptPath && fact.transcriptPath !== record.transcriptPath) {
    change.transcriptPath = fact.transcriptPath;
  }
  return change;
}

const signalNames: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
};

/**
 * The signal behind an exit status, by the shell's convention 128 + n. A program that exits with such a status by
 * itself (Claude Code ends with 143 on SIGTERM) cannot be told apart, and means the same.
 */
export function signalOf(exitCode: number): string | null {
  return signalNames[exitCode - 128] ?? null;
}

/** How a session ended: as somebody asked or with status 0 is `stopped`, anything else `crashed`. */
export function applyEnd(
  record: SessionRecord,
  end: { exitCode: number | null; at: number; detail?: string },
): SessionChange {
  const asked = record.ending !== null;
  const status: SessionStatus = asked || end.exitCode === 0 ? 'stopped' : 'crashed';
  return {
    status,
    activity: null,
    evidence: endEvidence(record, end, asked),
    pid: null,
    exitCode: end.exitCode,
    signal: end.exitCode === null ? null : signalOf(end.exitCode),
    endedAt: end.at,
  };
}

function endEvidence(
  record: SessionRecord,
  end: { exitCode: number | null; detail?: string },
  asked: boolean,
): Evidence {
  const how =
    end.exitCode === null ? 'its exit status is unknown' : `the program ended with status ${end.exitCode}`;
  const why = asked ? (record.ending === 'kill' ? 'killed' : 'stopped') : null;
  const detail = [end.detail, why ? `${why}, ${how}` : how].filter(Boolean).join('; ');
  return { source: end.exitCode === null ? 'tmux' : 'exit', detail };
}
