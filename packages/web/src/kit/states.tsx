import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { wordsOf } from '../api/words-of.ts';
import { Button } from './button.tsx';
import { cx } from './cx.ts';

/** Nothing is there, and what to do about it. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-16 text-center">
      {icon && <div className="text-quiet">{icon}</div>}
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-md text-quiet text-sm">{children}</div>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}

/** Something could not be had; it can be asked for again. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?(): void }) {
  return (
    <div role="alert" className="flex flex-col items-center gap-3 px-6 py-16 text-center">
      <CircleAlert aria-hidden="true" className="size-6 text-gone" />
      <p className="max-w-md text-sm">{wordsOf(error)}</p>
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}

/** The shape of what is on its way. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden="true" className={cx('animate-pulse rounded bg-line', className)} />;
}

/** Rows on their way. */
export function SkeletonRows({ rows = 5 }: { rows?: number }) {
  return (
    <div aria-hidden="true" className="flex flex-col gap-4 p-4">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex flex-col gap-2">
          <Skeleton className="h-3.5 w-2/5" />
          <Skeleton className="h-3 w-4/5" />
        </div>
      ))}
    </div>
  );
}
