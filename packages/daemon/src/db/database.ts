import type { Transaction } from 'kysely';
import type { ApprovalTable } from '../approvals/approvals.table.ts';
import type { AuditCheckpointTable, DecisionTable } from '../audit/audit.table.ts';
import type { DeliveryTable } from '../deliveries/deliveries.table.ts';
import type { EventTable } from '../events/events.table.ts';
import type {
  PolicyDefaultTable,
  PolicySetMemberTable,
  PolicySetTable,
  PolicyTable,
} from '../policies/policies.table.ts';
import type { SessionTable, TrustedDirectoryTable } from '../sessions/sessions.table.ts';

/** Every table as Kysely sees it. The rooms own their rows; only types meet here. */
export interface Database {
  sessions: SessionTable;
  deliveries: DeliveryTable;
  trusted_directories: TrustedDirectoryTable;
  events: EventTable;
  policies: PolicyTable;
  policy_sets: PolicySetTable;
  policy_set_members: PolicySetMemberTable;
  policy_default: PolicyDefaultTable;
  approvals: ApprovalTable;
  decisions: DecisionTable;
  audit_checkpoints: AuditCheckpointTable;
}

/** What rooms hand on so that their statements share one transaction; only stores speak to it. */
export type Tx = Transaction<Database>;
