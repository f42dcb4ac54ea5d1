import type { FleetEntry } from '../../api/fleet-store.ts';

/** States by which the fleet is filtered; `ended` are both kinds. */
export const stateFilters = ['waiting', 'busy', 'idle', 'ended'] as const;
export type StateFilter = (typeof stateFilters)[number];

/** What the address of the fleet page says about what is shown. */
export interface FleetSearch {
  q?: string;
  state?: StateFilter;
  provider?: string;
  repository?: string;
  /** By state when absent. */
  group?: 'repository';
  /** Ended sessions are unfolded. */
  ended?: true;
}

/** What of an address means something; the rest is left out. */
export function readFleetSearch(search: Record<string, unknown>): FleetSearch {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  // A search for digits comes as a number.
  const q = text(typeof search.q === 'number' ? String(search.q) : search.q);
  const provider = text(search.provider);
  const repository = text(search.repository);
  const state = stateFilters.find((each) => each === search.state);
  return {
    ...(q === undefined ? {} : { q }),
    ...(state ? { state } : {}),
    ...(provider === undefined ? {} : { provider }),
    ...(repository === undefined ? {} : { repository }),
    ...(search.group === 'repository' ? { group: 'repository' as const } : {}),
    ...(search.ended === true ? { ended: true as const } : {}),
  };
}

export interface FleetSection {
  key: string;
  title: string;
  kind: 'waiting' | 'live' | 'ended';
  ids: readonly string[];
  /** How many of them crashed. */
  crashed: number;
}

/** What is shown, in its order. */
export interface FleetView {
  sections: readonly FleetSection[];
  /** Sessions that the filter leaves. */
  count: number;
  waiting: number;
}

/**
 * Those that need a person come first, whoever waits longest before the others. The rest keeps the order in which it was
 * started, whatever it does: nothing moves but what begins or ends to need somebody.
 */
export function viewOf(entries: readonly FleetEntry[], search: FleetSearch): FleetView {
  const found = entries.filter((entry) => isFound(entry, search));
  const waiting = found
    .filter(({ state }) => state === 'waiting')
    .toSorted((a, b) => (a.waitsSince ?? '').localeCompare(b.waitsSince ?? ''));
  const live = found.filter((entry) => entry.state !== 'waiting' && !hasEnded(entry));
  const ended = found.filter(hasEnded);
  const groups =
    search.group === 'repository'
      ? [...Map.groupBy(live, ({ place }) => place)]
          .toSorted(([a], [b]) => a.localeCompare(b))
          .map(([place, members]) => section(`repository ${place}`, place, 'live', members))
      : [section('live', 'Running', 'live', live)];
  const sections = [
    section('waiting', 'Needs you', 'waiting', waiting),
    ...groups,
    section('ended', 'Ended', 'ended', ended),
  ].filter(({ ids }) => ids.length > 0);
  return { sections, count: found.length, waiting: waiting.length };
}

export function hasEnded({ state }: FleetEntry): boolean {
  return state === 'stopped' || state === 'crashed';
}

function section(
  key: string,
  title: string,
  kind: FleetSection['kind'],
  members: readonly FleetEntry[],
): FleetSection {
  const crashed = members.filter(({ state }) => state === 'crashed').length;
  return { key, title, kind, ids: members.map(({ id }) => id), crashed };
}

function isFound(entry: FleetEntry, { q, state, provider, repository }: FleetSearch): boolean {
  if (provider !== undefined && entry.provider !== provider) return false;
  if (repository !== undefined && entry.place !== repository) return false;
  if (state === 'ended' ? !hasEnded(entry) : state !== undefined && simple(entry.state) !== state) {
    return false;
  }
  if (q === undefined) return true;
  const text = `${entry.name} ${entry.place} ${entry.branch ?? ''} ${entry.cwd} ${entry.provider} ${entry.id}`
    .normalize()
    .toLowerCase();
  return q
    .normalize()
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** A session that starts is at work. */
function simple(state: FleetEntry['state']): string {
  return state === 'starting' ? 'busy' : state;
}
