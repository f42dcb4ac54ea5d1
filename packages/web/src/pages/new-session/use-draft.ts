import { useEffect, useRef, useState } from 'react';
import { type Draft, emptyDraft, forgetDraft, loadDraft, saveDraft } from './draft.ts';

/** Typing is waited out for this long before it is kept, in milliseconds. */
const saveMs = 300;

/**
 * The form, kept while it is typed.
 *
 * @param given what the address says: it goes before what was kept
 */
export function useDraft(given: Partial<Pick<Draft, 'cwd' | 'provider'>>) {
  const [draft, setDraft] = useState<Draft>(() => ({ ...loadDraft(), ...given }));
  const unsaved = useRef<Draft | null>(null);
  useEffect(() => {
    const save = () => {
      if (unsaved.current) saveDraft(unsaved.current);
      unsaved.current = null;
    };
    const timer = setTimeout(save, saveMs);
    addEventListener('pagehide', save);
    return () => {
      clearTimeout(timer);
      removeEventListener('pagehide', save);
    };
  }, [draft]);
  // Whoever goes to another page in the middle of a word finds it whole.
  useEffect(
    () => () => {
      if (unsaved.current) saveDraft(unsaved.current);
    },
    [],
  );
  return {
    draft,
    change(next: Partial<Draft>): void {
      const isElsewhere = next.cwd !== undefined && next.cwd !== draft.cwd;
      const changed = { ...draft, ...(isElsewhere ? { trust: false } : {}), ...next };
      unsaved.current = changed;
      setDraft(changed);
    },
    /** Back to nothing. */
    clear(): void {
      unsaved.current = null;
      forgetDraft();
      setDraft(emptyDraft);
    },
    /** It was started: nothing is kept of it. */
    settle(): void {
      unsaved.current = null;
      forgetDraft();
    },
  };
}
