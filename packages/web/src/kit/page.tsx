import { type ReactNode, useEffect } from 'react';
import { cx } from './cx.ts';

interface Props {
  title: string;
  /** Beside the title. */
  actions?: ReactNode;
  children: ReactNode;
  /** The content fills the window and scrolls by itself. */
  isFull?: boolean;
  className?: string;
}

/** A page: its name, what is done with it, and its content. */
export function Page({ title, actions, children, isFull = false, className }: Props) {
  useTitle(title);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex min-h-14 shrink-0 flex-wrap items-center gap-x-3 gap-y-2 border-line border-b px-4 py-2 sm:px-6">
        <h1 className="min-w-40 flex-1 truncate font-semibold text-lg tracking-tight">{title}</h1>
        {actions}
      </header>
      <div
        tabIndex={isFull ? undefined : 0}
        className={cx(
          'min-h-0 flex-1 outline-none',
          isFull ? 'flex flex-col' : 'overflow-y-auto px-4 py-4 sm:px-6',
          className,
        )}
      >
        {children}
      </div>
    </div>
  );
}

/** A part of a page, with its name. */
export function Section({
  title,
  hint,
  actions,
  children,
}: {
  title: string;
  hint?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section aria-label={title} className="mb-6 rounded-lg border border-line bg-panel">
      <header className="flex flex-wrap items-center gap-2 border-line border-b px-4 py-3">
        <div className="min-w-0 flex-1">
          <h2 className="font-semibold text-sm">{title}</h2>
          {hint && <p className="text-quiet text-sm">{hint}</p>}
        </div>
        {actions}
      </header>
      <div className="px-4 py-3">{children}</div>
    </section>
  );
}

/** How many wait for a person; the shell says (see `waiting`). */
let waiting = 0;
let current = '';

/** The title of the window: what is open, and how many wait. */
export function useTitle(title: string): void {
  useEffect(() => {
    current = title;
    write();
  }, [title]);
}

/** How many approvals and sessions wait for a person: shown in the title, and on the icon of the app. */
export function showWaiting(count: number): void {
  waiting = count;
  write();
  // Only where the page is an app of its own.
  if (count > 0) void navigator.setAppBadge?.(count).catch(() => undefined);
  else void navigator.clearAppBadge?.().catch(() => undefined);
}

function write(): void {
  document.title = `${waiting > 0 ? `(${waiting}) ` : ''}${current} · codepiper`;
}
