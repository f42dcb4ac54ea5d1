/** One line of `codepiper doctor`. */
export interface Check {
  name: string;
  status: 'ok' | 'warn' | 'fail';
  message: string;
  /** How to mend it; null when there is nothing to mend. */
  hint: string | null;
}

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
