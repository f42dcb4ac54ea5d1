import { existsSync } from 'node:fs';
import type { Config, EffectiveSetting } from '../config/config.ts';
import { openReader } from '../db/reader.ts';
import { inForce, understand } from './in-force.ts';

/**
 * The settings a daemon would have, what is stored in its database included. For a command that finds none running.
 * @throws Error when there is a database and it cannot be read
 */
export function settingsOffline({ effective, values }: Config): EffectiveSetting[] {
  if (values.dbPath === ':memory:' || !existsSync(values.dbPath)) return [...effective];
  using reader = openReader(values.dbPath);
  // An older version made it.
  if (!reader.has('daemon_settings')) return [...effective];
  const rows = reader.all<{ key: string; value: string }>('SELECT key, value FROM daemon_settings');
  const stored = new Map(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown]));
  return inForce(
    effective,
    understand(stored, () => undefined),
  );
}
