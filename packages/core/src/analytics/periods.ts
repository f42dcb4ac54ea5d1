const dayMs = 86_400_000;
const quarterMs = 900_000;

/** Ranges with a name. 7d and 30d are whole days that end with today. */
export const ranges = ['today', '7d', '30d', 'all'] as const;
export type Range = (typeof ranges)[number];
const daysBack: Readonly<Record<Exclude<Range, 'all'>, number>> = { today: 0, '7d': 6, '30d': 29 };

/** Times in milliseconds since the epoch: from `since` up to, and without, `until`. */
export interface Period {
  since: number | null;
  until: number | null;
  /** IANA name. */
  timezone: string;
}

export interface PeriodRequest {
  range?: Range | undefined;
  since?: string | undefined;
  until?: string | undefined;
  timezone?: string | undefined;
}

/** Wrong words of the person who asks. */
export class PeriodError extends Error {}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  let format = formats.get(timezone);
  if (!format) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: timezone,
        hourCycle: 'h23',
        ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
        ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
      });
    } catch {
      throw new PeriodError(
        `There is no time zone "${timezone}"; it must be an IANA name like Europe/Berlin, or UTC.`,
      );
    }
    // Besides names any offset is taken for a zone.
    const minutes = /^[+-]\d{2}:?(\d{2})?$/.exec(timezone)?.[1];
    if (minutes !== undefined && Number(minutes) % 15 !== 0) {
      throw new PeriodError(
        `The time zone "${timezone}" is not used anywhere: it is not whole quarters of an hour from UTC.`,
      );
    }
    formats.set(timezone, format);
  }
  return format;
}

/** The time zone of this machine. */
export function localTimezone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** What is added to UTC for local time, in milliseconds. @throws PeriodError for an unknown zone */
export function zoneOffset(timezone: string, at: number): number {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of formatOf(timezone).formatToParts(at)) parts[type] = value;
  const number = (type: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second') => Number(parts[type]);
  const local = Date.UTC(
    ...([number('year'), number('month') - 1, number('day')] as const),
    ...([number('hour'), number('minute'), number('second')] as const),
  );
  return local - Math.floor(at / 1000) * 1000;
}

/** Number of the local day, counted from 1970-01-01. */
export function dayNumber(timezone: string, at: number): number {
  return Math.floor((at + zoneOffset(timezone, at)) / dayMs);
}

/** `2026-11-21` for the number of a day. */
export function dayText(number: number): string {
  return new Date(number * dayMs).toISOString().slice(0, 10);
}

/** The first moment of a local day. Where midnight is skipped by a change of the clock, the moment after the gap. */
export function startOfDay(timezone: string, number: number): number {
  return instantOf(timezone, number * dayMs);
}

/**
 * The moment a local clock shows a time (given as if it were UTC). Of two such moments the first; of none, the end of
 * the gap it falls into.
 */
function instantOf(timezone: string, local: number): number {
  const offsets = [zoneOffset(timezone, local - dayMs), zoneOffset(timezone, local + dayMs)];
  const fitting = offsets
    .map((offset) => local - offset)
    .filter((at) => at + zoneOffset(timezone, at) === local);
  if (fitting.length > 0) return Math.min(...fitting);
  return changeWithin(timezone, local - dayMs, local + dayMs);
}

/** The moment between two others at which the offset changes. */
function changeWithin(timezone: string, from: number, to: number): number {
  const before = zoneOffset(timezone, from);
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zoneOffset(timezone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** From a moment on, until the next one of the list, local time is UTC and `offset`. */
export interface OffsetSpan {
  from: number;
  offset: number;
}

/** Clocks are not changed and changed back within fewer days. */
const lookEvery = 5 * dayMs;

/** Rules of time zones are known about from and until here; what a file dates elsewhere is not worth the looking. */
const firstRule = Date.UTC(1970, 0);
const lastRule = Date.UTC(2100, 0);

/** The offsets of a time zone between two moments; the first span covers what lies before as well. */
export function offsetSpans(timezone: string, since: number, until: number): OffsetSpan[] {
  const begin = Math.min(Math.max(since, firstRule), lastRule);
  const end = Math.min(until, lastRule);
  const spans: OffsetSpan[] = [{ from: begin, offset: zoneOffset(timezone, begin) }];
  for (let at = begin; at < end; at += lookEvery) {
    const next = Math.min(at + lookEvery, end);
    const offset = zoneOffset(timezone, next);
    if (offset !== spans.at(-1)?.offset) spans.push({ from: changeWithin(timezone, at, next), offset });
  }
  return spans;
}

/** Number of the local day of a moment, by the spans around it. */
export function localDay(spans: readonly OffsetSpan[], at: number): number {
  const span = spans.findLast(({ from }) => from <= at) ?? spans[0];
  return Math.floor((at + (span?.offset ?? 0)) / dayMs);
}

/** The quarter of an hour a moment lies in. Local days begin with a quarter, in every time zone in use. */
export function quarterOf(at: number): number {
  return Math.floor(at / quarterMs) * quarterMs;
}

/** The first quarter of an hour that does not begin before the moment. */
export function nextQuarter(at: number): number {
  return Math.ceil(at / quarterMs) * quarterMs;
}

const dateText = /^(\d{4})-(\d{2})-(\d{2})$/;
const timeText = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?$/;

/**
 * The period somebody asks for: a named range, or dates and times (ISO 8601). A date means the whole local day, as
 * `until` too; a time without a zone is local time. Without anything it is the last seven days.
 *
 * @throws PeriodError that says what is wrong
 */
export function resolvePeriod(request: PeriodRequest, now: number, localZone: string): Period {
  const { range, since, until, timezone = localZone } = request;
  formatOf(timezone);
  if (since === undefined && until === undefined) {
    const name = range ?? '7d';
    if (name === 'all') return { since: null, until: null, timezone };
    return {
      since: startOfDay(timezone, dayNumber(timezone, now) - daysBack[name]),
      until: null,
      timezone,
    };
  }
  if (range !== undefined) throw new PeriodError(`range "${range}" excludes since and until.`);
  const period = {
    since: since === undefined ? null : momentOf('since', since, timezone),
    until: until === undefined ? null : momentOf('until', until, timezone),
    timezone,
  };
  if (period.since !== null && period.until !== null && period.since >= period.until) {
    throw new PeriodError(`until "${until}" is not later than since "${since}".`);
  }
  return period;
}

function momentOf(label: 'since' | 'until', text: string, timezone: string): number {
  const wrong = () =>
    new PeriodError(
      `${label} is "${text}"; it must be a date like 2026-11-21 or a time like 2026-11-21T10:00Z.`,
    );
  if (dateText.test(text)) {
    const utc = Date.parse(text);
    if (Number.isNaN(utc) || dayText(utc / dayMs) !== text) throw wrong();
    return startOfDay(timezone, utc / dayMs + (label === 'until' ? 1 : 0));
  }
  const [, date = '', time = '', zone] = timeText.exec(text) ?? [];
  const utc = Date.parse(`${date}T${time}${zone ?? 'Z'}`);
  if (Number.isNaN(utc) || Number.isNaN(Date.parse(date)) || dayText(Date.parse(date) / dayMs) !== date) {
    throw wrong();
  }
  return zone === undefined ? instantOf(timezone, utc) : utc;
}
