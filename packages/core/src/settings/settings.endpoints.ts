import { z } from 'zod';
import { defineEndpoint } from '../endpoint.ts';
import {
  changeDaemonSettingsSchema,
  type DaemonSettingField,
  daemonSettingFields,
  daemonSettingOriginSchema,
  daemonSettingsSchema,
} from './daemon-settings.ts';
import { doctorCheckSchema } from './doctor.ts';

const reply = z.object({
  settings: daemonSettingsSchema,
  /** Where each value comes from, by its path. */
  origins: z.record(z.enum(daemonSettingFields as [DaemonSettingField]), daemonSettingOriginSchema),
});
export type DaemonSettingsReply = z.infer<typeof reply>;

export const settingsEndpoints = {
  getDaemonSettings: defineEndpoint({
    method: 'GET',
    path: '/settings/daemon',
    summary: 'Settings that may be changed while the daemon runs, and where each value comes from.',
    reply,
  }),
  setDaemonSettings: defineEndpoint({
    method: 'PUT',
    path: '/settings/daemon',
    summary:
      'Change some of them; null goes back. Told as the event `daemon.settings_changed`. In a browser the default `agent` and host access for Codex need a recent proof of who is there.',
    personal: true,
    body: changeDaemonSettingsSchema,
    reply,
    errors: ['setting_fixed'],
  }),
  restartDaemon: defineEndpoint({
    method: 'POST',
    path: '/settings/daemon/restart',
    summary:
      'The daemon takes its own place, with the flags and environment it has. Sessions go on, unless `preserveSessions` is off.',
    personal: true,
    body: z.strictObject({}),
    reply: z.object({
      restarting: z.literal(true),
      preserveSessions: z.boolean(),
      message: z.string(),
    }),
    status: 202,
    errors: ['restart_refused', 'restart_unavailable'],
  }),
  doctor: defineEndpoint({
    method: 'GET',
    path: '/doctor',
    summary: 'What `codepiper doctor` finds: checks, and how to mend what is wrong.',
    reply: z.object({ checks: z.array(doctorCheckSchema) }),
    errors: ['doctor_unavailable'],
  }),
} as const;
