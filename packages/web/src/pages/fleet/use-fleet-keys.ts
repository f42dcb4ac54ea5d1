import { useNavigate } from '@tanstack/react-router';
import { type RefObject, useEffect } from 'react';
import type { FleetListHandle } from './fleet-list.tsx';
import { rowActions } from './row-actions.ts';

interface Options {
  list: RefObject<FleetListHandle | null>;
  search: RefObject<HTMLInputElement | null>;
  onHelp(): void;
}

/** Single keys, wherever the focus is on the page, but not while something is written or a dialog is open. */
export function useFleetKeys({ list, search, onHelp }: Options): void {
  const navigate = useNavigate();
  useEffect(() => {
    const move = (by: 1 | -1) => {
      const ids = list.current?.ids ?? [];
      const at = ids.indexOf(focusedRow()?.dataset.session ?? '');
      const next = at === -1 ? (by === 1 ? 0 : ids.length - 1) : at + by;
      const id = ids[next];
      if (id !== undefined) list.current?.focus(id);
    };
    const answers = () => rowActions(focusedRow()?.dataset.session ?? '');
    const actions: Readonly<Record<string, () => void>> = {
      j: () => move(1),
      ArrowDown: () => move(1),
      k: () => move(-1),
      ArrowUp: () => move(-1),
      a: () => answers()?.approve(),
      d: () => answers()?.deny(),
      n: () => void navigate({ to: '/new' }),
      '/': () => search.current?.focus(),
      '?': onHelp,
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      // A key that is held down answers one approval, not the next one too.
      if (event.repeat && (event.key === 'a' || event.key === 'd')) return;
      if (isWriting(event.target) || document.querySelector('[role="dialog"]')) return;
      // A command or a diff that has the focus is scrolled by them.
      if (event.key.startsWith('Arrow') && document.activeElement?.matches('section[tabindex]')) return;
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [list, search, onHelp, navigate]);
}

function focusedRow(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>('[data-session]') ?? null;
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}
