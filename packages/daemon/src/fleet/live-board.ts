import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import type { Fleet, FleetCard } from '@codepiper/core/fleet/fleet.ts';
import { Board } from './board.ts';
import type { FleetOptions } from './fleet.service.ts';
import { Paced } from './paced.ts';

/** In milliseconds. */
const usualPaceMs = 1000;
/** Branches are looked at once in so many paces. */
const branchesEvery = 3;

/** Facts after which a card goes out at once: whom an agent waits for must not have to wait. */
const urgentSources: readonly string[] = ['session', 'approval'];
const otherSources: readonly string[] = ['delivery', 'hook', 'policy'];
/** After these a session is in another conversation. */
const beginnings: readonly string[] = ['session.conversation', 'session.resumed', 'session.created'];

/**
 * A board that keeps itself true. Facts about sessions and approvals change a card at once; what is said, printed and
 * spent is looked at once in a pace, and only where something happened.
 */
export class LiveBoard implements Disposable {
  readonly #o: FleetOptions;
  readonly #board: Board;
  readonly #paceMs: number;
  readonly #listeners = new Set<(sessionId: string) => void>();
  /** Node 22 has no `DisposableStack`. */
  readonly #closers: (() => void)[] = [];
  readonly #urgent = new Set<string>();
  readonly #facts = new Set<string>();
  readonly #words = new Set<string>();
  /** Cards that changed so soon after the last one that they wait; and when the last one went out. */
  readonly #late = new Set<string>();
  readonly #saidAt = new Map<string, number>();
  #isLoaded = false;
  #isHurrying = false;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(options: FleetOptions) {
    this.#o = options;
    this.#board = new Board(options);
    this.#paceMs = options.paceMs ?? usualPaceMs;
  }

  /** Resolves when all cards are there. */
  async start(): Promise<void> {
    const { ledger, transcripts, holdReader } = this.#o;
    const paced = (work: () => Promise<void>): Paced => {
      const made = new Paced(work, this.#paceMs);
      this.#closers.push(() => made[Symbol.dispose]());
      return made;
    };
    this.#closers.push(holdReader());
    const readFacts = paced(() => this.#refresh(this.#facts, false));
    const hearWords = paced(() => this.#hear());
    // What happens while it loads is looked at again when it has.
    this.#closers.push(
      ledger.listen((events) => {
        for (const event of events) this.#take(event);
        if (this.#facts.size > 0) readFacts.ask();
        if (this.#words.size > 0) hearWords.ask();
        void this.#hurry();
      }),
    );
    this.#closers.push(
      transcripts.listen(({ sessionIds }) => {
        for (const id of sessionIds) this.#words.add(id);
        hearWords.ask();
      }),
    );
    await this.#board.load();
    this.#isLoaded = true;
    void this.#hurry();
    readFacts.ask();
    hearWords.ask();
    let paces = 0;
    const look = paced(async () => this.#tell(await this.#board.look()));
    const locate = paced(async () => this.#tell(await this.#board.locate()));
    const timer = setInterval(() => {
      paces += 1;
      look.ask();
      if (paces % branchesEvery === 0) locate.ask();
    }, this.#paceMs).unref();
    const late = setInterval(() => this.#tell([...this.#late]), this.#paceMs / 4).unref();
    this.#closers.push(() => {
      clearInterval(timer);
      clearInterval(late);
    });
  }

  fleet(): Fleet {
    return this.#board.fleet();
  }

  card(sessionId: string): FleetCard | undefined {
    return this.#board.card(sessionId);
  }

  /** Hears of each session whose card is another one, or gone. Returns a disposer. */
  listen(listener: (sessionId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  [Symbol.dispose](): void {
    this.#listeners.clear();
    for (const close of this.#closers.splice(0).reverse()) close();
  }

  #take({ sessionId, source, type }: LedgerEvent): void {
    if (sessionId === null) return;
    if (urgentSources.includes(source)) this.#urgent.add(sessionId);
    else if (otherSources.includes(source)) this.#facts.add(sessionId);
    if (beginnings.includes(type)) this.#words.add(sessionId);
  }

  async #hurry(): Promise<void> {
    if (this.#isHurrying || !this.#isLoaded) return;
    this.#isHurrying = true;
    while (this.#urgent.size > 0) await this.#refresh(this.#urgent, true);
    this.#isHurrying = false;
  }

  #refresh(ids: Set<string>, isUrgent: boolean): Promise<void> {
    // One after the other: rows that were read before a change must not come behind it.
    this.#refreshing = this.#refreshing.then(async () => {
      if (!this.#isLoaded || ids.size === 0) return;
      const sessionIds = [...ids];
      ids.clear();
      try {
        this.#tell(await this.#board.refresh(sessionIds), isUrgent);
      } catch (error) {
        this.#o.log.warn({ err: error }, 'cards could not be brought up to date');
      }
    });
    return this.#refreshing;
  }

  async #hear(): Promise<void> {
    if (!this.#isLoaded || this.#words.size === 0) return;
    const sessionIds = [...this.#words];
    this.#words.clear();
    this.#tell(await this.#board.hear(sessionIds));
  }

  #tell(sessionIds: readonly string[], isUrgent = false): void {
    const now = performance.now();
    for (const id of sessionIds) {
      const isGone = this.#board.card(id) === undefined;
      const isDue = now - (this.#saidAt.get(id) ?? Number.NEGATIVE_INFINITY) >= this.#paceMs;
      if (!isUrgent && !isDue && !isGone) {
        this.#late.add(id);
        continue;
      }
      this.#late.delete(id);
      if (isGone) this.#saidAt.delete(id);
      else this.#saidAt.set(id, now);
      for (const listener of this.#listeners) listener(id);
    }
  }
}
