import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { type ControlClient, failed, textsOf } from './control-client.ts';
import type { ControlBlock, ControlEvent } from './control-parser.ts';
import { Keeper, type Link, type TmuxOptions } from './keeper.ts';
import { PaneOutput } from './output-watch.ts';
import { keeperPrefix, newPaneLine, paneFormat, parsePane } from './panes.ts';
import { messageLine } from './popup.ts';
import { quote, shellWord } from './quote.ts';
import { parseTitles, sameTitles, titlesFormat } from './titles.ts';
import type {
  CaptureRequest,
  NewPane,
  OutputWatch,
  PaneInfo,
  Tmux,
  TmuxEvents,
  TypeRequest,
  TypeResult,
} from './tmux.ts';
import { captureFlags, joinGuards, keptScreenBuffer, typingLines, typingWords } from './typing.ts';
import { tmuxVersion } from './version.ts';

/** Name of our format subscription. */
const titlesName = 'titles';
/** How often titles are asked for where tmux does not tell them (3.0, 3.1), in milliseconds. */
const titlesInterval = 2_000;
/** Seconds of unread output after which a watched pane is paused rather than held. */
const pauseAfter = 5;

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
  return new TmuxDriver(options, runFolder, await tmuxVersion(options.env));
}

class TmuxDriver implements Tmux {
  readonly socketName: string;
  readonly #options: TmuxOptions;
  readonly #runFolder: string;
  readonly #keeper: Keeper;
  readonly #listeners = new Set<Partial<TmuxEvents>>();
  readonly #watches = new Set<OutputWatch>();
  readonly #buffer: string;
  /** Last typing of each pane: one that takes several lines must not be mixed with another. */
  readonly #typing = new Map<string, Promise<unknown>>();
  readonly #checkedGuards = new Set<string>();
  #titles: ReadonlyMap<string, string> = new Map();
  #titlesTimer: NodeJS.Timeout | null = null;

