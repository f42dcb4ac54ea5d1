import { expect, it } from 'vitest';
import { everyDay } from './every-day.ts';

const empty = (date: string) => ({ date, total: 0 });
const now = Date.parse('2026-03-10T12:00:00Z');

it('has the days on which nothing happened, to today', () => {
  const period = { since: '2026-03-07T00:00:00Z', until: null, timezone: 'UTC' };
  expect(everyDay([{ date: '2026-03-08', total: 5 }], period, empty, now)).toEqual([
    empty('2026-03-07'),
    { date: '2026-03-08', total: 5 },
    empty('2026-03-09'),
    empty('2026-03-10'),
  ]);
});

it('counts days where the person is, over a change of the clocks too', () => {
  const period = {
    since: '2026-03-07T08:00:00Z',
    until: '2026-03-10T07:00:00Z',
    timezone: 'America/Los_Angeles',
  };
  expect(everyDay([], period, empty, now).map(({ date }) => date)).toEqual([
    '2026-03-07',
    '2026-03-08',
    '2026-03-09',
  ]);
});

it('begins with the first day on which something happened when there is no beginning', () => {
  const period = { since: null, until: null, timezone: 'UTC' };
  expect(everyDay([{ date: '2026-03-09', total: 1 }], period, empty, now)).toHaveLength(2);
  expect(everyDay([], period, empty, now)).toEqual([]);
});

it('leaves years as they are', () => {
  const days = [
    { date: '2020-01-01', total: 1 },
    { date: '2026-03-10', total: 1 },
  ];
  expect(everyDay(days, { since: null, until: null, timezone: 'UTC' }, empty, now)).toEqual(days);
});
