import { z } from 'zod';
import {
  type NotificationEvent,
  type NotificationSound,
  notificationEvents,
  notificationSounds,
} from './names.ts';

export const notificationEventSchema = z.enum(notificationEvents);
export const notificationSoundSchema = z.enum(notificationSounds);

/** Whether events are told of; one that is not named is. */
export const notificationEventDefaultsSchema = z.partialRecord(notificationEventSchema, z.boolean());
/** Sounds of events; one that is not named has its default. */
export const notificationSoundMapSchema = z.partialRecord(notificationEventSchema, notificationSoundSchema);

/** What all of the daemon's notifications go by. */
export interface NotificationSettings {
  /** Whether there are any. */
  enabled: boolean;
  /** Whether they go to systems: by push, and from pages in the background. */
  system: boolean;
  sounds: boolean;
  events: z.infer<typeof notificationEventDefaultsSchema>;
  soundMap: z.infer<typeof notificationSoundMapSchema>;
}

export const notificationSchema = z.object({
  id: z.number().int(),
  sessionId: z.string(),
  sessionName: z.string().nullable(),
  eventType: notificationEventSchema,
  /** The approval that waits, if it is about one. */
  approvalId: z.string().nullable(),
  /** One line: which session, and what. */
  title: z.string(),
  /** One short line: fit for a lock screen. */
  body: z.string(),
  sound: notificationSoundSchema,
  createdAt: z.iso.datetime(),
  readAt: z.iso.datetime().nullable(),
  /** How it was read: `click`, `bulk`, `looking` (somebody looked at the session), `settled`, or as the client says. */
  readSource: z.string().nullable(),
  /** When nothing waited any more; null while it does, and of what never waits. */
  settledAt: z.iso.datetime().nullable(),
});
export type Notification = z.infer<typeof notificationSchema>;

/** A browser that is sent notifications. */
export const pushSubscriptionSchema = z.object({
  id: z.string(),
  /** The address at its push service. Who knows it and the keys can send to it. */
  endpoint: z.string(),
  /** What the browser calls itself, in words. */
  device: z.string(),
  createdAt: z.iso.datetime(),
  /** When it was last sent something. */
  sentAt: z.iso.datetime().nullable(),
  /** Why the last attempt failed; null when it did not. */
  lastError: z.string().nullable(),
  /** Whether the caller's own sign-in made it. */
  isCurrent: z.boolean(),
});
export type PushSubscriptionInfo = z.infer<typeof pushSubscriptionSchema>;

/** What a push message says, as JSON; see the service worker. */
export type PushPayload =
  | {
      type: 'show';
      /** Absent in a test message. */
      id: number | null;
      kind: NotificationEvent | 'test';
      title: string;
      body: string;
      /** One of a tag takes the place of the one before. */
      tag: string;
      /** Path of the page it is about. */
      url: string;
      sessionId: string | null;
      /** Set where the answer can be given from the notification. */
      approvalId: string | null;
      sound: NotificationSound;
    }
  /** What was shown with this tag is over. */
  | { type: 'close'; tag: string };
