import type { Transaction } from 'kysely';
import type { ApprovalTable } from '../approvals/approvals.table.ts';
import type { AuditCheckpointTable, DecisionTable } from '../audit/audit.table.ts';
import type {
  AuthAccountTable,
  AuthAttemptTable,
  AuthDeviceTable,
  AuthPasskeyTable,
  AuthRecoveryCodeTable,
  AuthSessionTable,
} from '../auth/auth.table.ts';
import type { DeliveryTable } from '../deliveries/deliveries.table.ts';
import type { EventTable } from '../events/events.table.ts';
import type {
  NotificationPlaceTable,
  NotificationPrefsTable,
  NotificationTable,
  PushMessageTable,
  PushSubscriptionTable,
} from '../notifications/notifications.table.ts';
import type { PolicySetMemberTable, PolicySetTable, PolicyTable } from '../policies/policies.table.ts';
import type { SessionTable, TrustedDirectoryTable } from '../sessions/sessions.table.ts';
import type { DaemonSettingTable } from '../settings/settings.table.ts';

/** Every table as Kysely sees it. The rooms own their rows; only types meet here. */
export interface Database {
  sessions: SessionTable;
  deliveries: DeliveryTable;
  trusted_directories: TrustedDirectoryTable;
  events: EventTable;
  policies: PolicyTable;
  policy_sets: PolicySetTable;
  policy_set_members: PolicySetMemberTable;
  daemon_settings: DaemonSettingTable;
  approvals: ApprovalTable;
  decisions: DecisionTable;
  audit_checkpoints: AuditCheckpointTable;
  auth_account: AuthAccountTable;
  auth_recovery_codes: AuthRecoveryCodeTable;
  auth_sessions: AuthSessionTable;
  auth_devices: AuthDeviceTable;
  auth_passkeys: AuthPasskeyTable;
  auth_attempts: AuthAttemptTable;
  notifications: NotificationTable;
  notification_place: NotificationPlaceTable;
  notification_prefs: NotificationPrefsTable;
  push_subscriptions: PushSubscriptionTable;
  push_messages: PushMessageTable;
}

/** What rooms hand on so that their statements share one transaction; only stores speak to it. */
export type Tx = Transaction<Database>;
