import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { fleetSchema } from './fleet.ts';
import {
  directoryListSchema,
  draftVerdictSchema,
  recentDirectoriesSchema,
  sessionDraftSchema,
} from './new-session.ts';

/** Query flags come as text. */
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');

export const fleetEndpoints = {
  getFleet: defineEndpoint({
    method: 'GET',
    path: '/fleet',
    summary: 'Every session as a card: what it does, where, what it costs, what it waits for.',
    reply: fleetSchema,
  }),
  validateSession: defineEndpoint({
    method: 'POST',
    path: '/sessions/validate',
    summary: 'What would be wrong with a session, before it is started.',
    body: sessionDraftSchema,
    reply: draftVerdictSchema,
  }),
  listDirectories: defineEndpoint({
    method: 'GET',
    path: '/directories',
    summary: 'The folders in a folder, to choose one for a session.',
    query: z.strictObject({
      /** Absolute, or below the home directory by `~`; the home directory when absent. */
      path: z.string().min(1).max(4096).optional(),
      /** Those too whose names begin with a dot. */
      hidden: flag.optional(),
    }),
    reply: directoryListSchema,
    personal: true,
  }),
  recentDirectories: defineEndpoint({
    method: 'GET',
    path: '/directories/recent',
    summary: 'Folders that sessions were started in.',
    reply: recentDirectoriesSchema,
    personal: true,
  }),
} as const;

/**
 * Server-sent events; not an endpoint with one reply, so mounted by hand.
 * `/fleet/stream`: `snapshot` first, then `card` and `removed` as sessions change.
 */
export const fleetPaths = { stream: '/fleet/stream' } as const;
