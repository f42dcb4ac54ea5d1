import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { DeliveryKind, SendOutcome } from '@codepiper/core/sessions/delivery.ts';
import type { EvidenceSource } from '@codepiper/core/sessions/session.ts';
import type { AgentFact } from '@codepiper/providers/provider.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import type { Tx } from '../db/database.ts';
import type { TxNow } from '../db/now.ts';
import type { EmitEvent, Ledger, NewEvent } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import type { SessionState } from '../sessions/sessions.store.ts';
import type { DeliveriesStore, DeliveryRecord } from './deliveries.store.ts';

/** When a delivery that was just queued is first looked at if nothing was heard of it, in milliseconds. */
const firstLookMs = 10;

export interface NewDelivery {
  kind: DeliveryKind;
  text: string;
  idempotencyKey: string | null;
}

export interface DeliveriesOptions {
  ledger: Ledger;
  store: DeliveriesStore;
  sessions: SessionsService;
  clock: Clock;
  log: Log;
  /** Throws when what would be typed must not be. */
  preflight: (session: SessionRecord, delivery: NewDelivery) => void;
  /** Called when a text was put into a queue. */
  wake: (sessionId: string) => void;
}

/** A text that was stored this moment, and what its typing depends on. */
export interface FreshText {
  session: SessionState;
  delivery: DeliveryRecord;
}

/** The queue of texts of every session, and what became of each. Typing is the typist's. */
export class DeliveriesService {
  readonly #o: DeliveriesOptions;
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Deliveries being typed at this moment: their proof may come before their row says so. */
  readonly typing = new Set<string>();
  /** By session. What withdraws or fails a text takes it out. */
  readonly #fresh = new Map<string, FreshText>();

  constructor(options: DeliveriesOptions) {
    this.#o = options;
  }

  /** Queues a text. The same key with the same text answers with what it became the first time. */
  async send(ref: string, delivery: NewDelivery): Promise<DeliveryRecord> {
    const { store, ledger, sessions } = this.#o;
    const record = await sessions.get(ref);
    // Before anything else: who asks again after the session ended must learn what became of the text.
    const sent = delivery.idempotencyKey ? await store.findByKey(record.id, delivery.idempotencyKey) : null;
    if (sent) return requireSameText(sent, delivery);
    sessions.requireLive(record);
    try {
      const queued = await ledger.recordNow((tx, emit) => this.#enqueueNow(tx, emit, record, delivery));
      this.#o.wake(record.id);
      return queued;
    } catch (error) {
      this.#fresh.delete(record.id);
      throw error;
    }
  }

  /** Queues a text in a transaction that waits for nothing, unless its key is known. */
  #enqueueNow(tx: TxNow, emit: EmitEvent, session: SessionRecord, delivery: NewDelivery): DeliveryRecord {
    const { store } = this.#o;
    const { idempotencyKey } = delivery;
    const known = idempotencyKey ? store.findByKeyNow(tx, session.id, idempotencyKey) : null;
    if (known) return requireSameText(known, delivery);
    const record = this.#newRecord(session, delivery);
    const queue = store.queueNow(tx, session.id);
    store.insertNow(tx, record);
    emit(queuedEvent(record));
    // Who listens to the commit wakes the typist, which must find it then.
    if (queue?.ahead === 0) {
      this.#fresh.set(session.id, { session: queue.session, delivery: record });
      // A typist that is still at something else reads how things are then.
      setImmediate(() => this.#fresh.delete(session.id));
    }
    return record;
  }

  /**
   * The text that was stored this moment with none before it, and the session as it was in that transaction: nothing
   * has to be read back. Each is given once; null when there is none, or when the queue has to be read.
   */
  takeFresh(sessionId: string): FreshText | null {
    const fresh = this.#fresh.get(sessionId) ?? null;
    this.#fresh.delete(sessionId);
    return fresh;
  }

  /** Queues a text in the transaction of something else. */
  async enqueueIn(
    tx: Tx,
    emit: EmitEvent,
    session: SessionRecord,
    delivery: NewDelivery,
  ): Promise<DeliveryRecord> {
    const record = this.#newRecord(session, delivery);
    await this.#o.store.in(tx).insert(record);
    emit(queuedEvent(record));
    return record;
  }

  /** What becomes a row of the queue. Throws when it must not be typed at all. */
  #newRecord(session: SessionRecord, delivery: NewDelivery): DeliveryRecord {
    this.#o.preflight(session, delivery);
    return {
      id: randomUUID(),
      sessionId: session.id,
      run: session.run,
      ...delivery,
      status: 'queued',
      createdAt: this.#o.clock.now(),
      typedAt: null,
      settledAt: null,
      evidence: null,
      error: null,
    };
  }

