import { type Json, parseObject } from '@codepiper/providers/json.ts';
import type { AgentFact, HookedCall } from '@codepiper/providers/provider.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import type { DeliveriesService } from '../deliveries/deliveries.service.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import type { SpoolFile } from '../panes/spool.ts';
import type { Observer } from '../sessions/observer.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionsStore } from '../sessions/sessions.store.ts';
import { eventName, keptOf } from './hook-payload.ts';

export interface HooksOptions {
  ledger: Ledger;
  store: Pick<SessionsStore, 'get'>;
  sessions: Pick<SessionFacts, 'reportIn'>;
  deliveries: Pick<DeliveriesService, 'observeIn' | 'announce'>;
  observer: Pick<Observer, 'hookSpoke'>;
  /** A hook told that a tool ran, or failed. */
  onRan: (session: SessionRecord, hooked: HookedCall) => Promise<void>;
  /** A hook told that a turn was over at a time (milliseconds since the epoch). */
  onTurnEnded: (sessionId: string, at: number) => void;
  log: Log;
}

/** A hook as it was heard. */
export interface HeardHook {
  run: number;
  /** Unique for ever: what is heard twice by it counts once. */
  origin: string;
  /** When it spoke, in milliseconds since the epoch. */
  at: number;
  payload: Json;
}

/** Takes what agents' hooks say: the fact, the session's change and the proof in one transaction. */
export class HooksService {
  readonly #o: HooksOptions;

  constructor(options: HooksOptions) {
    this.#o = options;
  }

  /** A hook left a file in the spool. */
  async onHookFile(file: SpoolFile): Promise<void> {
    const { store, onRan, log } = this.#o;
    const payload = parseObject(file.content);
    if (!payload) {
      log.warn({ session: file.sessionId, file: file.name }, 'a hook left something that is no JSON object');
      return;
    }
    const session = await store.get(file.sessionId);
    if (!session) return;
    const { run, name: origin, at } = file;
    await this.hear(session, { run, origin, at, payload });
    const hooked = run === session.run ? getProvider(session.provider).readHookedCall(payload) : null;
    if (hooked?.event === 'ran') await onRan(session, hooked);
  }

  /**
   * Stores what a hook says.
   *
   * @param options `withState`: whether its word about the session's state counts
   */
  async hear(session: SessionRecord, hook: HeardHook, { withState = true } = {}): Promise<void> {
    const { ledger, sessions, deliveries, observer } = this.#o;
    const { run, origin, at, payload } = hook;
    const facts = getProvider(session.provider).readHook(payload);
    const aboutState = facts.some(isAboutState);
    const outdated = !withState || (aboutState && observer.hookSpoke(session.id, at));
    const told = outdated ? facts.filter((fact) => !isAboutState(fact)) : facts;
    const proven = await ledger.record(async (tx, emit) => {
      // Heard before: the daemon died after it stored the fact and before the hook knew.
      if (await ledger.knowsOrigin(tx, origin)) return [];
      emit({
        sessionId: session.id,
        source: 'hook',
        type: `hook.${eventName(payload)}`,
        payload: keptOf(payload),
        origin,
      });
      const before = await sessions.reportIn(tx, emit, { sessionId: session.id, run }, told, 'hook');
      return before ? deliveries.observeIn(tx, emit, before, facts, 'hook') : [];
    });
    deliveries.announce(proven);
    if (facts.some(({ kind }) => kind === 'turn-ended')) this.#o.onTurnEnded(session.id, at);
  }
}

/** Facts that change a session's status. */
function isAboutState(fact: AgentFact): boolean {
  return fact.kind === 'state' || fact.kind === 'turn-ended' || fact.kind === 'prompt';
}
