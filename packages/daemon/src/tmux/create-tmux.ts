import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { KeyedQueue } from '../platform/keyed-queue.ts';
import { loadMakePipe } from '../platform/pipe.ts';
import { failed, isMissing, textsOf } from './control-lines.ts';
import type { ControlBlock, ControlEvent } from './control-parser.ts';
import { Keeper, type KeeperOptions, type Link, type TmuxOptions } from './keeper.ts';
import { screenPrefix } from './pane-capture.ts';
import { FollowedPane } from './pane-stream.ts';
import { PaneTyping } from './pane-typing.ts';
import { checkPaneId, keeperPrefix, newPaneLine, paneFormat, parsePane } from './panes.ts';
import { messageLine } from './popup.ts';
import { quote, shellWord } from './quote.ts';
import { ScreenReader } from './screen-reader.ts';
import { Titles } from './titles.ts';
import type {
  CaptureRequest,
  NewPane,
  PaneInfo,
  PaneStream,
  Tmux,
  TmuxEvents,
  TypeRequest,
  TypeResult,
} from './tmux.ts';
import { keptScreenBuffer } from './typing.ts';
import { tmuxVersion } from './version.ts';

/**
 * Makes the driver of one tmux server. Runs `tmux -V`, nothing else.
 *
 * @throws CodepiperError `invalid_request` when `home` has control characters, which tmux could not store
 */
export async function createTmux(options: TmuxOptions): Promise<Tmux> {
  if (/\p{Cc}/u.test(options.home)) {
    throw new CodepiperError(
      'invalid_request',
      `The state directory has a control character: ${JSON.stringify(options.home)}`,
    );
  }
  const runFolder = await prepareRunFolder(join(options.home, 'run'));
  // tmux runs while what makes pipes is loaded: the daemon's start waits for both.
  const [version, makePipe] = await Promise.all([tmuxVersion(options.env), loadMakePipe()]);
  return new TmuxDriver({ ...options, makePipe }, runFolder, version);
}

class TmuxDriver implements Tmux {
  readonly socketName: string;
  readonly #options: TmuxOptions;
  readonly #runFolder: string;
  readonly #keeper: Keeper;
  readonly #listeners = new Set<Partial<TmuxEvents>>();
  readonly #streams = new Set<FollowedPane>();
  readonly #buffer: string;
  readonly #screens: ScreenReader;
  readonly #typing: PaneTyping;
  readonly #starts = new KeyedQueue();
  readonly #titles: Titles;