  async list(ref: string, limit: number): Promise<DeliveryRecord[]> {
    const session = await this.#o.sessions.get(ref);
    return this.#o.store.list(session.id, limit);
  }

  /** Withdraws a text that is still queued. */
  async cancel(ref: string, id: string): Promise<DeliveryRecord> {
    const session = await this.#o.sessions.get(ref);
    const cancelled = await this.#o.ledger.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      const delivery = await store.get(id);
      if (!delivery || delivery.sessionId !== session.id) {
        throw new CodepiperError(
          'delivery_not_found',
          `Session ${session.id.slice(0, 8)} has no delivery ${id}.`,
        );
      }
      if (delivery.status === 'cancelled') return delivery;
      if (delivery.status !== 'queued' || this.typing.has(id)) {
        throw new CodepiperError(
          'session_busy',
          `Delivery ${id} is ${delivery.status}: only a queued text can be withdrawn.`,
        );
      }
      this.#fresh.delete(session.id);
      await store.update(id, { status: 'cancelled', settledAt: this.#o.clock.now() });
      emit(deliveryEvent(delivery, 'delivery.cancelled', {}));
      return { ...delivery, status: 'cancelled' as const };
    });
    this.#settled(id);
    return cancelled;
  }

  /** Notes that a text is in the pane; a proof that came first is kept. */
  async markTyped(delivery: DeliveryRecord): Promise<void> {
    await this.#o.ledger.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      const now = await store.get(delivery.id);
      if (now?.status !== 'queued') return;
      await store.update(delivery.id, { status: 'typed', typedAt: this.#o.clock.now() });
      emit(deliveryEvent(delivery, 'delivery.typed', {}));
    });
  }

  async markDelivered(
    delivery: DeliveryRecord,
    evidence: { source: EvidenceSource; detail: string },
  ): Promise<void> {
    await this.#o.ledger.record((tx, emit) => this.#deliverIn(tx, emit, delivery, evidence));
    this.#settled(delivery.id);
  }

