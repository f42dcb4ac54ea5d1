import { z } from 'zod';
import {
  notificationEventDefaultsSchema,
  notificationSoundMapSchema,
} from '../notifications/notification.ts';
import { defaultActionSchema } from '../policies/policy.ts';
import type { SettingName } from './settings.ts';

/** What of a live terminal can be switched. */
const terminalFeaturesSchema = z.object({
  /** Terminals are recorded, where a session does not say otherwise. */
  recordingsEnabled: z.boolean(),
});

/** Settings that may be changed while the daemon runs, as the dashboard sees them. */
export const daemonSettingsSchema = z.object({
  /** Sessions go on when the daemon is stopped or restarted and nobody says otherwise. */
  preserveSessions: z.boolean(),
  /** What happens to a tool call no rule speaks of; the same value as `GET /policy-default`. */
  defaultPolicyAction: defaultActionSchema,
  /** Sessions see the daemon's SSH agent; from their next start on. */
  forwardSshAuthSock: z.boolean(),
  /** Codex starts without its sandbox, so that only policies hold it back; from the next start on. */
  codexHostAccessProfileEnabled: z.boolean(),
  /** Whether there are notifications at all. */
  notificationsEnabled: z.boolean(),
  /** Whether they go to the system: by push, and from pages in the background. */
  systemNotificationsEnabled: z.boolean(),
  notificationSoundsEnabled: z.boolean(),
  /** Whether events are told of; one that is not named is. */
  notificationEventDefaults: notificationEventDefaultsSchema,
  /** Sounds of events; one that is not named has its default. */
  notificationSoundMap: notificationSoundMapSchema,
  terminalFeatures: terminalFeaturesSchema,
});
export type DaemonSettings = z.infer<typeof daemonSettingsSchema>;

/** Only what changes; null goes back to what holds when nobody says. */
export const changeDaemonSettingsSchema = z.strictObject({
  preserveSessions: z.boolean().nullable().optional(),
  defaultPolicyAction: defaultActionSchema.nullable().optional(),
  forwardSshAuthSock: z.boolean().nullable().optional(),
  codexHostAccessProfileEnabled: z.boolean().nullable().optional(),
  notificationsEnabled: z.boolean().nullable().optional(),
  systemNotificationsEnabled: z.boolean().nullable().optional(),
  notificationSoundsEnabled: z.boolean().nullable().optional(),
  notificationEventDefaults: notificationEventDefaultsSchema.nullable().optional(),
  notificationSoundMap: notificationSoundMapSchema.nullable().optional(),
  terminalFeatures: z.strictObject({ recordingsEnabled: z.boolean().nullable().optional() }).optional(),
});
export type ChangeDaemonSettings = z.infer<typeof changeDaemonSettingsSchema>;

/** The setting behind each value that may be changed. */
export const daemonSettings = {
  preserveSessions: 'preserveSessions',
  defaultPolicyAction: 'policyDefault',
  forwardSshAuthSock: 'forwardSshAuthSock',
  codexHostAccessProfileEnabled: 'codexHostAccess',
  notificationsEnabled: 'notificationsEnabled',
  systemNotificationsEnabled: 'systemNotificationsEnabled',
  notificationSoundsEnabled: 'notificationSoundsEnabled',
  notificationEventDefaults: 'notificationEventDefaults',
  notificationSoundMap: 'notificationSoundMap',
  'terminalFeatures.recordingsEnabled': 'recordingsEnabled',
} as const satisfies Record<string, SettingName>;

/** A value of {@link daemonSettingsSchema}, by its path. */
export type DaemonSettingField = keyof typeof daemonSettings;
export const daemonSettingFields = Object.keys(daemonSettings) as DaemonSettingField[];

export const settingOriginSchema = z.enum(['flag', 'env', 'file', 'stored', 'default']);
/** Who says a value: the first of these that does. `stored`: it was set on the dashboard or by `config set`. */
export type SettingOrigin = z.infer<typeof settingOriginSchema>;

export const daemonSettingOriginSchema = z.object({
  /** As in `config.yaml` and `codepiper config`. */
  key: z.string(),
  origin: settingOriginSchema,
  /** The flag, variable or file that says it. */
  from: z.string().nullable(),
  /** Line of the file, counted from 1. */
  line: z.number().int().nullable(),
  /** It is said from outside and cannot be changed here. */
  isFixed: z.boolean(),
  /** What to do so that it can be; null when it can. */
  advice: z.string().nullable(),
});
export type DaemonSettingOrigin = z.infer<typeof daemonSettingOriginSchema>;