  constructor(options: KeeperOptions, runFolder: string, version: string | null) {
    this.#options = options;
    this.#runFolder = runFolder;
    this.socketName = options.socketName;
    this.#keeper = new Keeper(options, version, {
      onEvent: (event) => this.#onEvent(event),
      onLink: (link) => this.#onLink(link),
      onIdle: () => this.#emit((listener) => listener.sessionsChanged?.()),
      onGone: () => this.#emit((listener) => listener.gone?.()),
    });
    this.#buffer = `codepiper-${this.#keeper.homeKey}`;
    this.#titles = new Titles({
      home: options.home,
      currentLink: () => this.#keeper.current,
      onTitles: (titles) => this.#emit((listener) => listener.titles?.(titles)),
    });
    this.#screens = new ScreenReader(runFolder, this.#keeper.session);
    this.#typing = new PaneTyping({
      findLink: () => this.#keeper.find(),
      currentLink: () => this.#keeper.current,
      session: this.#keeper.session,
      buffer: this.#buffer,
      folder: runFolder,
      screens: this.#screens,
    });
  }

  get version(): string | null {
    return this.#keeper.version;
  }

  attachCommand(sessionName: string): string {
    const target = shellWord(sessionName);
    const folder = this.#options.env.TMUX_TMPDIR;
    if (folder) {
      const socket = join(folder, `tmux-${process.getuid?.() ?? 0}`, this.socketName);
      return `tmux -S ${shellWord(socket)} attach-session -t ${target}`;
    }
    if (!this.#keeper.ownServer) return `tmux attach-session -t ${target}`;
    return `tmux -L ${shellWord(this.socketName)} attach-session -t ${target}`;
  }

  async connect(): Promise<void> {
    await this.#keeper.find();
  }

  async listPanes(): Promise<PaneInfo[]> {
    const link = await this.#keeper.find();
    if (!link) return [];
    const blocks = await link.client.run(
      `list-panes -a -F ${quote(paneFormat)} ; list-clients -F "#{client_control_mode}\t#{session_name}"`,
    );
    const [panes = '', clients = ''] = textsOf(blocks, 'list panes');
    const people = clients.split('\n').filter((line) => line.startsWith('0\t'));
    const attached = new Set(people.map((line) => line.slice(2)));
    return panes
      .split('\n')
      .map((line) => parsePane(line, attached))
      .filter((pane) => pane !== null)
      .filter((pane) => !pane.sessionName.startsWith(keeperPrefix));
  }

  createPane(pane: NewPane): Promise<PaneInfo> {
    // tmux takes milliseconds for each; what is typed must not have to wait for many.
    return this.#starts.run('start', () => this.#createPane(pane));
  }

  async killSession(sessionName: string): Promise<void> {
    const link = await this.#keeper.find();
    if (!link) return;
    // What a client has not been sent when its session goes is lost.
    const isHere = (stream: FollowedPane): boolean => (stream.sessionName ?? sessionName) === sessionName;
    const streams = [...this.#streams].filter(isHere);
    await Promise.all(streams.map((stream) => stream.flush()));
    const blocks = await this.#keeper.killSession(link, `=${sessionName}`);
    if (!blocks.some(isMissing)) textsOf(blocks, `end session ${sessionName}`);
  }

  async type(request: TypeRequest): Promise<TypeResult> {
    return this.#typing.type(request);
  }

  typeBytes(paneId: string, bytes: Uint8Array, { bracketed }: { bracketed: boolean }) {
    return this.#typing.typeBytes(paneId, bytes, bracketed);
  }

  async pressKeys(paneId: string, keys: readonly string[]): Promise<void> {
    return this.#typing.pressKeys(paneId, keys);
  }

  async resize(sessionName: string, cols: number, rows: number): Promise<void> {
    const link = await this.#find('resize');
    const target = quote(`=${sessionName}:`);
    // resize-window pins the size (`window-size manual`): that is undone at once, so that a terminal that attaches, or
    // is attached, has its own.
    const line = `resize-window -t ${target} -x ${cols} -y ${rows} ; set-option -w -t ${target} window-size ${link.features.windowSize}`;
    textsOf(await link.client.run(line), `resize session ${sessionName}`);
  }

  async capture(paneId: string, request: CaptureRequest): Promise<string> {
    return this.#screens.capture(await this.#find('capture'), paneId, request);
  }

  async activity(): Promise<ReadonlyMap<string, number>> {
    const link = await this.#keeper.find();
    if (!link) return new Map();
    const line = `list-panes -a -F ${quote('#{pane_id}\t#{window_activity}')}`;
    const [panes = ''] = textsOf(await link.client.run(line), 'list panes');
    return new Map(
      panes.split('\n').flatMap((row): [string, number][] => {
        const [paneId, at] = row.split('\t');
        return paneId && at ? [[paneId, Number(at)]] : [];
      }),
    );
  }

  async screens(paneIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#screens.captureAll(await this.#find('read screens'), paneIds);
  }

  async takeKeptScreen(paneId: string): Promise<string> {
    const pane = checkPaneId(paneId);
    return this.#screens.read(await this.#find('read a screen'), keptScreenBuffer(this.#buffer, pane), pane);
  }

  stream(paneId: string, { history }: { history: number }): PaneStream {
    const pane = checkPaneId(paneId);
    const stream = new FollowedPane({
      paneId: pane,
      history,
      folder: this.#runFolder,
      log: this.#options.log,
      findLink: () => this.#keeper.find(),
      attach: (target, flags, onEvent) => this.#keeper.attach(target, flags, onEvent),
      onClosed: () => this.#streams.delete(stream),
    });
    this.#streams.add(stream);
    return stream;
  }

  async notify(sessionName: string, line: string): Promise<void> {
    const link = await this.#keeper.find();
    if (!link?.features.namesClients) return;
    const [clients = ''] = textsOf(
      await link.client.run('list-clients -F "#{client_control_mode}\t#{session_name}\t#{client_name}"'),
      'list clients',
    );
    const people = clients
      .split('\n')
      .map((client) => client.split('\t'))
      .flatMap(([control, session, name]) =>
        control === '0' && session === sessionName && name ? [name] : [],
      );
    // One that left meanwhile needs no message.
    for (const name of people) link.client.send(messageLine(name, line, link.features));
  }

  async leave(): Promise<void> {
    const link = await this.#keeper.find();
    if (!link) return;
    const { session, ownServer } = this.#keeper;
    const [names = ''] = textsOf(
      await link.client.run('list-sessions -F "#{session_name}"'),
      'list sessions',
    );
    const isAlone = names
      .trimEnd()
      .split('\n')
      .every((name) => name === session);
    const line = ownServer && isAlone ? 'kill-server' : `kill-session -t ${quote(`=${session}`)}`;
    // The connection ends with what it is attached to, answered or not.
    await link.client.run(line, { isTold: true }).catch(() => undefined);
  }

  listen(events: Partial<TmuxEvents>): () => void {
    this.#listeners.add(events);
    if (events.titles && this.#keeper.current) this.#onLink(this.#keeper.current);
    return () => {
      this.#listeners.delete(events);
      if (!events.titles || this.#wantsTitles()) return;
      this.#titles.stop();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#titles.stop();
    this.#listeners.clear();
    await Promise.all([...this.#streams].map((stream) => stream[Symbol.asyncDispose]()));
    await this.#keeper[Symbol.asyncDispose]();
  }

  async #createPane(pane: NewPane): Promise<PaneInfo> {
    const { home } = this.#options;
    const { client, features } = await this.#keeper.need();
    const options = { ownServer: this.#keeper.ownServer, windowSize: features.windowSize };
    const blocks = await client.run(newPaneLine(pane, home, options), { isTold: true });
    const [first] = blocks;
    const made = first?.ok ? parsePane(first.body.toString('utf8'), new Set()) : null;
    // A program that ends at once takes its session along: then the options find nothing, and that is no failure.
    if (made) return { ...made, home };
    textsOf(blocks, `start session ${pane.sessionName}`);
    throw failed(`tmux did not say what became of session ${pane.sessionName}`);
  }

  async #find(doing: string): Promise<Link> {
    const link = await this.#keeper.find();
    if (!link) throw failed(`tmux cannot ${doing}: no server runs on socket ${this.socketName}`);
    return link;
  }

  #onEvent(event: Exclude<ControlEvent, ControlBlock>): void {
    if (event.type === 'sessions-changed') this.#emit((listener) => listener.sessionsChanged?.());
    else if (event.type === 'subscription-changed') this.#titles.take(event.name, event.value);
    else if (event.type === 'other' && /^%client-(?:session-changed|detached) /.test(event.text))
      this.#emit((listener) => listener.clientsChanged?.());
  }

  #onLink(link: Link): void {
    if (this.#wantsTitles()) this.#titles.watch(link);
  }

  #wantsTitles(): boolean {
    return [...this.#listeners].some((listener) => listener.titles);
  }

  #emit(tell: (listener: Partial<TmuxEvents>) => void): void {
    for (const listener of [...this.#listeners]) {
      try {
        tell(listener);
      } catch (error) {
        this.#options.log.error({ err: error }, 'a listener of tmux events failed');
      }
    }
  }
}

/** Makes the private folder for screens, and removes those a killed daemon left. */
async function prepareRunFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  for (const name of await readdir(path)) {
    if (name.startsWith(screenPrefix)) await rm(join(path, name), { force: true });
  }
  return path;
}
