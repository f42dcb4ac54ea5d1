import {
  type DaemonSettingField,
  daemonSettingFields,
  daemonSettings,
} from '@codepiper/core/settings/daemon-settings.ts';
import { settings } from '@codepiper/core/settings/settings.ts';
import type { EffectiveSetting } from '../config/config.ts';

/** What was stored, as the settings' schemas read it. */
export type StoredSettings = ReadonlyMap<DaemonSettingField, unknown>;

export function keyOf(field: DaemonSettingField): string {
  return settings[daemonSettings[field]].key;
}

/**
 * Reads stored values by their keys; those that are not settings of this version, or of another form, are left out.
 * @param onStrange is told the keys of the latter
 */
export function understand(
  values: ReadonlyMap<string, unknown>,
  onStrange: (key: string) => void,
): Map<DaemonSettingField, unknown> {
  const understood = new Map<DaemonSettingField, unknown>();
  for (const field of daemonSettingFields) {
    const key = keyOf(field);
    if (!values.has(key)) continue;
    const { success, data } = settings[daemonSettings[field]].schema.safeParse(values.get(key));
    if (success) understood.set(field, data);
    else onStrange(key);
  }
  return understood;
}

/** Every setting with its value in force: what was stored counts where nobody says otherwise. */
export function inForce(effective: readonly EffectiveSetting[], stored: StoredSettings): EffectiveSetting[] {
  return effective.map((setting) => {
    const field = daemonSettingFields.find((each) => keyOf(each) === setting.key);
    if (field === undefined || setting.origin !== 'default' || !stored.has(field)) return setting;
    return { ...setting, value: stored.get(field), origin: 'stored' };
  });
}
