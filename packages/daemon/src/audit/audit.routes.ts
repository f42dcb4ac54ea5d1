import type { auditEndpoints } from '@codepiper/core/audit/audit.endpoints.ts';
import type { Handlers } from '../http/mount.ts';
import type { AuditService } from './audit.service.ts';

export function auditHandlers(audit: AuditService): Handlers<typeof auditEndpoints> {
  return { listDecisions: async ({ query }) => audit.list(query) };
}
