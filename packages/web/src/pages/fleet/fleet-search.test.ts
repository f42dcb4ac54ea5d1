import { describe, expect, it } from 'vitest';
import type { FleetEntry } from '../../api/fleet-store.ts';
import { readFleetSearch, viewOf } from './fleet-search.ts';

let made = 0;
function entry(state: FleetEntry['state'], more: Partial<FleetEntry> = {}): FleetEntry {
  const id = `s${made++}`;
  return {
    ...{ id, name: id, provider: 'claude-code', place: 'shop', branch: 'main', cwd: '/home/me/shop', state },
    hasApproval: state === 'waiting',
    waitsSince: state === 'waiting' ? '2026-01-01T00:00:00.000Z' : null,
    createdAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}
const idsOf = (entries: readonly FleetEntry[], search = {}) =>
  viewOf(entries, search).sections.map(({ title, ids }) => [title, ...ids]);

describe('the order of the fleet', () => {
  it('shows who waits longest first, and the ended last', () => {
    const [ended, busy, late, early] = [
      entry('crashed'),
      entry('busy'),
      entry('waiting', { waitsSince: '2026-01-01T10:00:00.000Z' }),
      entry('waiting', { waitsSince: '2026-01-01T09:00:00.000Z' }),
    ];
    const view = viewOf([ended, busy, late, early], {});
    expect(view.sections.map(({ ids }) => ids)).toEqual([[early.id, late.id], [busy.id], [ended.id]]);
    expect(view).toMatchObject({ count: 4, waiting: 2, sections: [{}, {}, { crashed: 1 }] });
  });

  it('does not move a session that becomes busy or idle', () => {
    const [first, second] = [entry('idle'), entry('idle')];
    const before = idsOf([first, second]);
    expect(idsOf([first, { ...second, state: 'busy' }])).toEqual(before);
  });

  it('groups by repository, but for those that wait', () => {
    const all = [
      entry('busy', { id: 'a', place: 'shop' }),
      entry('waiting', { id: 'b', place: 'shop' }),
      entry('idle', { id: 'c', place: 'api' }),
    ];
    expect(idsOf(all, { group: 'repository' })).toEqual([
      ['Needs you', 'b'],
      ['api', 'c'],
      ['shop', 'a'],
    ]);
  });
});

describe('the filter of the fleet', () => {
  const all = [
    entry('busy', { id: 'a', name: 'checkout', branch: 'feature/Pay' }),
    entry('starting', { id: 'b', provider: 'codex' }),
    entry('stopped', { id: 'c', place: 'api', cwd: '/srv/api' }),
  ];
  it.each([
    [{ q: 'PAY check' }, ['a']],
    [{ q: 'pay nothing' }, []],
    [{ q: '/srv' }, ['c']],
    [{ state: 'busy' as const }, ['a', 'b']],
    [{ state: 'ended' as const }, ['c']],
    [{ provider: 'codex' }, ['b']],
    [{ repository: 'api' }, ['c']],
    [{ repository: 'api', state: 'busy' as const }, []],
  ])('%j', (search, ids) => {
    expect(viewOf(all, search).sections.flatMap((section) => section.ids)).toEqual(ids);
  });

  it('takes from an address what means something', () => {
    expect(
      readFleetSearch({ q: 42, state: 'angry', provider: '', group: 'repository', ended: true, x: 1 }),
    ).toEqual({
      q: '42',
      group: 'repository',
      ended: true,
    });
  });
});
