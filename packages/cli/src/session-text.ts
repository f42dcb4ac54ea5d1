import { exitCodes } from '@codepiper/core/errors.ts';
import type { Delivery, SendOutcome } from '@codepiper/core/sessions/delivery.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import type { Context } from './context.ts';
import { type Colour, clean } from './output.ts';

/** First characters of an id: enough to tell sessions apart at a glance; every command takes them. */
export function shortId(session: Pick<Session, 'id'>): string {
  return session.id.slice(0, 8);
}

/** What a person calls the session. */
export function label(session: Pick<Session, 'id' | 'name'>): string {
  return session.name === null ? shortId(session) : clean(session.name);
}

/** `running · idle`, `needs permission`, `crashed (SIGKILL)`, `stopped`: that it took a signal to stop is no news. */
export function statusText(session: Session): string {
  const words = session.status.replaceAll('_', ' ');
  if (session.activity !== null) return `${words} · ${session.activity}`;
  const end = session.status === 'stopped' ? '' : endText(session);
  return end === '' ? words : `${words} (${end})`;
}

/** What a person must know of a session at a glance: `dangerous, 2 wait`; empty where there is nothing. */
export function noteText({ approvals, metadata }: Session): string {
  return [
    ...(metadata.security.dangerousMode ? ['dangerous'] : []),
    ...(approvals > 0 ? [`${approvals} wait${approvals === 1 ? 's' : ''}`] : []),
  ].join(', ');
}

/** How an ended session ended, when that is known and worth a word. */
export function endText({ status, signal, exitCode }: Session): string {
  if (status !== 'stopped' && status !== 'crashed') return '';
  if (signal !== null) return signal;
  return exitCode === null ? '' : `exit code ${exitCode}`;
}

export function statusColour(status: Session['status']): Colour {
  if (status === 'crashed') return 'red';
  if (status === 'needs_permission' || status === 'needs_input') return 'yellow';
  return status === 'stopped' ? 'dim' : 'green';
}

/** Prints what became of a text; the exit code says whether it may still arrive. */
export function printOutcome(
  { print }: Context,
  reply: { outcome: SendOutcome; delivery: Delivery },
): number {
  print(reply, () => `${outcomeText(reply.outcome, reply.delivery)}\n`);
  return reply.outcome === 'delivered' || reply.outcome === 'accepted' ? exitCodes.ok : exitCodes.failed;
}

function outcomeText(outcome: SendOutcome, { status, evidence, error }: Delivery): string {
  const proof = evidence === null ? '' : clean(`${evidence.source}: ${evidence.detail}`);
  switch (outcome) {
    case 'delivered':
      return proof === '' ? 'delivered' : `delivered (${proof})`;
    case 'accepted':
      return status === 'typed'
        ? 'accepted: typed, not yet proven'
        : 'accepted: queued until the agent is ready for a prompt';
    case 'timed_out':
      return `timed out: ${clean(error ?? 'typed, and no sign of its arrival in time')}; look with codepiper attach`;
    case 'failed':
      return `failed: ${clean(error ?? proof)}`;
  }
}
