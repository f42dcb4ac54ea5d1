import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MakePipe } from '../platform/pipe.ts';
import { AttachGate } from './attach-gate.ts';
import { ControlClient } from './control-client.ts';
import { failed, textsOf } from './control-lines.ts';
import type { ControlBlock, ControlEvent } from './control-parser.ts';
import { clientMarker } from './orphans.ts';
import { keeperArgs, keeperPrefix } from './panes.ts';
import { popupBinding } from './popup.ts';
import { quote } from './quote.ts';
import { runTmux } from './run-tmux.ts';
import { surveyServer } from './survey.ts';
import { defaultTerminal } from './terminal.ts';
import { oldestTmux, type TmuxFeatures, tmuxFeatures, tmuxVersion } from './version.ts';

/** Where the driver writes what it does; pino's shape. */
export interface TmuxLog {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface TmuxOptions {
  /** As for `tmux -L`; `default` is the user's own server, on which nothing server-wide is set. */
  socketName: string;
  /** State directory, absolute; the mark of our sessions. Control characters are refused. */
  home: string;
  /** Environment of the tmux server and its clients: nothing in it may be secret. */
  env: NodeJS.ProcessEnv;
  log: TmuxLog;
  /** argv of what the prefix and `a` open over a session; the session's id comes behind it. On our own server only. */
  popup?: readonly string[] | null;
}

export interface KeeperOptions extends TmuxOptions {
  /** Makes the pipes that clients write to; without it they write to node's own. */
  makePipe?: MakePipe;
}

/** A live connection, with what its server can do. */
export interface Link {
  client: ControlClient;
  features: TmuxFeatures;
  /** The server searches screens by regular expression. */
  searches: boolean;
}

export interface KeeperEvents {
  onEvent(event: Exclude<ControlEvent, ControlBlock>): void;
  /** A connection is there, for the first time or again. */
  onLink(link: Link): void;
  /** The connection ended and was not taken up again, as there is nothing of ours to watch. */
  onIdle(): void;
  /** The server that held our panes ended. */
  onGone(): void;
}

/** A connection that was lost sooner than this, in milliseconds, is not taken up again at once. */
const steadyAfter = 1_000;
/** How long it holds that there is nothing to connect to, in milliseconds: at its start the daemon asks twice. */
const nothingMs = 20;

/** Holds the one connection: starts the server, attaches to the keeper session, takes the connection up again. */
export class Keeper implements AsyncDisposable {
  readonly homeKey: string;
  readonly session: string;
  readonly #options: KeeperOptions;
  readonly #events: KeeperEvents;
  readonly #gate = new AttachGate();
  /** Clients that are attached, by the target they were given. */
  readonly #clients = new Map<ControlClient, string>();
  #version: string | null;
  #link: Link | null = null;
  #opening: Promise<Link | null> | null = null;
  #serverPid: string | null = null;
  /** When there was nothing to connect to, of `performance.now()`. */
  #nothingAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: KeeperOptions, version: string | null, events: KeeperEvents) {
    this.#options = options;
    this.#version = version;
    this.#events = events;
    this.homeKey = createHash('sha256').update(options.home).digest('hex').slice(0, 12);
    this.session = `${keeperPrefix}${this.homeKey}`;
    this.#gate.setBarrier(() => this.current?.client.run('display-message -p seen', { isTold: false }));
  }

  get version(): string | null {
    return this.#version;
  }

  /** `-f /dev/null` keeps the user's configuration out of our own server. */
  get ownServer(): boolean {
    return this.#options.socketName !== 'default';
  }

  /** The connection if there is one now. */
  get current(): Link | null {
    return this.#link?.client.isOpen ? this.#link : null;
  }

  /** The connection; null when no server runs, or none with anything of ours. */
  async find(): Promise<Link | null> {
    return this.#open(false);
  }

  /** The connection; starts the server if need be. */
  async need(): Promise<Link> {
    const link = await this.#open(true);
    if (!link) throw failed('tmux could not be started');
    return link;
  }

