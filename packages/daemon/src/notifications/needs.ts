import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import type { NotificationEvent } from '@codepiper/core/notifications/names.ts';
import { type Activity, isLive, type SessionStatus } from '@codepiper/core/sessions/session.ts';

/** Facts that make notifications, or end what they are about. */
export const heardTypes: readonly string[] = [
  'approval.asked',
  'approval.settled',
  'session.updated',
  'session.ended',
  'session.removed',
  'session.failed',
];

/** What waits for a person until it is answered. */
export const waitingEvents: readonly NotificationEvent[] = [
  'session.permission_required',
  'session.input_required',
];
/** What is said once, and is read when somebody looks at the session. */
export const toldEvents: readonly NotificationEvent[] = ['session.turn_completed', 'session.crashed'];

/** The session as it is now; a fact may be read later than it happened. */
export interface PresentState {
  status: SessionStatus;
  activity: Activity | null;
  /** Approvals that wait. */
  approvals: number;
  /** Prompts that are typed next. */
  queued: number;
}

/** What a change of a session's state means to a person. */
export interface StateMeaning {
  /** What it makes, with a line about it. */
  tell: { event: NotificationEvent; body: string } | null;
  /** It waits no more for what its screen asked. */
  isAnswered: boolean;
  /** It works again: that it was done before is old. */
  isAtWork: boolean;
}

const nothing: StateMeaning = { tell: null, isAnswered: false, isAtWork: false };

interface State {
  status?: unknown;
  activity?: unknown;
}

/** Reads a `session.updated`. */
export function meaningOf({ payload }: LedgerEvent, now: PresentState): StateMeaning {
  const { status, activity } = payload;
  const { source, detail } = (payload.evidence ?? {}) as { source?: unknown; detail?: unknown };
  const line = typeof detail === 'string' ? detail : '';
  if (status === 'needs_permission' || status === 'needs_input') {
    // Approvals tell of themselves; and what is over meanwhile nobody has to hear of.
    if (source === 'approval' || now.approvals > 0 || now.status !== status) return nothing;
    const event = status === 'needs_input' ? 'session.input_required' : 'session.permission_required';
    return { ...nothing, tell: { event, body: line } };
  }
  if (status !== 'running') return nothing;
  if (activity === 'busy') return { tell: null, isAnswered: true, isAtWork: true };
  return {
    tell: isTurnOver(payload.before as State, activity, line, now) ? done(line) : null,
    isAnswered: true,
    isAtWork: false,
  };
}

/** A turn ended by itself, and nothing is queued that begins the next one. */
function isTurnOver(
  before: State | undefined,
  activity: unknown,
  detail: string,
  now: PresentState,
): boolean {
  if (activity !== 'idle' || before?.status !== 'running' || before.activity !== 'busy') return false;
  // Whoever pressed Esc knows.
  if (detail === 'the turn was interrupted') return false;
  return isLive(now.status) && now.activity === 'idle' && now.queued === 0;
}

function done(detail: string): StateMeaning['tell'] {
  const body = detail.startsWith('the turn failed') ? detail : 'The turn is over.';
  return { event: 'session.turn_completed', body };
}

/** How a program ended that crashed, in words. */
export function crashLine({ exitCode, signal }: Readonly<Record<string, unknown>>): string {
  if (typeof signal === 'string') return `The program was ended by ${signal}.`;
  if (typeof exitCode === 'number') return `The program ended with status ${exitCode}.`;
  return 'The program is gone; how it ended is not known.';
}
