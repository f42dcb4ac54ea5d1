import type { ReactNode } from 'react';
import { cx } from './cx.ts';

const tones = {
  quiet: 'bg-raised text-quiet',
  accent: 'bg-accent/10 text-accent',
  live: 'bg-live/10 text-live',
  wait: 'bg-wait/10 text-wait',
  gone: 'bg-gone/10 text-gone',
} as const;
export type Tone = keyof typeof tones;

export function Badge({
  tone = 'quiet',
  className,
  children,
}: {
  tone?: Tone;
  className?: string;
  children: ReactNode;
}) {
  return (
    <span
      className={cx(
        'inline-flex items-center gap-1 rounded px-1.5 py-0.5 font-medium text-xs whitespace-nowrap',
        tones[tone],
        className,
      )}
    >
      {children}
    </span>
  );
}

const dots: Record<Tone, string> = {
  quiet: 'bg-quiet',
  accent: 'bg-accent',
  live: 'bg-live',
  wait: 'bg-wait',
  gone: 'bg-gone',
};

/** Beside the word that says the same. */
export function Dot({ tone, isPulsing = false }: { tone: Tone; isPulsing?: boolean }) {
  return (
    <span
      aria-hidden="true"
      className={cx('inline-block size-2 shrink-0 rounded-full', dots[tone], isPulsing && 'animate-pulse')}
    />
  );
}
