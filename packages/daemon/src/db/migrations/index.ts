import type { Migration } from 'kysely/migration';
import { foundation } from './0001-foundation.ts';
import { policies } from './0002-policies.ts';
import { auth } from './0003-auth.ts';
import { settings } from './0004-settings.ts';
import { notifications } from './0005-notifications.ts';

/** Every migration, oldest first. A released one is never changed, only followed by another. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-foundation': foundation,
  '0002-policies': policies,
  '0003-auth': auth,
  '0004-settings': settings,
  '0005-notifications': notifications,
};
