import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlClient } from './control-client.ts';
import type { ControlBlock, ControlEvent } from './control-parser.ts';
import type { Link, TmuxLog } from './keeper.ts';
import { sizeInLayout } from './layout.ts';
import { capturePane } from './pane-capture.ts';
import { findPane, locatePane, type Place } from './pane-place.ts';
import { PaneQueue } from './pane-queue.ts';
import type { PaneState } from './pane-state.ts';
import type { PaneEvent, PaneStream } from './tmux.ts';
import { goesOn, type Seam, seamOf, tailOf } from './utf8-seam.ts';

type Notice = Exclude<ControlEvent, ControlBlock>;

export interface FollowedPaneOptions {
  paneId: string;
  /** Lines of history in a picture. */
  history: number;
  /** Private folder for captures. */
  folder: string;
  log: TmuxLog;
  /** The connection of the driver; null when there is no server. */
  findLink(): Promise<Link | null>;
  /** A control client of its own for a session. */
  attach(sessionId: string, flags: string | null, onEvent: (event: Notice) => void): ControlClient;
  onClosed(): void;
}

/** How long a full queue may hold the program back before output is dropped, in milliseconds. */
const holdFor = 1_000;
/** How long much output is gathered while nobody waits for it, in milliseconds. */
const gatherMs = 80;
/** Seconds after which tmux itself gives up on a client that does not read, e.g. as this process is stopped. */
const pauseAfter = 5;
/** A client that was lost sooner than this, in milliseconds, is not replaced at once. */
const steadyAfter = 1_000;
/** How long taking what is left may hold up the end of a session, in milliseconds. */
const flushDeadline = 2_000;
/** A program that prints bytes that are no UTF-8 could otherwise have its picture taken for ever. */
const maxRetakes = 8;

/**
 * Follows one pane through a control client of its own. Whatever makes a gap, a reader that sleeps, a person's
 * `attach -d`, tmux's own pause, ends in the same way: a new picture of the pane at a known place of the stream.
 */
export class FollowedPane implements PaneStream {
  readonly #o: FollowedPaneOptions;
  readonly #queue: PaneQueue;
  #running: Promise<void> | null = null;
  #locating: Promise<Place | null> | null = null;
  #place: Place | null = null;
  #client: ControlClient | null = null;
  /** Output goes to the reader: not before the place of the picture, and not when it is dropped. */
  #isLive = false;
  /** Nothing was told since the last picture, and whether that cuts a character is not known. */
  #isSeam = false;
  /** Lines of history in the picture that is under way to the reader; null when there is none. */
  #due: number | null = null;
  /** Lines of history that were asked for and are not under way. */
  #wish = 0;
  #retakes = 0;
  /** The last bytes of this client, told or not. */
  #tail: Uint8Array = new Uint8Array();
  #holding: NodeJS.Timeout | null = null;
  #isPrompt = true;
  #wanted: PromiseWithResolvers<void> | null = null;
  readonly #closing = new AbortController();

