import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dayNumber,
  dayText,
  offsetSpans,
  PeriodError,
  resolvePeriod,
  startOfDay,
  zoneOffset,
} from './periods.ts';

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());
const day = (text: string) => Date.parse(text) / 86_400_000;

describe('the start of a day', () => {
  test.each([
    ['UTC', '2026-11-21', '2026-11-21T00:00:00.000Z'],
    ['Europe/Berlin', '2026-11-21', '2026-11-20T23:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00.000Z'],
    ['Europe/Berlin', '2026-03-30', '2026-03-29T22:00:00.000Z'],
    ['America/New_York', '2026-11-01', '2026-11-01T04:00:00.000Z'],
    ['America/New_York', '2026-11-02', '2026-11-02T05:00:00.000Z'],
    ['Asia/Kathmandu', '2026-11-21', '2026-11-20T18:15:00.000Z'],
    ['Pacific/Kiritimati', '2026-11-21', '2026-11-20T10:00:00.000Z'],
    ['Pacific/Chatham', '2026-11-21', '2026-11-20T10:15:00.000Z'],
    // Midnight is skipped there: the day begins at one o'clock.
    ['America/Sao_Paulo', '2018-11-04', '2018-11-04T03:00:00.000Z'],
    ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00.000Z'],
    // Midnight comes twice there.
    ['America/Havana', '2026-11-01', '2026-11-01T04:00:00.000Z'],
  ])('in %s, %s is %s', (zone, date, expected) => {
    const start = startOfDay(zone, day(date));
    expect(iso(start)).toBe(expected);
    expect(dayText(dayNumber(zone, start))).toBe(date);
    expect(dayText(dayNumber(zone, start - 1))).not.toBe(date);
  });
});

test('spans of offsets say the same as the clock, at any moment', () => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kathmandu',
    'Africa/Casablanca',
    'Australia/Lord_Howe',
  ];
  const since = Date.parse('2024-01-01');
  const until = Date.parse('2027-01-01');
  const spans = new Map(zones.map((zone) => [zone, offsetSpans(zone, since, until)]));
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: since, max: until }), (zone, at) => {
      const span = spans.get(zone)?.findLast(({ from }) => from <= at);
      expect(span?.offset).toBe(zoneOffset(zone, at));
    }),
  );
  expect(spans.get('Europe/Berlin')).toHaveLength(7);
});

test('a time that nobody lives in costs nothing', () => {
  const far = Date.parse('+250000-01-01T00:00:00Z');
  const spans = offsetSpans('Europe/Berlin', 1, far);
  expect(spans.length).toBeLessThan(400);
  const winter = Date.parse('2026-01-15T12:00Z');
  expect(spans.findLast(({ from }) => from <= winter)?.offset).toBe(3_600_000);
});

describe('a period', () => {
  // Half past midnight in Berlin, still the day before in New York.
  const now = Date.parse('2026-11-20T23:30:00Z');
  test.each([
    [{ range: 'today' }, 'Europe/Berlin', '2026-11-20T23:00:00.000Z', null],
    [{ range: 'today' }, 'America/New_York', '2026-11-20T05:00:00.000Z', null],
    [{}, 'Europe/Berlin', '2026-11-14T23:00:00.000Z', null],
    [{ range: '7d' }, 'Europe/Berlin', '2026-11-14T23:00:00.000Z', null],
    // The clock was changed in between.
    [{ range: '30d' }, 'Europe/Berlin', '2026-10-22T22:00:00.000Z', null],
    [{ range: 'all' }, 'Europe/Berlin', null, null],
    [
      { since: '2026-11-01', until: '2026-11-01' },
      'Europe/Berlin',
      '2026-10-31T23:00:00.000Z',
      '2026-11-01T23:00:00.000Z',
    ],
    [
      { since: '2026-10-25', until: '2026-10-25' },
      'Europe/Berlin',
      '2026-10-24T22:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
    ],
    [{ since: '2026-11-01T10:00' }, 'Europe/Berlin', '2026-11-01T09:00:00.000Z', null],
    [{ until: '2026-11-01T10:00:30+05:30' }, 'Europe/Berlin', null, '2026-11-01T04:30:30.000Z'],
    // The first of two moments, and the end of the gap.
    [{ since: '2026-10-25T02:30' }, 'Europe/Berlin', '2026-10-25T00:30:00.000Z', null],
    [{ since: '2026-03-29T02:30' }, 'Europe/Berlin', '2026-03-29T01:00:00.000Z', null],
    [{ range: 'today', timezone: 'Asia/Tokyo' }, 'Europe/Berlin', '2026-11-20T15:00:00.000Z', null],
  ] as const)('%j in %s', (request, zone, since, until) => {
    const period = resolvePeriod(request, now, zone);
    expect([iso(period.since), iso(period.until)]).toEqual([since, until]);
  });

  test.each([
    [{ timezone: 'Mars/Olympus' }, 'Mars/Olympus'],
    // Days would not begin with a quarter of an hour.
    [{ timezone: '+05:37' }, '+05:37'],
    [{ timezone: '-00:01' }, '-00:01'],
    [{ since: 'yesterday' }, 'yesterday'],
    [{ since: '2026-02-30' }, '2026-02-30'],
    [{ since: '2026-02-30T10:00' }, '2026-02-30'],
    [{ since: '2026-11-02', until: '2026-11-01' }, 'not later'],
    [{ range: '7d', since: '2026-11-02' }, 'excludes'],
  ] as const)('%j is refused', (request, word) => {
    const resolve = () => resolvePeriod(request, now, 'UTC');
    expect(resolve).toThrow(PeriodError);
    expect(resolve).toThrow(word);
  });
});
