import { setTimeout as sleep } from 'node:timers/promises';
import { tmuxSessionName } from '@codepiper/core/paths.ts';
import { isLive } from '@codepiper/core/sessions/session.ts';
import type { Provider } from '@codepiper/providers/provider.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import type { Log } from '../log/log.ts';
import { KeyedQueue } from '../platform/keyed-queue.ts';
import type { LivePane } from '../sessions/live-pane.ts';
import type { SessionState, SessionsStore } from '../sessions/sessions.store.ts';
import type { CaptureRequest, PaneInfo, Tmux, TypeRequest, TypeResult } from '../tmux/tmux.ts';
import type { DeliveriesService, FreshText } from './deliveries.service.ts';
import type { DeliveriesStore, DeliveryRecord } from './deliveries.store.ts';
import { countEchoes, echoNeedle } from './echo.ts';
import { waitForScreen } from './settling.ts';

/**
 * How long a typed prompt may take to be proven by the agent before it counts as timed out, in milliseconds. Agents
 * take large pastes slowly: 1 MB into Codex 0.169 took 5 s on an idle machine.
 */
const agentProofMs = (delivery: DeliveryRecord) => 15_000 + delivery.text.length / 20;
/** How long a program may take to echo, in milliseconds. */
const echoProofMs = 3_000;
/** How long a program is left alone with its text before anything is looked at, in milliseconds. */
const echoFirstMs = 2;
const echoPollMs = [5, 10, 20, 40, 80, 160, 320] as const;
/** A pane where a dialog was up is tried again after this, should nothing else wake the typist. */
const guardedRetryMs = 2_000;
/** Where an echo is looked for: a program may print much before it is looked at on a busy machine. */
const echoScreen: CaptureRequest = { history: 1_000, styles: false, joinWrapped: true };

const visibleScreen: CaptureRequest = { history: 0, styles: false, joinWrapped: false };

export interface TypistOptions {
  store: DeliveriesStore;
  deliveries: () => DeliveriesService;
  sessions: SessionsStore;
  panes: ReadonlyMap<string, LivePane>;
  tmux: Tmux;
  log: Log;
  /** A dialog was up where a prompt should have been. */
  onGuarded: (sessionId: string) => void;
}

/**
 * Types queued texts, one session at a time in order, when the agent is ready, and waits for the proof of each before
 * it types the next. That a text was typed is stored on the pane in the same step by tmux itself: after a crash the
 * mark tells, and nothing is typed twice.
 */
export class Typist implements AsyncDisposable {
  readonly #o: TypistOptions;
  readonly #queue = new KeyedQueue();
  readonly #scheduled = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Of texts that went in only in part: how many chunks. */
  readonly #chunksIn = new Map<string, number>();
  /** Sessions whose last typing was cut off: what is in is on the pane's mark. */
  readonly #cutOff = new Set<string>();
  readonly #closing = new AbortController();

  constructor(options: TypistOptions) {
    this.#o = options;
  }

