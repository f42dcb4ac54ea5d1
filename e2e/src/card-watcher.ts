import { type ClientRequest, request } from 'node:http';
import { SseReader } from '@codepiper/client/sse.ts';
import type { FleetCard, FleetEvent } from '@codepiper/core/fleet/fleet.ts';
import type { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';

/** Somebody with the fleet page open: cards as the stream brings them, by session. */
export class CardWatcher implements Disposable {
  readonly cards = new Map<string, FleetCard>();
  /** How many snapshots came. */
  snapshots = 0;
  events = 0;
  readonly #house: House;
  #call: ClientRequest | null = null;

  constructor(house: House) {
    this.#house = house;
    this.open();
  }

  open(): void {
    this.cut();
    const call = request({ socketPath: this.#house.socket, path: '/fleet/stream' }, (reply) => {
      const reader = new SseReader();
      reply.setEncoding('utf8');
      reply.on('error', () => undefined);
      reply.on('data', (piece: string) => {
        for (const data of reader.push(piece)) this.#take(JSON.parse(data) as FleetEvent);
      });
    });
    call.on('error', () => undefined);
    call.end();
    this.#call = call;
  }

  cut(): void {
    this.#call?.destroy();
    this.#call = null;
  }

  /** Waits until a session's card is as `test` looks for, and returns it. */
  async until(id: string, label: string, test: (card: FleetCard) => boolean): Promise<FleetCard> {
    return waitFor(
      `the card of ${id.slice(0, 8)} to show ${label}`,
      () => {
        const card = this.cards.get(id);
        if (card && test(card)) return card;
        throw new Error(JSON.stringify(card, (key, value) => (key === 'metadata' ? undefined : value)));
      },
      { timeout: 60_000 },
    );
  }

  [Symbol.dispose](): void {
    this.cut();
  }

  #take(event: FleetEvent): void {
    this.events += 1;
    if (event.type === 'snapshot') {
      this.snapshots += 1;
      this.cards.clear();
      for (const card of event.fleet.cards) this.cards.set(card.session.id, card);
    } else if (event.type === 'card') this.cards.set(event.card.session.id, event.card);
    else this.cards.delete(event.sessionId);
  }
}
