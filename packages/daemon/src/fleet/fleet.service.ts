import type { Fleet, FleetEvent } from '@codepiper/core/fleet/fleet.ts';
import type { Ledger } from '../events/ledger.ts';
import { createBell } from '../platform/bell.ts';
import type { TranscriptsService } from '../transcripts/transcripts.service.ts';
import { Board, type BoardSources } from './board.ts';
import { LiveBoard } from './live-board.ts';

export interface FleetOptions extends BoardSources {
  ledger: Pick<Ledger, 'listen'>;
  transcripts: Pick<TranscriptsService, 'listen'>;
  /** Keeps the thread that reads transcripts until the disposer is called. */
  holdReader(): () => void;
  /** Between two cards of a session that differ in nothing urgent, in milliseconds; test seam. */
  paceMs?: number;
}

/** Who reads cards as they change. */
export interface FleetReader {
  /** Aborted when the reader has gone. */
  readonly closed: AbortSignal;
  /** Resolves when there is room for the next; false when the reader has gone. */
  send(event: FleetEvent): Promise<boolean>;
}

/** Every session as a card. Nothing is watched while nobody reads. */
export class FleetService {
  readonly #o: FleetOptions;
  #live: Live | null = null;

  constructor(options: FleetOptions) {
    this.#o = options;
  }

  /** All cards as they are now. */
  async fleet(): Promise<Fleet> {
    const board = new Board(this.#o);
    await board.load();
    return board.fleet();
  }

  /**
   * Sends a reader all cards, then each that changes, until it goes. Of a session whose card changes while the reader
   * has no room, only the newest card waits.
   *
   * @param open begins the answer
   */
  async feed(open: () => FleetReader): Promise<void> {
    const live = await this.#join();
    const { board } = live;
    const bell = createBell();
    const waiting = new Set<string>();
    const stopListening = board.listen((id) => {
      waiting.add(id);
      bell.ring();
    });
    try {
      const reader = open();
      reader.closed.addEventListener('abort', bell.ring);
      let isHere = await reader.send({ type: 'snapshot', fleet: board.fleet() });
      while (isHere && !reader.closed.aborted) {
        const [id] = waiting;
        if (id === undefined) {
          await bell.wait();
          continue;
        }
        waiting.delete(id);
        const card = board.card(id);
        isHere = await reader.send(card ? { type: 'card', card } : { type: 'removed', sessionId: id });
      }
    } finally {
      stopListening();
      this.#leave(live);
    }
  }

  async #join(): Promise<Live> {
    if (!this.#live) {
      const board = new LiveBoard(this.#o);
      this.#live = { board, ready: board.start(), readers: 0 };
    }
    const live = this.#live;
    live.readers += 1;
    try {
      await live.ready;
    } catch (error) {
      this.#leave(live);
      throw error;
    }
    return live;
  }

  #leave(live: Live): void {
    live.readers -= 1;
    if (live.readers > 0) return;
    live.board[Symbol.dispose]();
    if (this.#live === live) this.#live = null;
  }
}

/** A board and those who read it. */
interface Live {
  board: LiveBoard;
  ready: Promise<void>;
  readers: number;
}