  /** Something changed that may let a text go: a new one, or an agent that became ready. */
  wake(sessionId: string): void {
    if (this.#closing.signal.aborted || this.#scheduled.has(sessionId)) return;
    this.#scheduled.add(sessionId);
    void this.#queue
      .run(sessionId, async () => {
        this.#scheduled.delete(sessionId);
        await this.#work(sessionId);
      })
      .catch((error) => {
        this.#o.log.error({ err: error, session: sessionId }, 'typing failed');
        this.#later(sessionId, guardedRetryMs);
      });
  }

  /** After a start: what the panes say was typed is noted before anything else is typed. */
  async restore(panes: readonly PaneInfo[]): Promise<void> {
    for (const pane of panes) await this.#readMark(pane);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#queue.idle();
  }

  async #work(sessionId: string): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const fresh = this.#o.deliveries().takeFresh(sessionId);
      const way = fresh && this.#straightWay(fresh);
      if (fresh && way) {
        if (!(await this.#type(way.provider, fresh.session, way.pane, fresh.delivery))) return;
        continue;
      }
      const session = await this.#o.sessions.getState(sessionId);
      const pane = this.#o.panes.get(sessionId);
      const open = await this.#o.store.open(sessionId);
      if (!session) {
        // Its start failed or was cut off, perhaps while no daemon ran.
        if (open.length > 0) await this.#o.deliveries().forget(sessionId);
        return;
      }
      // One that came meanwhile may be in what was read; its own wake finds it if not.
      this.#o.deliveries().takeFresh(sessionId);
      const over = isLive(session.status) ? session.run - 1 : session.run;
      if (open.some((delivery) => delivery.run <= over)) {
        await this.#o.deliveries().failRun(sessionId, over);
        continue;
      }
      if (!pane || !isLive(session.status) || pane.run !== session.run) return;
      const provider = getProvider(session.provider);
      const unproven = open.find((delivery) => delivery.status === 'typed' && delivery.error === null);
      if (unproven) {
        await this.#prove(provider, pane, unproven, 0);
        continue;
      }
      const next = open.find((delivery) => delivery.status === 'queued');
      if (!next || !isReady(session, provider)) return;
      if (this.#cutOff.has(sessionId)) {
        const info = (await this.#o.tmux.listPanes()).find((one) => one.paneId === pane.paneId);
        if (!info) return;
        this.#cutOff.delete(sessionId);
        await this.#readMark(info);
        continue;
      }
      if (!(await this.#type(provider, session, pane, next))) return;
    }
  }

  /** Where a text goes that was stored this moment; null when the queue has to be read first. */
  #straightWay({ session }: FreshText): { provider: Provider; pane: LivePane } | null {
    const pane = this.#o.panes.get(session.id);
    const provider = getProvider(session.provider);
    if (!pane || pane.run !== session.run || !isReady(session, provider)) return null;
    return this.#cutOff.has(session.id) ? null : { provider, pane };
  }

  /** Takes from the pane's own mark what of a text is in, when it was not heard from tmux itself. */
  async #readMark(pane: PaneInfo): Promise<void> {
    const deliveries = this.#o.deliveries();
    // Of a part that ends with an image `<id>:<its chunks>`; while it is typed in steps, what is in stands behind that.
    const [id = '', part, step] = pane.typed.split(':');
    const chunks = step ?? part;
    const delivery = id === '' ? null : await this.#o.store.get(id);
    if (delivery?.status !== 'queued' || tmuxSessionName(delivery.sessionId) !== pane.sessionName) return;
    if (chunks === undefined) await deliveries.markTyped(delivery);
    else this.#chunksIn.set(delivery.id, Number(chunks));
    deliveries.typing.delete(delivery.id);
  }

  /** True when the text is in the pane. */
  async #type(
    provider: Provider,
    session: SessionState,
    pane: LivePane,
    delivery: DeliveryRecord,
  ): Promise<boolean> {
    const { tmux, log } = this.#o;
    const deliveries = this.#o.deliveries();
    const byEcho = provesByEcho(provider, delivery);
    const text = delivery.kind === 'prompt' ? provider.input.defuse(delivery.text) : delivery.text;
    let before: Promise<number> | null = null;
    deliveries.typing.add(delivery.id);
    try {
      const whole = {
        paneId: pane.paneId,
        chunks: provider.input.chunk(text),
        bracketed: provider.input.bracketed,
        enter: delivery.kind !== 'draft',
        mark: delivery.id,
        guards: provider.input.guards,
        ...(byEcho ? { keepScreen: echoScreen } : {}),
      };
      const result =
        (await this.#typeSlowChunks(provider, pane, delivery, whole)) ??
        (await tmux.type({ ...whole, from: this.#chunksIn.get(delivery.id) ?? 0 }));
      if (result === 'guarded') {
        log.info({ session: session.id, delivery: delivery.id }, 'a dialog is up: nothing was typed');
        this.#o.onGuarded(session.id);
        this.#later(session.id, guardedRetryMs);
      }
      if (result !== 'typed') {
        deliveries.typing.delete(delivery.id);
        return false;
      }
      this.#chunksIn.delete(delivery.id);
      // The program reads it now: what comes next here would only take the processor from it.
      if (byEcho) await sleep(echoFirstMs);
      if (byEcho) before = this.#echoesBefore(pane, delivery);
      await deliveries.markTyped(delivery);
    } catch (error) {
      // It may have been typed all the same: its proof counts until the pane's mark was read.
      this.#cutOff.add(session.id);
      throw error;
    }
    deliveries.typing.delete(delivery.id);
    await this.#prove(provider, pane, delivery, (await before) ?? 0);
    return true;
  }

  /**
   * Types as far as the last chunk that the agent takes its time with, and waits for each; null when the rest may
   * follow. The pane's mark tells how far it is.
   */
  async #typeSlowChunks(
    { input }: Provider,
    pane: LivePane,
    delivery: DeliveryRecord,
    whole: TypeRequest,
  ): Promise<Exclude<TypeResult, 'typed'> | null> {
    const { settling } = input;
    if (!settling) return null;
    const { keepScreen: _later, ...partly } = whole;
    const { chunks } = whole;
    const done = this.#chunksIn.get(delivery.id) ?? 0;
    let taken = chunks.slice(0, done).filter(settling.isSlow).length;
    for (const [index, chunk] of chunks.entries()) {
      if (index < done || !settling.isSlow(chunk)) continue;
      const result = await this.#o.tmux.type({
        ...partly,
        chunks: chunks.slice(0, index + 1),
        from: this.#chunksIn.get(delivery.id) ?? 0,
        enter: false,
        mark: `${delivery.id}:${index + 1}`,
      });
      if (result !== 'typed') return result;
      this.#chunksIn.set(delivery.id, index + 1);
      taken += 1;
      await waitForScreen(
        () => this.#o.tmux.capture(pane.paneId, visibleScreen),
        (screen) => settling.countTaken(screen) >= taken,
        this.#closing.signal,
      );
      // The next daemon goes on behind it: an Enter now could leave the image to the next prompt.
      if (this.#closing.signal.aborted) return 'gone';
    }
    return null;
  }

  async #prove(provider: Provider, pane: LivePane, delivery: DeliveryRecord, before: number): Promise<void> {
    const deliveries = this.#o.deliveries();
    if (delivery.kind === 'command') {
      return deliveries.markDelivered(delivery, { source: 'tmux', detail: "typed at the agent's prompt" });
    }
    if (provesByEcho(provider, delivery)) {
      const echoed = await this.#awaitEcho(pane, delivery, before);
      if (echoed === null) return;
      if (echoed) {
        return deliveries.markDelivered(delivery, { source: 'screen', detail: 'the program echoed it' });
      }
      return deliveries.markUnproven(
        delivery,
        `typed, but the program showed no echo within ${echoProofMs / 1000} s`,
      );
    }
    const proofMs = agentProofMs(delivery);
    const { outcome } = await deliveries.outcome(delivery.id, proofMs, this.#closing.signal);
    if (outcome !== 'accepted' || this.#closing.signal.aborted) return;
    await deliveries.markUnproven(
      delivery,
      `typed, but the agent did not take it within ${Math.round(proofMs / 1000)} s`,
    );
  }

  /** Null when the pane, or this daemon, goes before it is known: the session's end, or the next daemon, decides. */
  async #awaitEcho(pane: LivePane, delivery: DeliveryRecord, before: number): Promise<boolean | null> {
    const isThere = () => this.#o.panes.get(delivery.sessionId)?.paneId === pane.paneId;
    const deadline = Date.now() + echoProofMs;
    for (let round = 0; Date.now() < deadline; round++) {
      if (this.#closing.signal.aborted || !isThere()) return null;
      // A pane whose program has just ended has no screen any more.
      const echoes = await this.#echoes(pane, delivery).catch((error) => {
        this.#o.log.debug({ err: error, session: delivery.sessionId }, 'no screen to look for an echo on');
        return 0;
      });
      if (echoes > before) return true;
      await sleep(echoPollMs[round] ?? echoPollMs[echoPollMs.length - 1]);
    }
    return false;
  }

  async #echoes(pane: LivePane, delivery: DeliveryRecord): Promise<number> {
    return countEchoes(await this.#o.tmux.capture(pane.paneId, echoScreen), echoNeedle(delivery.text));
  }

  /** How often it stood there when its typing began. */
  async #echoesBefore(pane: LivePane, delivery: DeliveryRecord): Promise<number> {
    try {
      return countEchoes(await this.#o.tmux.takeKeptScreen(pane.paneId), echoNeedle(delivery.text));
    } catch {
      return 0;
    }
  }

  #later(sessionId: string, ms: number): void {
    if (this.#closing.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.wake(sessionId);
    }, ms);
    this.#timers.add(timer);
  }
}

function isReady(session: SessionState, provider: Provider): boolean {
  if (session.status !== 'running') return false;
  return provider.readiness === 'immediate' || session.activity === 'idle';
}

function provesByEcho(provider: Provider, delivery: DeliveryRecord): boolean {
  return delivery.kind === 'draft' || provider.capabilities.deliveryProof === 'echo';
}
