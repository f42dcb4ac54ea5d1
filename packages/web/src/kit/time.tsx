import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

/** One clock for all times on the page: they change together, once a second, while the page is seen. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

function tick(): void {
  if (document.visibilityState === 'hidden') return;
  now = Date.now();
  for (const listener of listeners) listener();
}

/** How long ago, in words that stay short: `now`, `42 s`, `5 min`, `3 h`, `2 d`. */
export function ago(time: string | number, at: number): string {
  const seconds = Math.max(0, Math.round((at - new Date(time).getTime()) / 1000));
  if (seconds < 2) return 'now';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** A time as it is from now, with the exact one when it is pointed at. */
export function Ago({ time, suffix = '', className }: { time: string; suffix?: string; className?: string }) {
  const text = useSyncExternalStore(subscribe, () => ago(time, now));
  return (
    <time dateTime={time} title={exact.format(new Date(time))} className={className}>
      {text}
      {text === 'now' ? '' : suffix}
    </time>
  );
}
