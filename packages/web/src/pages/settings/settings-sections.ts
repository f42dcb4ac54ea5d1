export const settingsSections = [
  'daemon',
  'security',
  'notifications',
  'appearance',
  'api',
  'about',
] as const;
export type SettingsSection = (typeof settingsSections)[number];
