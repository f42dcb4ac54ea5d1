import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { Tone } from '../../../kit/badge.tsx';

const places: Readonly<Record<string, string>> = {
  cli: ' on the command line',
  dashboard: ' in the dashboard',
  rule: ' by a rule',
};
const withdrawals: Readonly<Record<string, string>> = {
  terminal: "Answered in the agent's own dialog",
  agent: 'Withdrawn: the agent stopped waiting',
  session: 'Withdrawn: the session ended',
};
const grants = { once: '', session: ', for the session', always: ', always' } as const;

/** What became of an approval, and by whom: `Approved in the dashboard, for the session`. */
export function settledWords({ status, settledBy, grant, kind }: Approval): string {
  const by = settledBy ?? '';
  switch (status) {
    case 'pending':
      return 'Waiting';
    case 'approved':
      return `${kind === 'question' ? 'Answered' : 'Approved'}${places[by] ?? ''}${grants[grant ?? 'once']}`;
    case 'denied':
      return `Denied${places[by] ?? ''}`;
    case 'expired':
      return 'Expired: nobody answered in time';
    case 'withdrawn':
      return withdrawals[by] ?? 'Withdrawn';
  }
}

export const settledTone: Readonly<Record<Approval['status'], Tone>> = {
  pending: 'wait',
  approved: 'live',
  denied: 'gone',
  expired: 'gone',
  withdrawn: 'quiet',
};
