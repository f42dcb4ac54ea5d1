import type { FleetCard } from '@codepiper/core/fleet/fleet.ts';
import { useCallback, useSyncExternalStore } from 'react';
import { client } from './client.ts';
import { feed } from './feed.ts';
import { FleetCards, type FleetEntry, type FleetState } from './fleet-cards.ts';

export type { FleetEntry };

const fleet = new FleetCards({
  follow: (onEvent, onProblem) =>
    feed.subscribe({
      topic: () => ({ topic: 'fleet' }),
      onMessage: (message) => {
        if (message.type === 'fleet') onEvent(message.fleet);
        else if (message.type === 'error') onProblem(new Error(message.message));
      },
    }),
  ask: () => client.request('GET', '/fleet'),
});

/** The sessions there are. Changes when one comes, goes, or needs another place in a list; not when it prints. */
export function useFleet(): FleetState {
  return useSyncExternalStore(fleet.subscribe, fleet.state);
}

/** One session as it is now; undefined when it is gone. Whoever uses it is the only one that is told of its changes. */
export function useCard(id: string): FleetCard | undefined {
  return useSyncExternalStore(
    useCallback((listener: () => void) => fleet.subscribeCard(id, listener), [id]),
    () => fleet.card(id),
  );
}

/** The card as it is now, for what is done once. */
export function cardOf(id: string): FleetCard | undefined {
  return fleet.card(id);
}

/** Asks for all cards again, after a problem. */
export const askForFleet = fleet.ask;
