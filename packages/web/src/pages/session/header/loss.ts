import type { Session } from '@codepiper/core/sessions/session.ts';

/** What is lost when the program of a session ends now, and what is not. */
export function lossOf(session: Session, { canResume }: { canResume: boolean }): string {
  const { activity, queued, approvals } = session;
  const lost = [
    activity === 'busy' && (canResume ? 'the turn that runs' : 'the program that runs'),
    queued > 0 && (queued === 1 ? 'a prompt that is queued' : `${queued} prompts that are queued`),
    approvals > 0 && (approvals === 1 ? 'an approval that waits' : `${approvals} approvals that wait`),
  ].filter((part) => part !== false);
  const loses = lost.length > 0 ? `Lost: ${lost.join(', ')}.` : 'Nothing is under way in it.';
  const keeps = canResume
    ? 'The conversation stays and can be resumed.'
    : 'It can be started again, without what ran in it; its recording stays.';
  return `${loses} ${keeps}`;
}
