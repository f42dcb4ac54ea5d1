import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@codepiper/core/clock.ts';
import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import {
  defaultSounds,
  type NotificationEvent,
  notificationTag,
} from '@codepiper/core/notifications/names.ts';
import type { NotificationSettings } from '@codepiper/core/notifications/notification.ts';
import type { ApprovalsStore } from '../approvals/approvals.store.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent, Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionsStore } from '../sessions/sessions.store.ts';
import type { Looking } from './looking.ts';
import { crashLine, heardTypes, meaningOf, toldEvents, waitingEvents } from './needs.ts';
import { presentNotification } from './notification-records.ts';
import type { NotificationsStore, Which } from './notifications.store.ts';
import type { PushStore } from './push.store.ts';
import { shortLine, titleOf } from './texts.ts';

export interface IntakeOptions {
  ledger: Ledger;
  store: NotificationsStore;
  push: PushStore;
  sessions: Pick<SessionsStore, 'in'>;
  approvals: Pick<ApprovalsStore, 'in'>;
  looking: Looking;
  settings: () => NotificationSettings;
  clock: Clock;
  log: Log;
  /** There may be something to send. */
  onQueued: () => void;
}

/** Events of one transaction: agents that wait for an answer wait for it as well. */
const batch = 3;
/** What follows so soon upon what was read is read with what comes meanwhile, in milliseconds. */
const restMs = 50;
const retryMs = 5_000;
/**
 * How long a message waits before it is sent, in milliseconds: what a screen or title says is often said better, or taken
 * back, at once. An approval is sure.
 */
const settleMs = 1_000;
/** How long a message is worth sending, in milliseconds. */
const worthMs: Readonly<Record<NotificationEvent, number>> = {
  'session.permission_required': 24 * 3_600_000,
  'session.input_required': 24 * 3_600_000,
  'session.turn_completed': 4 * 3_600_000,
  'session.crashed': 24 * 3_600_000,
};

/** What is to be told. */
interface Told {
  session: SessionRecord;
  event: NotificationEvent;
  body: string;
  approvalId: string | null;
}

interface Work {
  tx: Tx;
  emit: EmitEvent;
  store: NotificationsStore;
  push: PushStore;
  now: number;
}

/**
 * Reads the ledger and makes notifications of it. What is made is stored by the same transaction as the place up to which
 * was read: each fact counts once, whenever the daemon dies.
 */
