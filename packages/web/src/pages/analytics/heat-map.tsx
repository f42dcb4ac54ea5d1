import { count } from '@codepiper/core/analytics/amounts.ts';
import type { Activity } from '@codepiper/core/analytics/analytics.ts';
import { useLayoutEffect, useRef } from 'react';

const dayMs = 86_400_000;
const weeks = 53;
/** Of the accent, from nothing to the busiest day. */
const shades = ['bg-raised', 'bg-accent/25', 'bg-accent/50', 'bg-accent/75', 'bg-accent'];

type Day = Activity['days'][number];

/** A year of days by week: the darker the more was said. */
export function HeatMap({ days, today }: { days: readonly Day[]; today: string }) {
  const scroller = useRef<HTMLElement>(null);
  // The newest is what one looks for.
  useLayoutEffect(() => {
    scroller.current?.scrollTo({ left: scroller.current.scrollWidth });
  }, []);
  const totals = new Map(days.map(({ date, total }) => [date, total]));
  const most = Math.max(1, ...totals.values());
  const last = Date.parse(`${today}T00:00:00Z`);
  // Weeks begin on Monday; the last one ends with today.
  const weekday = (new Date(last).getUTCDay() + 6) % 7;
  const first = last - ((weeks - 1) * 7 + weekday) * dayMs;
  const sum = [...totals.values()].reduce((all, each) => all + each, 0);
  return (
    <section
      ref={scroller}
      aria-label={`${count(sum)} prompts and answers in a year`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by the arrow keys too
      tabIndex={0}
      className="overflow-x-auto pb-1"
    >
      <div className="grid w-max grid-flow-col grid-rows-7 gap-[3px]">
        {Array.from({ length: weeks * 7 }, (_, index) => {
          const date = new Date(first + index * dayMs).toISOString().slice(0, 10);
          if (date > today) return <span key={date} className="size-2.5" />;
          const total = totals.get(date) ?? 0;
          const shade = total === 0 ? 0 : Math.ceil((total / most) * (shades.length - 1));
          return (
            <span
              key={date}
              title={`${date}: ${count(total)}`}
              className={`size-2.5 rounded-xs ${shades[shade]}`}
            />
          );
        })}
      </div>
    </section>
  );
}
