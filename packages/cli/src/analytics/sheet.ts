import { costText, count, duration, share, shortCount } from '@codepiper/core/analytics/amounts.ts';
import type { Cost } from '@codepiper/core/analytics/pricing.ts';

/** What stands in a cell: as a person reads it, and as a spreadsheet takes it. */
export interface Cell {
  text: string;
  raw: string;
  /** Where there is no room for the text. */
  short?: string;
  isNumber?: boolean;
}

/** A table; the last rows may be sums. */
export interface Sheet {
  titles: readonly string[];
  rows: Cell[][];
  total?: Cell[];
  /** What stands below it for people. */
  note?: string;
}

export const text = (value: string | null): Cell => ({
  text: (value ?? '').replaceAll(/\s+/g, ' '),
  raw: value ?? '',
});
export const number = (value: number): Cell => ({
  ...{ text: count(value), short: shortCount(value), raw: String(value) },
  isNumber: true,
});
export const part = (value: number | null): Cell => ({
  ...{ text: share(value), raw: value === null ? '' : String(value) },
  isNumber: true,
});
export const time = (ms: number | null): Cell => ({
  ...{ text: duration(ms), raw: ms === null ? '' : String(ms) },
  isNumber: true,
});
/** A spreadsheet gets two columns: a sum without what it lacks would be a wrong one. */
export const cost = (value: Cost): Cell => ({
  ...{ text: costText(value), short: costText(value).replace(' + unknown', ' + ?') },
  ...{ raw: String(value.usd), isNumber: true },
});
/** When it was, in the time zone of whoever asks. */
export const moment = (iso: string | null, timezone: string): Cell => ({
  text: iso === null ? '' : localMinute(iso, timezone),
  raw: iso ?? '',
});

function localMinute(iso: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  return parts.format(Date.parse(iso));
}