export class NotificationIntake implements AsyncDisposable {
  readonly #o: IntakeOptions;
  readonly #stopListening: () => void;
  #running: Promise<void> | null = null;
  #isAsked = false;
  #isStarted = false;
  #isClosed = false;
  #rest: NodeJS.Timeout | null = null;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: IntakeOptions) {
    this.#o = options;
    this.#stopListening = options.ledger.listen((events) => {
      if (events.some(({ type }) => heardTypes.includes(type))) this.#ask();
    });
  }

  /** Takes up what happened since the last daemon. */
  start(): void {
    this.#isStarted = true;
    this.#ask();
  }

  /** Resolves when everything that was committed before is read. */
  async idle(): Promise<void> {
    for (;;) {
      if (this.#isAsked) this.#endRest();
      if (!this.#running) return;
      await this.#running;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    if (this.#retry) clearTimeout(this.#retry);
    this.#endRest();
    await this.idle();
  }

  #ask(): void {
    this.#isAsked = true;
    if (this.#running || this.#rest || !this.#isStarted || this.#isClosed) return;
    this.#running = this.#readAll()
      .catch((error: unknown) => {
        this.#o.log.error({ err: error }, 'notifications could not be made; they are tried again');
        this.#retry = setTimeout(() => this.#ask(), retryMs).unref();
      })
      .finally(() => {
        this.#running = null;
        if (!this.#isClosed) this.#rest = setTimeout(() => this.#endRest(), restMs);
      });
  }

  #endRest(): void {
    if (!this.#rest) return;
    clearTimeout(this.#rest);
    this.#rest = null;
    if (this.#isAsked) this.#ask();
  }

  async #readAll(): Promise<void> {
    this.#isAsked = false;
    while (!this.#isClosed && (await this.#readSome()) === batch) await nextTurn();
    this.#o.onQueued();
  }

  /** @returns how many events were read */
  async #readSome(): Promise<number> {
    const { ledger, store, push, clock } = this.#o;
    return ledger.record(async (tx, emit) => {
      const inTx = store.in(tx);
      const events = await inTx.eventsAfter(await inTx.place(), heardTypes, batch);
      const work: Work = { tx, emit, store: inTx, push: push.in(tx), now: clock.now() };
      for (const event of events) await this.#hear(work, event);
      const last = events.at(-1);
      if (last) await inTx.setPlace(last.id);
      return events.length;
    });
  }

  async #hear(work: Work, event: LedgerEvent): Promise<void> {
    const { sessionId, type, payload } = event;
    if (sessionId === null) return;
    if (type === 'session.removed' || type === 'session.failed') return this.#forget(work, sessionId);
    if (type === 'approval.settled') {
      return this.#settle(work, { approvalId: String(payload.approval) });
    }
    const session = await this.#o.sessions.in(work.tx).get(sessionId);
    if (!session) return;
    if (type === 'approval.asked') return this.#hearApproval(work, event, session);
    if (type === 'session.ended') {
      // Its approvals are settled by themselves.
      await this.#settle(work, ofScreen(sessionId));
      if (payload.status !== 'crashed') return;
      const body = crashLine(payload);
      return this.#tell(work, event, { session, event: 'session.crashed', body, approvalId: null });
    }
    await this.#hearState(work, event, session);
  }

  async #hearApproval(work: Work, event: LedgerEvent, session: SessionRecord): Promise<void> {
    const approval = await this.#o.approvals.in(work.tx).get(String(event.payload.approval));
    // A rule was quicker, or somebody.
    if (approval?.status !== 'pending') return;
    // The screen may have said already that something is asked: this says it better.
    await this.#settle(work, ofScreen(session.id));
    await this.#tell(work, event, {
      session,
      event: approval.kind === 'question' ? 'session.input_required' : 'session.permission_required',
      body: approval.summary,
      approvalId: approval.id,
    });
  }

  async #hearState(work: Work, event: LedgerEvent, session: SessionRecord): Promise<void> {
    const { tell, isAnswered, isAtWork } = meaningOf(event, session);
    if (isAnswered) await this.#settle(work, ofScreen(session.id));
    if (isAtWork) {
      const which = { sessionId: session.id, events: ['session.turn_completed'] as const };
      await this.#read(work, await work.store.markRead(which, 'settled', work.now), 'settled');
    }
    if (!tell) return;
    const { event: what, body } = tell;
    if (waitingEvents.includes(what)) {
      const same = { ...ofScreen(session.id), events: [what] };
      // It waits for the same still.
      if ((await work.store.countWaiting(same)) > 0) return;
      await this.#settle(work, ofScreen(session.id));
    }
    await this.#tell(work, event, { session, event: what, body, approvalId: null });
  }

  async #tell(work: Work, { id: sourceEvent }: LedgerEvent, told: Told): Promise<void> {
    const { settings, looking } = this.#o;
    const { session, event, approvalId } = told;
    const { enabled, system, sounds, events, soundMap } = settings();
    const pref = await work.store.pref(session.id);
    if (!enabled || pref === false || (pref === null && events[event] === false)) return;
    // Whoever looks at the session sees that it is done; that it asks is told until it is answered.
    const isSeen = toldEvents.includes(event) && looking.isLookedAt(session.id);
    const id = await work.store.insert({
      ...{ sessionId: session.id, eventType: event, sourceEvent, approvalId },
      title: titleOf(session, event),
      body: shortLine(told.body),
      sound: sounds ? (soundMap[event] ?? defaultSounds[event]) : 'none',
      createdAt: work.now,
      ...{ readAt: isSeen ? work.now : null, readSource: isSeen ? 'looking' : null },
    });
    const record = await work.store.get(id);
    if (!record) return;
    if (system && !isSeen) {
      await work.push.show({
        ...{ tag: notificationTag(record), notificationId: id },
        dueAt: work.now + (approvalId === null ? settleMs : 0),
        expiresAt: work.now + worthMs[event],
      });
    }
    work.emit({
      ...{ sessionId: session.id, source: 'notification', type: 'notification.created' },
      payload: { notification: presentNotification(record) },
    });
  }

  /** Nothing of these waits any more: they count as read, and are taken back. */
  async #settle(work: Work, which: Which): Promise<void> {
    const ids = await work.store.settle(which, work.now);
    if (ids.length === 0) return;
    await work.store.markRead({ ids }, 'settled', work.now);
    await this.#read(work, ids, 'settled');
  }

  async #read(work: Work, ids: readonly number[], by: string): Promise<void> {
    if (ids.length === 0) return;
    await work.push.takeBack(ids, work.now);
    work.emit(readEvent(ids, by));
  }

  async #forget(work: Work, sessionId: string): Promise<void> {
    const ids = await work.store.idsOf(sessionId);
    await this.#read(work, ids, 'removed');
    await work.store.removeOf(sessionId);
    await work.store.setPref(sessionId, null);
  }
}

/** What a screen or a title asks, beside the approvals. */
function ofScreen(sessionId: string): Which {
  return { sessionId, events: waitingEvents, withoutApproval: true };
}

/** These were read. */
export function readEvent(ids: readonly number[], by: string): Parameters<EmitEvent>[0] {
  return {
    ...{ sessionId: null, source: 'notification', type: 'notification.read' },
    payload: { notifications: [...ids], by },
  };
}
