import type { fleetEndpoints } from '@codepiper/core/fleet/fleet.endpoints.ts';
import type { Handlers } from '../http/mount.ts';
import type { Directories } from './directories.ts';
import type { Drafts } from './drafts.ts';
import type { FleetService } from './fleet.service.ts';

export interface FleetParts {
  fleet: FleetService;
  drafts: Drafts;
  directories: Directories;
}

export function fleetHandlers({ fleet, drafts, directories }: FleetParts): Handlers<typeof fleetEndpoints> {
  return {
    getFleet: () => fleet.fleet(),
    validateSession: ({ body }) => drafts.check(body),
    listDirectories: ({ query }) => directories.list(query),
    recentDirectories: () => directories.recent(),
  };
}