  /** A further control client, attached to a session. */
  attach(
    target: string,
    flags: string | null,
    onEvent: (event: Exclude<ControlEvent, ControlBlock>) => void,
  ): ControlClient {
    const attach = ['attach-session', '-t', target, ...(flags ? ['-f', flags] : [])];
    const client = new ControlClient({
      args: [...this.#serverArgs(), '-C', ...attach],
      env: { ...this.#env(), [clientMarker]: `${this.homeKey}:${process.pid}` },
      gate: this.#gate,
      ...(this.#options.makePipe ? { makePipe: this.#options.makePipe } : {}),
      isAllTold: this.#link?.features.tellsBuffers ?? false,
      isUnflagged: !tmuxFeatures(this.#version ?? '').flagsInnerBlocks,
      escapesDollars: tmuxFeatures(this.#version ?? '').escapesDollars,
      onEvent,
    });
    this.#clients.set(client, target);
    void client.closed.then(() => this.#clients.delete(client));
    return client;
  }

  /**
   * Ends a session and sees its clients off: tmux tells of each.
   *
   * @param target as for `-t`
   * @returns what tmux said
   */
  async killSession({ client }: Link, target: string): Promise<readonly ControlBlock[]> {
    const line = `display-message -p -t ${quote(`${target}:`)} "#{session_id}" ; kill-session -t ${quote(target)}`;
    const done = Promise.withResolvers<void>();
    this.#gate.enter('change', done.resolve);
    await done.promise;
    try {
      const blocks = await client.run(line, { isTold: false }); // it is in already
      const id = blocks[0]?.body.toString('utf8');
      const its = [...this.#clients].flatMap(([one, at]) => (at === id ? [one.closed] : []));
      await Promise.race([Promise.all(its), sleep(steadyAfter, undefined, { ref: false })]);
      return blocks;
    } finally {
      this.#gate.leave('change');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => undefined);
    await this.#link?.client.close();
    this.#link = null;
  }

  async #open(start: boolean): Promise<Link | null> {
    for (;;) {
      if (this.#closed) throw failed('the tmux driver is closed');
      if (this.current) return this.current;
      if (!start && performance.now() - this.#nothingAt < nothingMs) return null;
      const joined = this.#opening;
      if (joined) {
        const link = await joined;
        if (link || !start) return link;
        continue;
      }
      const opening = this.#connect(start).finally(() => {
        this.#opening = null;
      });
      this.#opening = opening;
      return opening;
    }
  }

  async #connect(start: boolean): Promise<Link | null> {
    this.#version ??= await tmuxVersion(this.#env()); // may have been installed meanwhile
    if (this.#version === null || !tmuxFeatures(this.#version).supported) {
      if (!start) return null;
      throw failed(
        this.#version === null
          ? 'tmux is not installed, or not in PATH. Install it (e.g. `apt-get install tmux`, `brew install tmux`).'
          : `tmux ${this.#version} is too old: ${oldestTmux} or newer is needed.`,
      );
    }
    const survey = await surveyServer({
      ...{ serverArgs: this.#serverArgs(), env: this.#env(), homeKey: this.homeKey, keeper: this.session },
      ...{ home: this.#options.home, log: this.#options.log },
      escapesDollars: tmuxFeatures(this.#version).escapesDollars,
    });
    if (!survey.running) this.#lostServer();
    if (!start && !survey.keeper && !survey.ours) {
      this.#nothingAt = performance.now();
      return null;
    }
    if (!survey.keeper) await this.#startKeeper();
    return this.#attachKeeper();
  }

  async #startKeeper(): Promise<void> {
    const terminal = await defaultTerminal(this.#env());
    const { windowSize } = tmuxFeatures(this.#version ?? '');
    const args = keeperArgs(this.session, { ownServer: this.ownServer, terminal, windowSize });
    const { code, stderr } = await runTmux([...this.#serverArgs(), ...args], { env: this.#env() });
    // Another call may have been quicker; what counts is that the session is there.
    if (code !== 0 && !/duplicate session/.test(stderr))
      throw failed(`tmux could not be started: ${stderr.trim()}`);
  }

  async #attachKeeper(): Promise<Link> {
    const { home, log, popup } = this.#options;
    const features = tmuxFeatures(this.#version ?? '');
    const client = this.attach(
      `=${this.session}`,
      features.clientFlags ? 'no-output' : null,
      this.#events.onEvent,
    );
    try {
      await client.run('display-message -p attached'); // and whatever attaching itself says
      const session = `-t ${quote(`=${this.session}:`)}`;
      const blocks = await client.run(
        [
          `set-option ${session} @codepiper_home ${quote(home)}`,
          'display-message -p "#{pid}\t#{version}\t#{C/r:^}\t#{m/r:^a+$,aa}"',
        ].join(' ; '),
      );
      const facts = textsOf(blocks, 'say what it is').at(-1) ?? '';
      const [pid = '', version = '', found = '', matched] = facts.split('\t');
      if (this.#serverPid !== null && this.#serverPid !== pid) this.#lostServer();
      this.#serverPid = pid;
      // The server may be older than the program that is installed now: what it can do is what counts.
      const link = {
        client,
        features: tmuxFeatures(version),
        searches: Number(found) > 0 && matched === '1',
      };
      this.#link = link;
      if (link.features.tellsBuffers) client.tellAll();
      // At each connection: an older daemon may have started the server.
      if (this.ownServer && popup) client.send(popupBinding(popup, features));
      log.debug({ pid, version, searches: link.searches }, 'connected to tmux');
      const since = performance.now();
      void client.closed.then(() => this.#lostLink(link, performance.now() - since));
      this.#events.onLink(link);
      return link;
    } catch (error) {
      void client.close(); // it may be in its greeting still: then a kill could end the server
      throw error;
    }
  }

  #lostLink(link: Link, heldFor: number): void {
    if (this.#closed || this.#link !== link) return;
    this.#link = null;
    this.#options.log.debug({ heldFor }, 'the connection to tmux ended');
    void this.#restore(heldFor < steadyAfter ? steadyAfter : 0);
  }

  /** Takes the connection up again by itself, as events come through it; keeps trying while the server is stuck. */
  async #restore(delay: number): Promise<void> {
    if (delay > 0) await sleep(delay, undefined, { ref: false });
    if (this.#closed) return;
    try {
      if (!(await this.find())) this.#events.onIdle();
    } catch (error) {
      if (this.#closed) return;
      this.#options.log.warn({ err: error }, 'tmux cannot be reached; trying again');
      void this.#restore(steadyAfter);
    }
  }

  #lostServer(): void {
    if (this.#serverPid === null) return;
    this.#serverPid = null;
    this.#events.onGone();
  }

  #serverArgs(): string[] {
    const own = this.ownServer ? ['-f', '/dev/null'] : [];
    return ['-u', '-L', this.#options.socketName, ...own];
  }

  /** Without the terminal this daemon may have been started in. */
  #env(): NodeJS.ProcessEnv {
    const { TMUX: _server, TMUX_PANE: _pane, [clientMarker]: _mark, ...env } = this.#options.env;
    return env;
  }
}