  constructor(options: TmuxOptions, runFolder: string, version: string | null) {
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

  async createPane(pane: NewPane): Promise<PaneInfo> {
    const { home } = this.#options;
    const { client } = await this.#keeper.need();
    const blocks = await client.run(newPaneLine(pane, home, this.#keeper.ownServer));
    const [first] = blocks;
    const made = first?.ok ? parsePane(first.body.toString('utf8'), new Set()) : null;
    // A program that ends at once takes its session along: then the options find nothing, and that is no failure.
    if (made) return { ...made, home };
    textsOf(blocks, `start session ${pane.sessionName}`);
    throw failed(`tmux did not say what became of session ${pane.sessionName}`);
  }

  async killSession(sessionName: string): Promise<void> {
    const link = await this.#keeper.find();
    if (!link) return;
    const [block] = await link.client.run(`kill-session -t ${quote(`=${sessionName}`)}`);
    if (block && !isMissing(block)) textsOf([block], `end session ${sessionName}`);
  }

  async type(request: TypeRequest): Promise<TypeResult> {
    if (request.mark !== null && !/^[A-Za-z0-9:.-]+$/.test(request.mark)) {
      throw failed(`a mark may hold letters, digits and -:. only: ${JSON.stringify(request.mark)}`);
    }
    const paneId = checkPaneId(request.paneId);
    const turn = (this.#typing.get(paneId) ?? Promise.resolve())
      .catch(() => undefined) // that was its caller's to hear
      .then(() => this.#type(request));
    this.#typing.set(paneId, turn);
    try {
      return await turn;
    } finally {
      if (this.#typing.get(paneId) === turn) this.#typing.delete(paneId);
    }
  }

  async pressKeys(paneId: string, keys: readonly string[]): Promise<void> {
    const target = checkPaneId(paneId);
    const link = await this.#find('press keys');
    // In copy mode keys would go to tmux's own bindings, not to the program.
    const leave = `if-shell -F -t ${target} "#{pane_in_mode}" { send-keys -X -t ${target} cancel }`;
    const press = `send-keys -t ${target} -- ${keys.map(quote).join(' ')}`;
    textsOf(await link.client.run(`${leave} ; ${press}`), `press keys in pane ${paneId}`);
  }

  async resize(sessionName: string, cols: number, rows: number): Promise<void> {
    const link = await this.#find('resize');
    const target = quote(`=${sessionName}:`);
    // resize-window pins the size (`window-size manual`): that is undone at once, so that a terminal that attaches, or
    // is attached, has its own.
    const line = `resize-window -t ${target} -x ${cols} -y ${rows} ; set-option -w -t ${target} window-size latest`;
    textsOf(await link.client.run(line), `resize session ${sessionName}`);
  }

  async capture(paneId: string, request: CaptureRequest): Promise<string> {
    return this.#capture(await this.#find('capture'), paneId, request);
  }

  async takeKeptScreen(paneId: string): Promise<string> {
    const pane = checkPaneId(paneId);
    return this.#readBuffer(await this.#find('read a screen'), keptScreenBuffer(this.#buffer, pane), pane);
  }

  async watch(paneId: string): Promise<OutputWatch> {
    const pane = checkPaneId(paneId);
    const link = await this.#find('watch');
    const asked = await link.client.run(`display-message -p -t ${pane} "#{pane_id}\t#{session_id}"`);
    const [id, session] = (textsOf(asked, `watch pane ${pane}`)[0] ?? '').split('\t');
    if (id !== pane || !session) throw failed(`tmux has no pane ${pane}`);
    const output = new PaneOutput();
    const flags = link.features.clientFlags ? `pause-after=${pauseAfter},ignore-size` : null;
    const client: ControlClient = this.#keeper.attach(session, flags, (event) => {
      if (event.type === 'output' && event.paneId === pane) output.push(event.data);
      // A percent sign begins a directive in tmux's language unless it is quoted.
      else if (event.type === 'pause') client.send(`refresh-client -A '${event.paneId}:continue'`);
    });
    output.follow(client);
    this.#watches.add(output);
    void client.closed.then(() => this.#watches.delete(output));
    await client.run('display-message -p attached');
    return output;
  }

  async notify(sessionName: string, line: string): Promise<void> {
    const link = await this.#keeper.find();
    if (!link) return;
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
    await link.client.run(line).catch(() => undefined);
  }

  listen(events: Partial<TmuxEvents>): () => void {
    this.#listeners.add(events);
    if (events.titles && this.#keeper.current) this.#onLink(this.#keeper.current);
    return () => {
      this.#listeners.delete(events);
      if (!events.titles || this.#wantsTitles()) return;
      this.#stopTitles();
      const link = this.#keeper.current;
      if (link?.features.subscriptions) link.client.send(`refresh-client -B ${titlesName}`);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTitles();
    this.#listeners.clear();
    await Promise.all([...this.#watches].map((watch) => watch[Symbol.asyncDispose]()));
    await this.#keeper[Symbol.asyncDispose]();
  }

  async #find(doing: string): Promise<Link> {
    const link = await this.#keeper.find();
    if (!link) throw failed(`tmux cannot ${doing}: no server runs on socket ${this.socketName}`);
    return link;
  }

  async #type(request: TypeRequest): Promise<TypeResult> {
    const guard = joinGuards(request.guards);
    let done = 0;
    const link = await this.#keeper.find();
    if (!link) return 'gone';
    if (guard !== null && !this.#checkedGuards.has(guard) && link.searches)
      await this.#checkGuard(link, guard);
    for (const { line, chunksDone } of typingLines(request, link.searches ? guard : null, this.#buffer)) {
      const stopped =
        (await this.#guardedHere(link, request.paneId, guard)) ?? typingResult(await link.client.run(line));
      if (stopped instanceof CodepiperError) {
        // A paste that failed leaves its buffer behind, and nobody asks for the screen.
        link.client.send(`delete-buffer -b ${this.#buffer}`);
        if (request.keepScreen)
          link.client.send(`delete-buffer -b ${keptScreenBuffer(this.#buffer, request.paneId)}`);
        throw stopped;
      }
      if (stopped === 'guarded' && done > 0) {
        throw failed('typing stopped half-way: the program began to ask something', { chunksDone: done });
      }
      if (stopped !== 'typed') return stopped;
      done = chunksDone;
    }
    return 'typed';
  }

  /** An expression that tmux cannot compile never matches, and so would guard nothing: refuse it. */
  async #checkGuard(link: Link, guard: string): Promise<void> {
    const target = `-t ${quote(`=${this.#keeper.session}:`)}`;
    const blocks = await link.client.run(
      `set-option ${target} @codepiper_check ${quote(guard)} ; display-message -p ${target} "#{m/r:(#{@codepiper_check})|^,x}"`,
    );
    if (textsOf(blocks, 'check a guard').at(-1) !== '1') {
      throw failed(`the guard is not a regular expression tmux understands: ${guard}`);
    }
    this.#checkedGuards.add(guard);
  }

  /** For a tmux that cannot search by expression: look at the screen just before. */
  async #guardedHere(link: Link, paneId: string, guard: string | null): Promise<'guarded' | null> {
    if (guard === null || link.searches) return null;
    const screen = await this.#capture(link, paneId, { history: 0, styles: false, joinWrapped: false });
    return new RegExp(posixExpression(guard), 'mu').test(screen) ? 'guarded' : null;
  }

  #capture(link: Link, paneId: string, request: CaptureRequest): Promise<string> {
    const pane = checkPaneId(paneId);
    const name = screenName();
    return this.#readBuffer(
      link,
      name,
      pane,
      `capture-pane -b ${name} -t ${pane} ${captureFlags(request)} ; `,
    );
  }

  /** Takes the screen in a buffer by way of a file: what is printed would lose control characters. */
  async #readBuffer(link: Link, buffer: string, pane: string, fill = ''): Promise<string> {
    const file = join(this.#runFolder, screenName());
    const keeper = quote(`=${this.#keeper.session}:`);
    // save-buffer expands its path as a format; what an option holds is not expanded again.
    const save = `set-option -t ${keeper} @codepiper_run ${quote(file)} ; save-buffer -b ${buffer} "#{@codepiper_run}"`;
    try {
      const blocks = await link.client.run(`${fill}${save} ; delete-buffer -b ${buffer}`);
      if (blocks.some(({ ok }) => !ok)) link.client.send(`delete-buffer -b ${buffer}`);
      textsOf(blocks, `read the screen of pane ${pane}`);
      return await readFile(file, 'utf8');
    } finally {
      await rm(file, { force: true });
    }
  }

  #onEvent(event: Exclude<ControlEvent, ControlBlock>): void {
    if (event.type === 'sessions-changed') this.#emit((listener) => listener.sessionsChanged?.());
    else if (event.type === 'subscription-changed' && event.name === titlesName)
      this.#takeTitles(event.value);
  }

  #onLink(link: Link): void {
    if (!this.#wantsTitles()) return;
    if (link.features.subscriptions) {
      link.client.send(`refresh-client -B ${quote(`${titlesName}::${titlesFormat}`)}`);
    } else {
      this.#titlesTimer ??= setInterval(() => void this.#askTitles(), titlesInterval).unref();
    }
  }

  async #askTitles(): Promise<void> {
    const client = this.#keeper.current?.client;
    const line = `display-message -p ${quote(titlesFormat)}`;
    const blocks = await client?.run(line).catch(() => undefined); // the next round asks again
    const [block] = blocks ?? [];
    if (block?.ok) this.#takeTitles(block.body.toString('utf8'));
  }

  #stopTitles(): void {
    if (this.#titlesTimer) clearInterval(this.#titlesTimer);
    this.#titlesTimer = null;
  }

  #takeTitles(text: string): void {
    const titles = parseTitles(text, this.#options.home);
    if (sameTitles(titles, this.#titles)) return;
    this.#titles = titles;
    this.#emit((listener) => listener.titles?.(titles));
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

/** Reads what a line of typing printed. */
function typingResult(blocks: readonly ControlBlock[]): TypeResult | CodepiperError {
  const error = blocks.find(({ ok }) => !ok);
  if (error) return isMissing(error) ? 'gone' : failed(`tmux failed to type: ${error.body.toString('utf8')}`);
  const words = blocks.map(({ body }) => body.toString('utf8'));
  if (words.includes(typingWords.dead)) return 'gone';
  if (words.includes(typingWords.guarded)) return 'guarded';
  return words.includes(typingWords.typed) ? 'typed' : failed('tmux did not say whether it typed');
}

/** tmux's words for a target that is not there. */
function isMissing(block: ControlBlock): boolean {
  return !block.ok && /^(can't find|no such) (pane|window|session)/.test(block.body.toString('utf8'));
}

/** Pane ids go into the line as they are. */
function checkPaneId(paneId: string): string {
  if (!/^%\d+$/.test(paneId)) throw failed(`not a pane id: ${JSON.stringify(paneId)}`);
  return paneId;
}

/** The one thing of POSIX expressions that JavaScript's do not have. */
function posixExpression(expression: string): string {
  return expression
    .replaceAll('[:space:]', '\\s')
    .replaceAll('[:digit:]', '\\d')
    .replaceAll('[:alpha:]', '\\p{L}')
    .replaceAll('[:alnum:]', '\\p{L}\\p{N}');
}

function screenName(): string {
  return `screen-${randomBytes(6).toString('hex')}`;
}

/** Makes the private folder for screens, and removes those a killed daemon left. */
async function prepareRunFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  for (const name of await readdir(path)) {
    if (name.startsWith('screen-')) await rm(join(path, name), { force: true });
  }
  return path;
}
