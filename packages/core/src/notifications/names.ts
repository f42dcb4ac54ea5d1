/**
 * What a person is told of. permission_required: a tool or a plan waits for leave. input_required: a question or a
 * dialog does. turn_completed: the agent is done for now. crashed: the program ended as nobody asked for.
 */
export const notificationEvents = [
  'session.permission_required',
  'session.input_required',
  'session.turn_completed',
  'session.crashed',
] as const;
export type NotificationEvent = (typeof notificationEvents)[number];

/** Sounds the page can make; it has no files of them. */
export const notificationSounds = ['none', 'chime', 'knock', 'ping', 'alarm'] as const;
export type NotificationSound = (typeof notificationSounds)[number];

/** What each event sounds like when nobody says otherwise. */
export const defaultSounds: Readonly<Record<NotificationEvent, NotificationSound>> = {
  'session.permission_required': 'knock',
  'session.input_required': 'knock',
  'session.turn_completed': 'chime',
  'session.crashed': 'alarm',
};

/** What a notification is about. */
interface Subject {
  sessionId: string;
  approvalId: string | null;
}

/** The tag a notification is shown with: the newest of a session, and each approval of its own. */
export function notificationTag({ sessionId, approvalId }: Subject): string {
  return approvalId === null ? `session-${sessionId}` : `approval-${approvalId}`;
}

/** Path of the page a notification is about. */
export function notificationUrl({ sessionId, approvalId }: Subject): string {
  return approvalId === null ? `/sessions/${sessionId}` : `/approvals/${approvalId}`;
}
