import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { LedgerEvent } from '@codepiper/core/events/event.ts';
import type { Notification, NotificationSettings } from '@codepiper/core/notifications/notification.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import { PushService } from '@codepiper/testkit/push/push-service.ts';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { type OpenDatabase, openDatabase } from '../src/db/open.ts';
import type { Ledger } from '../src/events/ledger.ts';
import { silentLog } from '../src/log/log.ts';
import { presentNotification } from '../src/notifications/notification-records.ts';
import { NotificationsStore } from '../src/notifications/notifications.store.ts';
import { type NotificationsRoom, openNotificationsRoom } from '../src/notifications/notifications.ts';
import { PushStore } from '../src/notifications/push.store.ts';
import type { PushConfiguration } from '../src/notifications/push-keys.ts';
import { systemClock } from '../src/platform/clock.ts';
import type { SessionRecord } from '../src/sessions/session-record.ts';
import { ApprovalRooms, askFor } from './approvals.ts';
import { sessionRecord } from './session-record.ts';

/** The room over a database in a file, with approvals beside it, a push service, and a clock of its own. */
export class NotificationsHouse implements AsyncDisposable {
  readonly rooms: ApprovalRooms;
  readonly service: PushService;
  readonly home: string;
  settings: NotificationSettings = { enabled: true, system: true, sounds: true, events: {}, soundMap: {} };
  configuration: PushConfiguration = { enabled: true, publicKey: null, privateKey: null, subject: null };
  readonly signedIn = new Set(['laptop', 'phone']);
  /** Nobody can say who is signed in. */
  signInsFail = false;
  /** Stands between the room and its ledger. */
  wrapLedger: (ledger: Ledger) => Ledger = (ledger) => ledger;
  room: NotificationsRoom;
  #onEnded: (ids: readonly string[]) => void = () => undefined;
  readonly #database: OpenDatabase;
  readonly #temp: TempDir;
  readonly #hooks = new AbortController();

  private constructor(temp: TempDir, database: OpenDatabase, service: PushService) {
    this.#temp = temp;
    this.home = temp.path;
    this.#database = database;
    this.service = service;
    this.rooms = new ApprovalRooms(database);
    this.room = this.#open();
  }

  static async open(): Promise<NotificationsHouse> {
    const temp = await makeTempDir();
    const path = join(temp.path, 'codepiper.db');
    const database = await openDatabase(path, { log: silentLog, clock: systemClock });
    const house = new NotificationsHouse(temp, database, await PushService.open());
    await house.room.start();
    return house;
  }

  /** A new daemon on the same database, when the one before is gone. */
  async restart(): Promise<void> {
    await this.room[Symbol.asyncDispose]();
    this.room = this.#open();
    await this.room.start();
  }

  async session(change: Partial<SessionRecord> = {}): Promise<SessionRecord> {
    const session = sessionRecord({ id: randomUUID(), ...change });
    await this.rooms.sessions.insert(session);
    return session;
  }

  /** An agent asks, and waits. @returns the approval's id */
  async ask(session: SessionRecord, command: string, kind: 'tool' | 'question' = 'tool'): Promise<string> {
    const before = (await this.rooms.store.pending()).map(({ id }) => id);
    this.rooms.service.clear(askFor(session, command, { kind }), this.#hooks.signal).catch(() => undefined);
    const id = await waitFor('an approval', async () =>
      (await this.rooms.store.pending()).map((record) => record.id).find((each) => !before.includes(each)),
    );
    await this.room.tick();
    return id;
  }

  /** The session's state changes, and the ledger says so. */
  async state(
    session: SessionRecord,
    change: Pick<SessionRecord, 'status' | 'activity'> & { detail?: string },
  ): Promise<void> {
    const { status, activity, detail = 'seen' } = change;
    const evidence = { source: 'registry' as const, detail };
    await this.rooms.ledger.record(async (tx, emit) => {
      const store = this.rooms.sessions.in(tx);
      const before = await store.get(session.id);
      await store.update(session.id, { status, activity, evidence }, this.rooms.now);
      const was = { status: before?.status, activity: before?.activity };
      const payload = { status, activity, evidence, before: was };
      emit({ sessionId: session.id, source: 'session', type: 'session.updated', payload });
    });
    await this.room.tick();
  }

  async fact(session: SessionRecord, type: string, payload: Record<string, unknown>): Promise<void> {
    await this.rooms.ledger.record(async (_tx, emit) =>
      emit({ sessionId: session.id, source: 'session', type, payload }),
    );
    await this.rooms.service.idle();
    await this.room.tick();
  }

  /** A sign-in is ended, by whoever. */
  async signOut(id: string): Promise<void> {
    this.signedIn.delete(id);
    this.#onEnded([id]);
    await this.room.tick();
  }

  /** Time passes, in milliseconds. */
  async pass(ms: number): Promise<void> {
    this.rooms.now += ms;
    await this.room.tick();
  }

  /** A browser subscribes. @returns its number at the push service */
  async subscribe(webSession: string | null = 'laptop'): Promise<{ id: string; endpoint: string }> {
    const { id, endpoint, keys } = this.service.subscribe();
    await this.room.push.subscribe({ endpoint, keys }, { device: 'Firefox on Linux', webSession });
    return { id, endpoint };
  }

  /** Newest first. */
  async notifications(): Promise<Notification[]> {
    return (await this.room.notifications.list({ limit: 200 })).records.map(presentNotification);
  }

  async told(): Promise<LedgerEvent[]> {
    return (await this.rooms.ledger.list({ source: 'notification', limit: 1000 })).events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hooks.abort();
    await this.room[Symbol.asyncDispose]();
    await this.rooms.service[Symbol.asyncDispose]();
    await this.service[Symbol.asyncDispose]();
    await this.#database[Symbol.asyncDispose]();
    await this.#temp[Symbol.asyncDispose]();
  }

  #open(): NotificationsRoom {
    const { ledger, sessions, store: approvals, clock } = this.rooms;
    return openNotificationsRoom({
      ...{ ledger: this.wrapLedger(ledger), sessions, approvals, clock, log: silentLog },
      store: new NotificationsStore(this.#database.db),
      push: new PushStore(this.#database.db),
      signIns: {
        onEnded: (listener) => {
          this.#onEnded = listener;
          return () => undefined;
        },
        live: async () => {
          if (this.signInsFail) throw new Error('the database is full');
          return this.signedIn;
        },
      },
      settings: () => this.settings,
      configuration: this.configuration,
      keyPath: join(this.home, homeFiles.pushKey),
    });
  }
}
