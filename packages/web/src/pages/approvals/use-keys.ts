import { type RefObject, useEffect, useRef } from 'react';
import type { AnswerActions } from '../shared/approval-answer/approval-answer.tsx';

interface Moves {
  move(by: 1 | -1): void;
  open(): void;
  back(): void;
}

/** Keys of the queue. They are those of the command line's list; where something is typed they are letters. */
export function useKeys(actions: RefObject<AnswerActions | null>, moves: Moves): void {
  const latest = useRef(moves);
  useEffect(() => {
    latest.current = moves;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
      const verbs: Readonly<Record<string, () => void>> = {
        j: () => latest.current.move(1),
        k: () => latest.current.move(-1),
        a: () => actions.current?.approve(),
        d: () => actions.current?.deny(),
        s: () => actions.current?.keep('session'),
        A: () => actions.current?.keep('always'),
        Enter: () => latest.current.open(),
        z: () => latest.current.back(),
        Escape: () => latest.current.back(),
      };
      const verb = verbs[event.key];
      if (!verb) return;
      // Else the letter is the first one of the reason that is asked for.
      event.preventDefault();
      verb();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [actions]);
}

/** Whether the key belongs to what has the focus, or to a dialog above the page. */
function isTaken({ key, target }: KeyboardEvent): boolean {
  if (document.querySelector('[role=dialog], [role=menu]')) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest('input, textarea, select')) return true;
  return key === 'Enter' && target.closest('a, button, summary, [role=button]') !== null;
}
