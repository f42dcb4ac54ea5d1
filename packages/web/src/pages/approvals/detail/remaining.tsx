import { useEffect, useState } from 'react';
import { ago } from '../../../kit/time.tsx';

/** How long until it is denied because nobody answered. */
export function Remaining({ until }: { until: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = Date.parse(until) - now;
  return (
    <time dateTime={until} title={new Date(until).toLocaleString()}>
      {left <= 0 ? 'expires now' : `denied in ${ago(now, Date.parse(until))} if nobody answers`}
    </time>
  );
}
