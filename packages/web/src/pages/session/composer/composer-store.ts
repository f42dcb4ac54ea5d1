const draftKey = (session: string) => `codepiper.draft.session.${session}`;
const enterKey = 'codepiper.composer.enter';

/** What was written to a session and not sent: there again after a reload. */
export function readDraft(session: string): string {
  return read(draftKey(session)) ?? '';
}

export function keepDraft(session: string, text: string): void {
  keep(draftKey(session), text === '' ? null : text);
}

/** Whether Enter sends. Where fingers are it begins a new line unless the person wants it otherwise. */
export function readEnterSends(): boolean {
  const stored = read(enterKey);
  return stored === null ? !matchMedia('(pointer: coarse)').matches : stored === 'sends';
}

export function keepEnterSends(sends: boolean): void {
  keep(enterKey, sends ? 'sends' : 'breaks');
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing still shows it.
  }
}
