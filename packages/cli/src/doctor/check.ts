import type { Check } from '@codepiper/core/settings/doctor.ts';

export type { Check };

export const ok = (name: string, message: string): Check => ({ name, status: 'ok', message, hint: null });
export const warn = (name: string, message: string, hint: string): Check => ({
  name,
  status: 'warn',
  message,
  hint,
});
export const fail = (name: string, message: string, hint: string): Check => ({
  name,
  status: 'fail',
  message,
  hint,
});
