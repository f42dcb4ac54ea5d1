import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { wordsOf } from '../api/words-of.ts';
import { buttonClass } from '../kit/button.tsx';
import { EmptyState, ErrorState } from '../kit/states.tsx';

/** A page that failed; after an update of codepiper its files may have other names. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const isOld = /dynamically imported module|module script failed/i.test(wordsOf(error));
  if (isOld) {
    return (
      <ErrorState
        error={new Error('codepiper was updated. Load this page again.')}
        onRetry={() => location.reload()}
      />
    );
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
