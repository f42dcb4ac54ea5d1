import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { wordsOf } from '../api/words-of.ts';
import { buttonClass } from '../kit/button.tsx';
import { EmptyState, ErrorState } from '../kit/states.tsx';

/** Between two times that a page loads itself again, in milliseconds: once should do. */
const againMs = 30_000;
const reloadedAt = 'codepiper.reloadedAt';

/**
 * A page that failed. After an update of codepiper its files have other names, and of a file that it could not have
 * it does not ask again: it loads itself again.
 */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const lacksPart = /dynamically imported module|module script failed|preload CSS/i.test(wordsOf(error));
  const willReload = lacksPart && Date.now() - Number(sessionStorage.getItem(reloadedAt)) > againMs;
  useEffect(() => {
    if (!willReload) return;
    sessionStorage.setItem(reloadedAt, String(Date.now()));
    location.reload();
  }, [willReload]);
  if (willReload) return null;
  if (lacksPart) {
    const words = new Error('A part of this page could not be loaded. Load it again.');
    return <ErrorState error={words} onRetry={() => location.reload()} />;
  }
  return <ErrorState error={error} onRetry={reset} />;
}

export function NotFoundPage() {
  return (
    <main className="grid h-full place-items-center">
      <EmptyState
        title="There is no such page"
        action={
          <Link to="/" className={buttonClass()}>
            To the fleet
          </Link>
        }
      >
        The address may be of a session or approval that is gone.
      </EmptyState>
    </main>
  );
}
