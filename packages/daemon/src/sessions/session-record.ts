import type { DefaultAction } from '@codepiper/core/policies/policy.ts';
import type { ProviderId } from '@codepiper/core/providers/provider.ts';
import type {
  Activity,
  BillingMode,
  Evidence,
  Session,
  SessionStatus,
} from '@codepiper/core/sessions/session.ts';

/** How a session is started, and started again. Values of the environment are in the session's folder. */
export interface LaunchRecord {
  args: string[];
  billingMode: BillingMode;
  dangerousMode: boolean;
  /** Present where its present run has the whole machine; the setting said so when it began. */
  hostAccess?: true;
  envKeys: string[];
  trusted: boolean;
  /** Whether its terminal is recorded; absent: as the daemon is set. */
  recorded?: boolean;
}

/** The agent's own conversation. */
export interface ConversationRecord {
  id: string | null;
  mode: 'new' | 'resume' | 'fork';
  source: 'codepiper' | 'user-supplied' | 'agent' | null;
  /** The conversation this one was copied from. */
  forkedFrom: string | null;
}

/** A session as the daemon thinks of it. */
export interface SessionRecord {
  id: string;
  name: string | null;
  provider: ProviderId;
  cwd: string;
  status: SessionStatus;
  activity: Activity | null;
  evidence: Evidence;
  model: string | null;
  createdAt: number;
  updatedAt: number;
  endedAt: number | null;
  pid: number | null;
  exitCode: number | null;
  signal: string | null;
  cols: number;
  rows: number;
  transcriptPath: string | null;
  launch: LaunchRecord;
  conversation: ConversationRecord;
  tokenHash: string | null;
  run: number;
  /** Somebody asked for the end; null again when nothing of the run is left. */
  ending: 'stop' | 'kill' | null;
  /** Ids of the policy sets applied to it. */
  policySets: string[];
  /** Its own answer to tool calls no rule speaks of; null for the daemon's. */
  policyDefault: DefaultAction | null;
  /** Texts accepted and not yet typed. */
  queued: number;
  /** Approvals that wait for a person. */
  approvals: number;
}

const iso = (at: number) => new Date(at).toISOString();

/** The one place where a record becomes what clients see. */
export function presentSession(record: SessionRecord, attachCommand: string | null): Session {
  return {
    id: record.id,
    name: record.name,
    provider: record.provider,
    cwd: record.cwd,
    status: record.status,
    activity: record.activity,
    evidence: record.evidence,
    model: record.model,
    createdAt: iso(record.createdAt),
    updatedAt: iso(record.updatedAt),
    endedAt: record.endedAt === null ? null : iso(record.endedAt),
    pid: record.pid,
    exitCode: record.exitCode,
    signal: record.signal,
    ptyCols: record.cols,
    ptyRows: record.rows,
    transcriptPath: record.transcriptPath,
    approvals: record.approvals,
    queued: record.queued,
    attachCommand,
    metadata: {
      launch: {
        args: record.launch.args,
        billingMode: record.launch.billingMode,
        envKeys: record.launch.envKeys,
      },
      providerSession: record.conversation,
      security: {
        dangerousMode: record.launch.dangerousMode,
        ...(record.launch.hostAccess ? { codexHostAccessProfileEnabled: true } : {}),
        policySets: record.policySets,
        policyDefault: record.policyDefault,
      },
      ui: { customName: record.name },
    },
  };
}

/** How a session is called in messages to people. */
export function label(record: SessionRecord): string {
  return record.name ? `"${record.name}" (${record.id.slice(0, 8)})` : record.id.slice(0, 8);
}
