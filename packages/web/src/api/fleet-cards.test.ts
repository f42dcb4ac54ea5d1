import type { FleetCard, FleetEvent } from '@codepiper/core/fleet/fleet.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FleetCards } from './fleet-cards.ts';

/** What the list is made of, and one thing that it is not. */
function card(id: string, { status = 'running', lastLine = '' } = {}): FleetCard {
  const session = {
    ...{ id, name: id, provider: 'shell', cwd: '/work', status, activity: 'busy', endedAt: null },
    createdAt: '2026-01-01T00:00:00.000Z',
  } as FleetCard['session'];
  return {
    ...{
      session,
      lastLine,
      repository: null,
      doing: null,
      turn: null,
      cost: null,
      tokens: null,
      context: null,
    },
    statusSince: '2026-01-01T00:00:00.000Z',
    approval: null,
  };
}

let send: (event: FleetEvent) => void;
let asked: PromiseWithResolvers<{ cards: FleetCard[]; at: string }>;
let isFollowed = false;
let cards: FleetCards;
const told = { list: 0, a: 0, b: 0 };

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(told, { list: 0, a: 0, b: 0 });
  asked = Promise.withResolvers();
  cards = new FleetCards({
    follow: (onEvent) => {
      send = onEvent;
      isFollowed = true;
      return () => {
        isFollowed = false;
      };
    },
    ask: () => asked.promise,
  });
});
afterEach(() => {
  vi.useRealTimers();
});

function watch(): () => void {
  const ends = [
    cards.subscribe(() => void told.list++),
    cards.subscribeCard('a', () => void told.a++),
    cards.subscribeCard('b', () => void told.b++),
  ];
  send({ type: 'snapshot', fleet: { cards: [card('a'), card('b')], at: '' } });
  Object.assign(told, { list: 0, a: 0, b: 0 });
  return () => {
    for (const end of ends) end();
  };
}

it('tells one row of what it prints, together with its neighbours, and not the list', () => {
  watch();
  const entries = cards.state().entries;
  send({ type: 'card', card: card('a', { lastLine: 'one' }) });
  send({ type: 'card', card: card('a', { lastLine: 'two' }) });
  expect(told).toEqual({ list: 0, a: 0, b: 0 });
  vi.advanceTimersByTime(1000);
  expect(told).toEqual({ list: 0, a: 1, b: 0 });
  expect(cards.card('a')?.lastLine).toBe('two');
  expect(cards.state().entries).toBe(entries);
});

it('tells the list at once of a session that needs somebody', () => {
  watch();
  send({ type: 'card', card: card('b', { status: 'needs_input' }) });
  expect(told).toEqual({ list: 1, a: 0, b: 1 });
  expect(cards.state().entries?.map(({ id, state }) => [id, state])).toEqual([
    ['a', 'busy'],
    ['b', 'waiting'],
  ]);
});

it('forgets what was removed, and what a later snapshot has not', () => {
  watch();
  send({ type: 'removed', sessionId: 'b' });
  expect(cards.state().entries?.map(({ id }) => id)).toEqual(['a']);
  send({ type: 'snapshot', fleet: { cards: [card('c')], at: '' } });
  expect(cards.state().entries?.map(({ id }) => id)).toEqual(['c']);
  expect(cards.card('a')).toBeUndefined();
  expect(told).toEqual({ list: 2, a: 1, b: 1 });
});

it('does not let an answer that was slow take the place of what is newer', async () => {
  watch();
  asked.resolve({ cards: [card('old')], at: '' });
  await asked.promise;
  expect(cards.state().entries?.map(({ id }) => id)).toEqual(['a', 'b']);
});

it('says why nothing is known, until something is', async () => {
  cards.subscribe(() => void told.list++);
  asked.reject(new Error('away'));
  await vi.waitFor(() => expect(cards.state().problem).toMatchObject({ message: 'away' }));
  send({ type: 'snapshot', fleet: { cards: [card('a')], at: '' } });
  expect(cards.state()).toMatchObject({ problem: null, entries: [{ id: 'a' }] });
});

it('follows nothing once nobody has looked for a while', () => {
  const end = watch();
  end();
  expect(isFollowed).toBe(true);
  vi.advanceTimersByTime(60_000);
  expect(isFollowed).toBe(false);
  cards.subscribe(() => undefined);
  expect(isFollowed).toBe(true);
});
