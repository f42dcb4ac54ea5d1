import type { settingsEndpoints } from '@codepiper/core/settings/settings.endpoints.ts';
import type { Handlers } from '../http/mount.ts';
import type { Doctor } from './doctor.ts';
import type { Restart } from './restart.ts';
import type { DaemonSettingsService } from './settings.service.ts';

export interface SettingsHandlersOptions {
  settings: DaemonSettingsService;
  restart: Restart;
  doctor: Doctor;
}

export function settingsHandlers({
  settings,
  restart,
  doctor,
}: SettingsHandlersOptions): Handlers<typeof settingsEndpoints> {
  return {
    getDaemonSettings: async () => settings.present(),
    setDaemonSettings: async ({ body }, _caller, { requireRecent, surface }) => {
      if (settings.isDangerous(body)) requireRecent();
      return settings.change(body, surface);
    },
    restartDaemon: () => restart.begin(),
    doctor: async () => ({ checks: await doctor.examine() }),
  };
}
