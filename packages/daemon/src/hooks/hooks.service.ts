import { parseObject } from '@codepiper/providers/json.ts';
import type { AgentFact } from '@codepiper/providers/provider.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import type { DeliveriesService } from '../deliveries/deliveries.service.ts';
import type { Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import type { SpoolFile } from '../panes/spool.ts';
import type { Observer } from '../sessions/observer.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionsStore } from '../sessions/sessions.store.ts';
import { eventName, keptOf } from './hook-payload.ts';

export interface HooksOptions {
  ledger: Ledger;
  store: Pick<SessionsStore, 'get'>;
  sessions: Pick<SessionFacts, 'reportIn'>;
  deliveries: Pick<DeliveriesService, 'observeIn' | 'announce'>;
  observer: Pick<Observer, 'hookSpoke'>;
  log: Log;
}

/** Takes what agents' hooks left in the spool: the fact, the session's change and the proof in one transaction. */
export class HooksService {
  readonly #o: HooksOptions;

  constructor(options: HooksOptions) {
    this.#o = options;
  }

  async onHookFile(file: SpoolFile): Promise<void> {
    const { ledger, store, sessions, deliveries, observer, log } = this.#o;
    const payload = parseObject(file.content);
    if (!payload) {
      log.warn({ session: file.sessionId, file: file.name }, 'a hook left something that is no JSON object');
      return;
    }
    const session = await store.get(file.sessionId);
    if (!session) return;
    const facts = getProvider(session.provider).readHook(payload);
    const outdated = facts.some(isAboutState) && observer.hookSpoke(file.sessionId, file.at);
    const told = outdated ? facts.filter((fact) => !isAboutState(fact)) : facts;
    const proven = await ledger.record(async (tx, emit) => {
      // Seen before: the daemon died after it stored the fact and before it removed the file.
      if (await ledger.knowsOrigin(tx, file.name)) return [];
      emit({
        sessionId: session.id,
        source: 'hook',
        type: `hook.${eventName(payload)}`,
        payload: keptOf(payload),
        origin: file.name,
      });
      const before = await sessions.reportIn(tx, emit, file, told, 'hook');
      return before ? deliveries.observeIn(tx, emit, before, facts, 'hook') : [];
    });
    deliveries.announce(proven);
  }
}

/** Facts that change a session's status. */
function isAboutState(fact: AgentFact): boolean {
  return fact.kind === 'state' || fact.kind === 'turn-ended' || fact.kind === 'prompt';
}
