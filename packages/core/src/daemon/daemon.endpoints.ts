import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import { settingOriginSchema } from '../settings/daemon-settings.ts';

export const healthSchema = z.object({
  status: z.literal('ok'),
  version: z.string(),
  pid: z.number().int(),
  home: z.string(),
  socket: z.string(),
  startedAt: z.iso.datetime(),
  liveSessions: z.number().int(),
  /** Port of 127.0.0.1 that is served without sign-in (`web.insecureDev`); null when there is none. */
  insecureDev: z.number().int().nullable(),
  /** Where the dashboard is (`web.enabled`); null when it is not served. */
  dashboard: z
    .object({
      /** As a person opens it on this machine: `http://localhost:3000`. */
      url: z.string(),
      port: z.number().int(),
      isTls: z.boolean(),
      /** Other machines can reach it. */
      isPublic: z.boolean(),
    })
    .nullable(),
  tmux: z.object({ version: z.string().nullable(), socket: z.string() }),
});

export type DashboardPlace = NonNullable<z.infer<typeof healthSchema>['dashboard']>;

export const settingValueSchema = z.object({
  key: z.string(),
  value: z.unknown(),
  origin: settingOriginSchema,
  /** The flag, variable or file that set it. */
  from: z.string().nullable(),
  /** Line of the file, counted from 1. */
  line: z.number().int().nullable(),
});

export const daemonEndpoints = {
  health: defineEndpoint({
    method: 'GET',
    path: '/health',
    summary: 'Whether the daemon is well, and which one it is.',
    reply: healthSchema,
  }),
  version: defineEndpoint({
    method: 'GET',
    path: '/version',
    summary: 'Versions of the daemon and of its Node.',
    reply: z.object({ version: z.string(), node: z.string() }),
  }),
  config: defineEndpoint({
    method: 'GET',
    path: '/config',
    summary: 'Settings in force and where each comes from; secrets are masked.',
    reply: z.object({ settings: z.array(settingValueSchema) }),
  }),
  stopDaemon: defineEndpoint({
    method: 'POST',
    path: '/daemon/stop',
    summary: 'Stop the daemon. Sessions go on unless told otherwise.',
    personal: true,
    body: z.strictObject({
      /** Absent: as the setting `preserveSessions` says. */
      killSessions: z.boolean().optional(),
    }),
    reply: z.object({ success: z.literal(true), liveSessions: z.number().int() }),
    status: 202,
  }),
} as const;
