import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ScrollText } from 'lucide-react';
import { decisionQuery } from '../session-queries.ts';

/** Leads to what was decided about a call, and why; nothing where nobody decided. */
export function AuditLink({ callId }: { callId: string }) {
  const { data: decision } = useQuery(decisionQuery(callId));
  if (!decision) return null;
  return (
    <Link
      to="/policies"
      search={{ tab: 'audit', call: callId, decision: decision.seq }}
      className="flex items-center gap-1 text-accent hover:underline pointer-coarse:min-h-11"
    >
      <ScrollText aria-hidden="true" className="size-3.5" />
      Audit entry {decision.seq}
    </Link>
  );
}