  /** Typed, and nothing proved it in time. A proof that comes later still counts. */
  async markUnproven(delivery: DeliveryRecord, error: string): Promise<void> {
    await this.#o.ledger.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      const now = await store.get(delivery.id);
      if (now?.status !== 'typed' || now.error !== null) return;
      await store.update(delivery.id, { error });
      emit(deliveryEvent(delivery, 'delivery.unproven', { error }));
    });
    this.#settled(delivery.id);
  }

  /** Fails what can no longer arrive because the run it was meant for, or an earlier one, is over. */
  async failRun(sessionId: string, run: number): Promise<void> {
    this.#fresh.delete(sessionId);
    const open = async (store: DeliveriesStore) =>
      (await store.open(sessionId)).filter((delivery) => delivery.run <= run);
    if ((await open(this.#o.store)).length === 0) return;
    const failed = await this.#o.ledger.record(async (tx, emit) => {
      const store = this.#o.store.in(tx);
      const over = await open(store);
      for (const delivery of over) {
        const error = this.#whyFailed(delivery);
        await store.update(delivery.id, { status: 'failed', settledAt: this.#o.clock.now(), error });
        emit(deliveryEvent(delivery, 'delivery.failed', { error }));
      }
      return over;
    });
    for (const delivery of failed) {
      this.typing.delete(delivery.id);
      this.#settled(delivery.id);
    }
  }

  /** Of a session that was removed nothing that was said is kept; what had not arrived never will. */
  async forget(sessionId: string): Promise<void> {
    await this.failRun(sessionId, Number.POSITIVE_INFINITY);
    await this.#o.ledger.record((tx) => this.#o.store.in(tx).forgetTexts(sessionId));
  }

  /** Holds an agent's facts against the texts that are under way, in the transaction that stores the facts. */
  async observeIn(
    tx: Tx,
    emit: EmitEvent,
    session: SessionRecord,
    facts: readonly AgentFact[],
    source: EvidenceSource,
  ): Promise<string[]> {
    const prompts = facts.filter((fact) => fact.kind === 'prompt');
    if (prompts.length === 0) return [];
    const provider = getProvider(session.provider);
    const open = (await this.#o.store.in(tx).open(session.id)).filter(
      (delivery) =>
        delivery.kind === 'prompt' && (delivery.status === 'typed' || this.typing.has(delivery.id)),
    );
    const proven: string[] = [];
    for (const { text } of prompts) {
      const left = open.filter((delivery) => !proven.includes(delivery.id));
      const taken = left.find((delivery) => provider.input.matches(delivery.text, text));
      const along = taken ?? left.find((delivery) => endsWithText(text, delivery.text));
      if (!along) continue;
      const detail = taken
        ? 'the agent took the prompt'
        : 'the agent took it together with other text that stood in its input';
      await this.#deliverIn(tx, emit, along, { source, detail });
      proven.push(along.id);
    }
    return proven;
  }

  /** Wakes who waits for these deliveries; call after the commit. */
  announce(ids: readonly string[]): void {
    for (const id of ids) this.#settled(id);
  }

  /**
   * Waits until the outcome is known, the time (milliseconds) is over, or the signal comes.
   *
   * @param options `isNew`: it was queued this moment
   */
  async outcome(
    id: string,
    waitMs: number,
    signal?: AbortSignal,
    { isNew = false } = {},
  ): Promise<{ outcome: SendOutcome; delivery: DeliveryRecord }> {
    // What was just queued is on its way into the pane: all that is done here now would only hold that up.
    if (isNew) await nextTurn();
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = () => resolve();
    signal?.addEventListener('abort', stop);
    const waiting = this.#waiting.get(id) ?? new Set();
    waiting.add(resolve);
    this.#waiting.set(id, waiting);
    const timer = setTimeout(resolve, waitMs);
    try {
      if (isNew && waitMs > firstLookMs) await Promise.race([promise, sleep(firstLookMs)]);
      const first = await this.#outcomeNow(id);
      if (first.outcome !== 'accepted' || waitMs === 0 || signal?.aborted) return first;
      await promise;
      return await this.#outcomeNow(id);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      waiting.delete(resolve);
      if (waiting.size === 0) this.#waiting.delete(id);
    }
  }

  async #outcomeNow(id: string): Promise<{ outcome: SendOutcome; delivery: DeliveryRecord }> {
    const delivery = await this.#o.store.get(id);
    if (!delivery) throw new CodepiperError('delivery_not_found', `There is no delivery ${id}.`);
    return { outcome: outcomeOf(delivery), delivery };
  }

  #whyFailed({ id, status }: DeliveryRecord): string {
    if (status === 'typed') return 'typed, but the session ended before it was proven';
    return this.typing.has(id)
      ? 'the session ended while it was being typed'
      : 'the session ended before it could be typed';
  }

  async #deliverIn(
    tx: Tx,
    emit: EmitEvent,
    delivery: DeliveryRecord,
    evidence: { source: EvidenceSource; detail: string },
  ): Promise<void> {
    const store = this.#o.store.in(tx);
    const now = await store.get(delivery.id);
    if (!now || (now.status !== 'queued' && now.status !== 'typed')) return;
    const at = this.#o.clock.now();
    await store.update(delivery.id, {
      status: 'delivered',
      typedAt: now.typedAt ?? at,
      settledAt: at,
      evidence,
      error: null,
    });
    emit(deliveryEvent(delivery, 'delivery.delivered', { evidence }));
  }

  #settled(id: string): void {
    for (const resolve of this.#waiting.get(id) ?? []) resolve();
  }
}

/** Whether a prompt ends with a text: what is typed goes behind the draft that stood there. */
function endsWithText(prompt: string, text: string): boolean {
  const end = squeeze(text);
  return end !== '' && squeeze(prompt).endsWith(end);
}

/** Agents change white space and control characters of what they are given. */
function squeeze(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, '');
}

function outcomeOf(delivery: DeliveryRecord): SendOutcome {
  switch (delivery.status) {
    case 'delivered':
      return 'delivered';
    case 'failed':
    case 'cancelled':
      return 'failed';
    case 'typed':
      return delivery.error === null ? 'accepted' : 'timed_out';
    case 'queued':
      return 'accepted';
  }
}

function requireSameText(known: DeliveryRecord, delivery: NewDelivery): DeliveryRecord {
  if (known.text === delivery.text && known.kind === delivery.kind) return known;
  throw new CodepiperError(
    'idempotency_conflict',
    `The idempotency key "${delivery.idempotencyKey}" was used with another text. Use a new key for a new text.`,
    { delivery: known.id },
  );
}

function queuedEvent(record: DeliveryRecord): NewEvent {
  const { kind, text } = record;
  return deliveryEvent(record, 'delivery.queued', { kind, bytes: Buffer.byteLength(text) });
}

export function deliveryEvent(
  delivery: Pick<DeliveryRecord, 'id' | 'sessionId'>,
  type: string,
  payload: Record<string, unknown>,
): NewEvent {
  return {
    sessionId: delivery.sessionId,
    source: 'delivery',
    type,
    payload: { delivery: delivery.id, ...payload },
  };
}
