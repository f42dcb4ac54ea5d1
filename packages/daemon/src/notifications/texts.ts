import type { NotificationEvent } from '@codepiper/core/notifications/names.ts';

/** A session, as a notification names it. */
export interface NamedSession {
  id: string;
  name: string | null;
  provider: string;
}

const longestBody = 140;

const what: Readonly<Record<NotificationEvent, string>> = {
  'session.permission_required': 'needs permission',
  'session.input_required': 'needs an answer',
  'session.turn_completed': 'is done',
  'session.crashed': 'has crashed',
};

/** One line: which session, and what. */
export function titleOf({ id, name, provider }: NamedSession, event: NotificationEvent): string {
  return `${name ?? `${provider} ${id.slice(0, 8)}`} ${what[event]}`;
}

/** One short line: it is seen on a lock screen. */
export function shortLine(text: string): string {
  const line = text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
  const signs = [...line];
  return signs.length > longestBody ? `${signs.slice(0, longestBody - 1).join('')}…` : line;
}