  constructor(options: FollowedPaneOptions) {
    this.#o = options;
    this.#queue = new PaneQueue(
      (isFull) => this.#hold(isFull),
      () => this.#wanted?.resolve(),
      () => this.#onPicture(),
    );
  }

  /** The session the pane was last seen in; null before that. */
  get sessionName(): string | null {
    return this.#place?.sessionName ?? null;
  }

  [Symbol.asyncIterator](): AsyncIterator<PaneEvent> {
    this.#running ??= this.#run();
    return this.#queue.read();
  }

  each(take: (event: PaneEvent) => void): Promise<void> {
    this.#running ??= this.#run();
    return this.#queue.each(take);
  }

  repaint({ history } = { history: this.#o.history }): void {
    const [client, place] = [this.#client, this.#place];
    // Without a client, or with one whose output is not live, the next picture is on its way by itself.
    if (this.#due !== null || !this.#isLive || !client?.isOpen || !place) {
      if (this.#due === null || history > this.#due) this.#wish = Math.max(this.#wish, history);
    } else this.#takePicture(client, place, 'picture', history);
  }

  setPrompt(isPrompt: boolean): void {
    this.#isPrompt = isPrompt;
    this.#client?.gather(isPrompt ? 0 : gatherMs);
  }

  async flush(): Promise<void> {
    await Promise.race([this.#locating, sleep(flushDeadline, undefined, { ref: false })]);
    const client = this.#client;
    if (!client?.isOpen) return;
    client.gather(0);
    client.resume(); // beyond what is full, but there is not much left
    await client.run('display-message -p flushed', { deadline: flushDeadline }).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#hold(false);
    this.#isLive = false;
    this.#queue.clear();
    this.#queue.end();
    this.#wanted?.resolve();
    await this.#client?.close();
    await this.#running;
    this.#o.onClosed();
  }

  /** Keeps a client attached until the pane is gone. */
  async #run(): Promise<void> {
    let since = Number.NEGATIVE_INFINITY;
    for (;;) {
      this.#locating = locatePane(this.#o, this.#closing.signal);
      const place = await this.#locating;
      if (this.#isClosed) return;
      if (!place) break;
      this.#place = place;
      if (performance.now() - since < steadyAfter) {
        since = Number.NEGATIVE_INFINITY;
        await this.#rest();
        continue;
      }
      since = performance.now();
      await this.#follow(place);
      // Nobody reads: nothing to do until somebody does.
      await this.#wanted?.promise;
      this.#wanted = null;
    }
    this.#queue.push({ type: 'ended' });
    this.#queue.end();
    this.#o.onClosed();
  }

  /** Resolves when the client has ended, for whatever reason. */
  async #follow(place: Place): Promise<void> {
    const { attach } = this.#o;
    const { sessionId, features } = place;
    const flags = features.clientFlags ? `pause-after=${pauseAfter},ignore-size` : null;
    const client = attach(sessionId, flags, (event) => this.#onEvent(client, place, event));
    this.#client = client;
    client.gather(this.#isPrompt ? 0 : gatherMs);
    this.#tail = new Uint8Array();
    this.#retakes = 0;
    // What is in line from before a lost connection is followed by a picture: it may go.
    if (this.#queue.isFull) this.#queue.clear();
    this.#takePicture(client, place, 'rebuilt', this.#o.history);
    await client.closed;
    this.#isLive = false;
    this.#client = null;
  }

  #takePicture(
    client: ControlClient,
    place: Place,
    type: 'rebuilt' | 'picture',
    lines: number,
    command?: string,
  ): void {
    const { paneId, folder, log } = this.#o;
    const history = Math.max(lines, this.#wish, this.#due ?? 0);
    this.#due = history;
    this.#wish = 0;
    const picture = Promise.withResolvers<PaneState | null>();
    let seam: Seam = 'unknown';
    const onPlace = (): void => {
      if (type === 'picture' && !this.#isLive) return; // output is missing: what comes is told anew
      seam = seamOf(this.#tail);
      if (type === 'rebuilt') this.#isSeam = seam === 'unknown';
      this.#isLive = true;
      this.#queue.push({ type, state: picture.promise });
    };
    const request = { paneId, history, folder, ...place, ...(command ? { command } : {}), onPlace };
    capturePane(client, request).then(
      (state) => {
        const cut = state && state.pending.length === 0 && seam !== 'unknown' ? { pending: seam } : {};
        picture.resolve(state && { ...state, ...cut });
        if (!state) void client.close();
      },
      (error) => {
        picture.resolve(null);
        if (!client.isOpen) return; // and so the next one takes a picture
        log.warn({ err: error, paneId }, 'the picture of a pane could not be taken; trying again');
        if (type === 'picture') void this.#repaintLater();
        else void client.close();
      },
    );
  }

  /** What is told goes on meanwhile. */
  async #repaintLater(): Promise<void> {
    await this.#rest();
    const history = this.#due;
    this.#due = null;
    if (history !== null) this.repaint({ history });
  }

  /** The reader has a picture. */
  #onPicture(): void {
    this.#due = null;
    if (this.#wish > 0) this.repaint({ history: this.#wish });
  }

  #onEvent(client: ControlClient, place: Place, event: Notice): void {
    const { paneId } = this.#o;
    switch (event.type) {
      case 'output':
        if (event.paneId === paneId) this.#onOutput(client, place, event.data);
        break;
      case 'layout-change': {
        const size = sizeInLayout(event.visible, paneId) ?? sizeInLayout(event.layout, paneId);
        if (!size) this.#checkPlace(client, place);
        else if (this.#isLive) this.#queue.push({ type: 'resize', ...size });
        break;
      }
      case 'pause':
        if (event.paneId !== paneId) break;
        this.#isLive = false;
        this.#tail = new Uint8Array();
        // A percent sign begins a directive in tmux's language unless it is quoted.
        this.#takePicture(
          client,
          place,
          'rebuilt',
          this.#o.history,
          `refresh-client -A '${paneId}:continue'`,
        );
        break;
      case 'window-close':
        this.#checkPlace(client, place);
        break;
      case 'other':
        // Where sessions do not end their clients (`detach-on-destroy off`) it is moved to another one.
        if (event.text.startsWith('%session-changed ') && event.text.split(' ')[1] !== place.sessionId)
          void client.close();
        break;
    }
  }

  #onOutput(client: ControlClient, place: Place, bytes: Uint8Array): void {
    this.#tell(client, place, bytes);
    // Later, as the echo of a key is told in that call.
    this.#tail = tailOf(this.#tail, bytes);
  }

  #tell(client: ControlClient, place: Place, bytes: Uint8Array): void {
    if (!this.#isLive) return;
    const isCut = this.#isSeam && goesOn(bytes[0]) && this.#retakes < maxRetakes;
    this.#isSeam = false;
    if (isCut) {
      // The picture was taken inside a character whose beginning was never seen: take it here.
      this.#retakes++;
      this.#isLive = false;
      this.#queue.dropLastPictures();
      this.#takePicture(client, place, 'rebuilt', this.#o.history);
    } else {
      this.#queue.push({ type: 'bytes', bytes });
    }
  }

  /** Lets the client go when the pane is gone from its session: the next one is attached where it is, if anywhere. */
  #checkPlace(client: ControlClient, { sessionId }: Place): void {
    const { paneId } = this.#o;
    findPane(client, paneId).then(
      (found) => {
        if (found?.sessionId !== sessionId) void client.close();
      },
      () => undefined, // it has ended
    );
  }

  /** tmux is not read while the queue is full, and so does not read the program's output either. */
  #hold(isFull: boolean): void {
    if (this.#holding) clearTimeout(this.#holding);
    this.#holding = isFull ? setTimeout(() => this.#drop(), holdFor) : null;
    if (isFull) this.#client?.pause();
    else this.#client?.resume();
  }

  /** Lets the program go on: without a client until the reader asks again. */
  #drop(): void {
    const client = this.#client;
    if (!client) return;
    if (client.hasExited) {
      client.resume(); // these are the last words
      return;
    }
    this.#o.log.debug({ paneId: this.#o.paneId }, 'the reader of a pane is slow: output is dropped');
    this.#isLive = false;
    this.#wanted = Promise.withResolvers();
    this.#queue.clear();
    void client.close();
  }

  async #rest(): Promise<void> {
    await sleep(steadyAfter, undefined, { ref: false, signal: this.#closing.signal }).catch(() => undefined);
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }
}
