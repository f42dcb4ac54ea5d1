import type { auditEndpoints } from '@codepiper/core/audit/audit.endpoints.ts';
import type { Clock } from '@codepiper/core/clock.ts';
import type { Ask } from '../db/transcripts/reader.ts';
import type { Handlers } from '../http/mount.ts';
import type { auditQueries } from './audit.queries.ts';
import type { AuditService } from './audit.service.ts';

export interface AuditHandlersOptions {
  audit: AuditService;
  ask: Ask<typeof auditQueries>;
  clock: Clock;
}

export function auditHandlers({ audit, ask, clock }: AuditHandlersOptions): Handlers<typeof auditEndpoints> {
  return {
    listDecisions: async ({ query }) => audit.list(query),
    verifyTrail: async () => ({
      ...(await ask('trailState', {})),
      checkedAt: new Date(clock.now()).toISOString(),
    }),
  };
}
