const dayMs = 86_400_000;
/** More days than this are not drawn one by one where nothing happened. */
const mostDays = 400;

interface Period {
  since: string | null;
  until: string | null;
  timezone: string;
}

/** The days of a period, those too on which nothing happened: a chart of time has no gaps. Dates are of its timezone. */
export function everyDay<Day extends { date: string }>(
  days: readonly Day[],
  period: Period,
  empty: (date: string) => Day,
  now = Date.now(),
): Day[] {
  const dates = new Intl.DateTimeFormat('en-CA', { timeZone: period.timezone });
  const known = new Map(days.map((day) => [day.date, day]));
  const first = period.since === null ? days[0]?.date : dates.format(new Date(period.since));
  // The end is not in the period itself.
  const last = dates.format(period.until === null ? now : Math.min(now, Date.parse(period.until) - 1));
  if (first === undefined) return [];
  const all: Day[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last) && all.length <= mostDays; at += dayMs) {
    const date = new Date(at).toISOString().slice(0, 10);
    all.push(known.get(date) ?? empty(date));
  }
  return all.length > mostDays ? [...days] : all;
}
