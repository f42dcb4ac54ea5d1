import type { Clock } from '@codepiper/core/clock.ts';
import type { NotificationSettings } from '@codepiper/core/notifications/notification.ts';
import type { ApprovalsStore } from '../approvals/approvals.store.ts';
import type { Ledger } from '../events/ledger.ts';
import type { WebGate } from '../http/web-guard.ts';
import type { Log } from '../log/log.ts';
import type { SessionsStore } from '../sessions/sessions.store.ts';
import { NotificationIntake } from './intake.ts';
import { Looking } from './looking.ts';
import { NotificationsService } from './notifications.service.ts';
import type { NotificationsStore } from './notifications.store.ts';
import { PushService } from './push.service.ts';
import type { PushStore } from './push.store.ts';
import { loadPushKeys, type PushConfiguration } from './push-keys.ts';
import { PushPump } from './push-pump.ts';
import { createPushSender } from './push-sender.ts';

export interface NotificationsRoomOptions {
  ledger: Ledger;
  store: NotificationsStore;
  push: PushStore;
  sessions: Pick<SessionsStore, 'in'>;
  approvals: Pick<ApprovalsStore, 'in'>;
  signIns: {
    /** Calls back with sign-ins that are ended from now on. Returns a disposer. */
    onEnded: WebGate['onEnded'];
    /** Ids of those there are. */
    live(): Promise<ReadonlySet<string>>;
  };
  settings: () => NotificationSettings;
  configuration: PushConfiguration;
  /** Where the keys are kept that nobody configured. */
  keyPath: string;
  clock: Clock;
  log: Log;
  /** How long after a first failure a message is sent again, in milliseconds. */
  firstRetryMs?: number;
}

/** The room: what a person is told of, in the page and on their devices. */
export interface NotificationsRoom extends AsyncDisposable {
  notifications: NotificationsService;
  push: PushService;
  /** Takes up what was left by an earlier daemon. */
  start(): Promise<void>;
  /**
   * Tells what was committed before, and sends what is due by the clock. The timer calls it; tests with a clock of their
   * own do.
   */
  tick(): Promise<void>;
}

const dayMs = 24 * 60 * 60_000;
const keptDays = 30;

export function openNotificationsRoom(options: NotificationsRoomOptions): NotificationsRoom {
  const { ledger, store, push: pushStore, signIns, clock, log } = options;
  const availability = loadPushKeys(options.keyPath, options.configuration);
  if (availability.keys === null) log.warn({ reasons: availability.reasons }, 'push messages cannot be sent');
  const looking = new Looking(clock);
  const pump = new PushPump({
    store: pushStore,
    notifications: store,
    send: availability.keys && availability.isEnabled ? createPushSender(availability.keys) : null,
    looking,
    signedIn: () => signIns.live(),
    clock,
    log,
    ...(options.firstRetryMs !== undefined && { firstRetryMs: options.firstRetryMs }),
  });
  const parts = { ledger, store, push: pushStore, looking, clock, onQueued: () => pump.wake() };
  const intake = new NotificationIntake({
    ...parts,
    ...{ sessions: options.sessions, approvals: options.approvals, settings: options.settings, log },
  });
  const push = new PushService({
    ledger,
    store: pushStore,
    availability,
    pump,
    settings: options.settings,
    clock,
  });

  let forgetting = Promise.resolve();
  const background = (work: () => Promise<unknown>): void => {
    forgetting = forgetting
      .then(work)
      .then(() => undefined)
      .catch((error: unknown) => log.error({ err: error }, 'notifications could not be tidied up'));
  };
  const tidy = async (): Promise<void> => {
    const now = clock.now();
    await store.prune(now - keptDays * dayMs);
    await pushStore.prune(now - dayMs);
    // Those that ended while no daemon ran.
    const live = await signIns.live();
    const over = (await pushStore.subscriptions()).flatMap(({ webSession }) =>
      webSession === null || live.has(webSession) ? [] : [webSession],
    );
    if (over.length > 0) await push.forgetSignIns(over);
  };
  const stopListening = signIns.onEnded((ids) => background(() => push.forgetSignIns(ids)));
  let daily: NodeJS.Timeout | null = null;

  return {
    notifications: new NotificationsService(parts),
    push,
    async start() {
      daily = setInterval(() => background(tidy), dayMs).unref();
      intake.start();
      pump.wake();
      // On a full disk, say. Nobody is told the less for it.
      await tidy();
    },
    async tick() {
      await forgetting;
      await intake.idle();
      pump.wake();
      await pump.idle();
    },
    async [Symbol.asyncDispose]() {
      if (daily) clearInterval(daily);
      stopListening();
      await intake[Symbol.asyncDispose]();
      await pump[Symbol.asyncDispose]();
      await forgetting;
    },
  };
}
