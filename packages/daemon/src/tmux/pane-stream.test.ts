import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Person, sitDown } from '@codepiper/testkit/person.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PaneTerminal } from '../../test/pane-terminal.ts';
import { screenFlood } from '../../test/screen/flood.ts';
import type { ControlClient } from './control-client.ts';
import { createTmux } from './create-tmux.ts';
import { Keeper } from './keeper.ts';
import { FollowedPane } from './pane-stream.ts';
import type { PaneEvent, PaneInfo, PaneStream, Tmux } from './tmux.ts';
import { tmuxFeatures } from './version.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
/** How much the large streams hold, in MB, and how often a program dies. */
const megabytes = Number(process.env.CODEPIPER_STREAM_MB ?? 8);
const deaths = Number(process.env.CODEPIPER_STREAM_DEATHS ?? 10);
const patience = { timeout: 120_000 };

let stack: AsyncDisposableStack;
let server: ReturnType<typeof scratchTmux>;
let home: string;
let tmux: Tmux;
let count: number;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  home = stack.use(await makeTempDir()).path;
  server = stack.use(scratchTmux());
  tmux = stack.use(await createTmux({ socketName: server.socketName, home, env: process.env, log }));
  count = 0;
});

afterEach(async () => {
  const folder = join(home, 'run');
  const left = async (): Promise<string[]> => (existsSync(folder) ? await readdir(folder) : []);
  // A picture that nobody waits for may be under way still.
  try {
    await waitFor('what was captured to be gone', async () => (await left()).length === 0);
  } finally {
    await stack.disposeAsync();
  }
});

function start(argv: readonly string[], size = { cols: 100, rows: 30 }): Promise<PaneInfo> {
  return tmux.createPane({ sessionName: `codepiper-s${count++}`, ...size, argv });
}

/** A program that runs a script of sh when a key comes, in a terminal that changes no byte. Then it stays. */
function startWaiting(script: string, ...args: string[]): Promise<PaneInfo> {
  const whole = `stty raw -echo; : >"${home}/ready$$"; head -c1 >/dev/null; ${script}; exec sleep 1000`;
  return start(['sh', '-c', whole, 'sh', ...args]);
}

async function press(pane: PaneInfo): Promise<void> {
  await waitFor('the program to listen', () => existsSync(join(home, `ready${pane.pid}`)));
  await tmux.pressKeys(pane.paneId, ['x']);
}

/** A person whose terminal shows the pane. */
async function sitBeside(pane: PaneInfo, ...flags: string[]): Promise<Person> {
  const argv = ['tmux', '-L', server.socketName, 'attach-session', ...flags, '-t', pane.sessionName] as const;
  const person = stack.use(sitDown([...argv], { cwd: home, env: { ...process.env, TMUX: undefined } }));
  await waitFor('the person to be there', async () =>
    (await tmux.listPanes()).some(({ attached }) => attached),
  );
  return person;
}

/** Reads a stream for as long as nobody tells it not to. */
class Reader {
  readonly events: Exclude<PaneEvent, { type: 'bytes' }>[] = [];
  readonly hash = createHash('sha256');
  length = 0;
  /** What came since the last picture, at most the last 64 KB of it. */
  recent = Buffer.alloc(0);
  onEvent: (event: PaneEvent) => unknown = () => undefined;
  readonly done: Promise<void>;
  readonly stream: PaneStream;

  constructor(stream: PaneStream) {
    this.stream = stack.use(stream);
    this.done = this.#read();
  }

  get pictures(): number {
    return this.events.filter(({ type }) => type === 'rebuilt').length;
  }

  async #read(): Promise<void> {
    for await (const event of this.stream) {
      if (event.type === 'bytes') {
        this.hash.update(event.bytes);
        this.length += event.bytes.length;
        this.recent = Buffer.concat([this.recent, event.bytes]).subarray(-65_536);
      } else {
        if (event.type === 'rebuilt') this.recent = Buffer.alloc(0);
        this.events.push(event);
      }
      await this.onEvent(event);
    }
  }
}

async function follow(pane: PaneInfo, history = 0): Promise<Reader> {
  const reader = new Reader(tmux.stream(pane.paneId, { history }));
  await waitFor('the first picture', () => reader.pictures > 0);
  return reader;
}

/** Numbered lines as an agent prints them: colours, characters of all lengths. */
function numberedLines(bytes: number): Buffer {
  const lines: string[] = [];
  for (let size = 0, number = 0; size < bytes; number++) {
    const line = `\x1b[3${number % 8}m${number}\x1b[0m ⏺ Grüße 你好 \\ 😀 ${'─'.repeat(number % 40)}\r\n`;
    lines.push(line);
    size += Buffer.byteLength(line);
  }
  return Buffer.from(lines.join(''));
}

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

const serverPid = async (): Promise<number> => Number(await server.run('display-message', '-p', '#{pid}'));

const controlClients = async (): Promise<string[]> =>
  (await server.run('list-clients', '-F', '#{client_control_mode} #{client_session} #{client_name}'))
    .split('\n')
    .filter((line) => line.startsWith('1 codepiper-s'))
    .map((line) => line.split(' ')[2] ?? '');

describe('the stream of a pane', () => {
  it.each([
    ['at once', true],
    ['gathered', false],
  ])('is byte for byte what the program printed, %s', patience, async (_how, isPrompt) => {
    const whole = numberedLines(megabytes * 1e6);
    await writeFile(join(home, 'lines'), whole);
    const pane = await startWaiting('cat "$1"', join(home, 'lines'));
    const reader = await follow(pane);
    reader.stream.setPrompt(isPrompt);
    await press(pane);
    await waitFor('all of it', () => reader.length >= whole.length, patience);
    expect(reader.length).toBe(whole.length);
    expect(reader.hash.digest('hex')).toBe(sha(whole));
    expect(reader.events.map(({ type }) => type)).toEqual(['rebuilt']);
  });

  it('is byte for byte what the program printed where that is no text at all', patience, async () => {
    const whole = Buffer.concat([
      Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      randomBytes(500_000),
    ]);
    await writeFile(join(home, 'noise'), whole);
    const pane = await startWaiting('cat "$1"', join(home, 'noise'));
    const reader = await follow(pane);
    await press(pane);
    await waitFor('all of it', () => reader.length >= whole.length, patience);
    expect(reader.hash.digest('hex')).toBe(sha(whole));
  });

  it('starts with the pane as it is, and is of that pane alone', async () => {
    const pane = await start(['sh', '-c', 'stty -echo; printf "one\\r\\n\\033[1mtwo"; exec cat']);
    await server.waitForText(pane.paneId, /two/);
    await server.run('split-window', '-t', pane.paneId, 'while :; do echo noise; sleep 0.01; done');
    const reader = await follow(pane);
    await tmux.pressKeys(pane.paneId, ['Enter']);
    await waitFor('the answer', () => reader.recent.includes('\n'));
    expect(reader.recent.toString()).toBe('\r\n');
    const [first] = reader.events;
    const shown = first?.type === 'rebuilt' ? first.state.main.map(({ text }) => text) : [];
    // Up to 3.2 and from 3.4 on tmux ends the style at the end of the row.
    const rows = shown.slice(0, 3).map((row) => row.replace('\x1b[0m', '').replace('\x1b[39m\x1b[49m', ''));
    expect(rows).toEqual(['one', '\x1b[1mtwo', '']);
    expect((await tmux.listPanes()).some(({ attached }) => attached)).toBe(false);
  });

  it('has each new size at its place', async () => {
    const script = `trap 'stty size' WINCH; stty size; while :; do sleep 0.02; done`;
    const pane = await start(['sh', '-c', script], { cols: 80, rows: 24 });
    const reader = new Reader(tmux.stream(pane.paneId, { history: 0 }));
    let size = '';
    const wrong: string[] = [];
    const printed: string[] = [];
    reader.onEvent = (event) => {
      if (event.type === 'rebuilt') size = `${event.state.rows} ${event.state.cols}`;
      else if (event.type === 'resize') size = `${event.rows} ${event.cols}`;
      else if (event.type === 'bytes') {
        const told = Buffer.from(event.bytes).toString().trim();
        printed.push(told);
        if (told !== size) wrong.push(`${told} printed at ${size}`);
      }
    };
    await waitFor('the first picture', () => reader.pictures > 0);
    for (const [cols, rows] of [
      [60, 20],
      [132, 50],
      [40, 10],
      [100, 30],
      [81, 25],
    ] as const) {
      await tmux.resize(pane.sessionName, cols, rows);
      await waitFor('the program to know', () => printed.at(-1) === `${rows} ${cols}`);
    }
    expect(wrong).toEqual([]);
    // One side by side with another: the pane's size, not the window's.
    await server.run('split-window', '-h', '-t', pane.paneId, 'cat');
    await waitFor('the program to know', () => printed.at(-1) === '25 40');
    expect(size).toBe('25 40');
    expect(reader.pictures).toBe(1);
  });

  it('ends with the session, and at once for a pane that is not there', async () => {
    const pane = await start(['cat']);
    const reader = await follow(pane);
    await tmux.killSession(pane.sessionName);
    await reader.done;
    expect(reader.events.at(-1)).toEqual({ type: 'ended' });
    const never = new Reader(tmux.stream('%999', { history: 0 }));
    await never.done;
    expect(never.events).toEqual([{ type: 'ended' }]);
  });

  it('ends with its pane where the session goes on', async () => {
    const pane = await start(['cat']);
    await server.run('set-option', '-g', 'detach-on-destroy', 'off');
    await server.run('split-window', '-t', pane.paneId, 'exec cat');
    const reader = await follow(pane);
    await server.run('kill-pane', '-t', pane.paneId);
    await reader.done;
    expect(reader.events.at(-1)).toEqual({ type: 'ended' });
    // And where tmux moves clients of a session that is gone to another one.
    const other = await start(['cat']);
    const second = await follow(other);
    await server.run('kill-session', '-t', other.sessionName);
    await second.done;
    expect(second.events.at(-1)).toEqual({ type: 'ended' });
    expect(await controlClients()).toEqual([]);
  });

  it('goes on in another session when the pane is moved there', async () => {
    const pane = await start(['sh', '-c', 'stty -echo; exec cat']);
    const other = await start(['cat']);
    await server.run('split-window', '-t', pane.paneId, 'exec cat');
    const reader = await follow(pane);
    await server.run('join-pane', '-s', pane.paneId, '-t', other.paneId);
    await waitFor('the next picture', () => reader.pictures === 2);
    await tmux.pressKeys(pane.paneId, ['m', 'Enter']);
    await waitFor('what it says there', () => reader.recent.toString() === 'm\r\n');
  });

  it('is whole where somebody comes and goes, for whom it is not gathered', patience, async () => {
    const whole = numberedLines(1e6);
    await writeFile(join(home, 'lines'), whole);
    const pane = await startWaiting('while read -r line; do echo "$line"; done <"$1"', join(home, 'lines'));
    const reader = await follow(pane);
    let isPrompt = false;
    reader.onEvent = () => {
      isPrompt = !isPrompt;
      reader.stream.setPrompt(isPrompt);
    };
    await press(pane);
    await waitFor('all of it', () => reader.length >= whole.length, patience);
    expect(reader.hash.digest('hex')).toBe(sha(whole));
  });

  it.each([
    ['at once', true],
    ['gathered', false],
  ])('has the last words of every program, %s', patience, async (_how, isPrompt) => {
    const text = numberedLines(300_000);
    await writeFile(join(home, 'lines'), text);
    // As the wrapper does: what was printed is known to be read when tmux has answered.
    const script = 'cat "$1"; printf "last words\\033[5n"; head -c4 >/dev/null; : >"$2"';
    const expected = sha(Buffer.concat([text, Buffer.from('last words\x1b[5n')]));
    for (let death = 0; death < deaths; death++) {
      const ended = join(home, `ended${death}`);
      const pane = await startWaiting(script, join(home, 'lines'), ended);
      const reader = await follow(pane);
      reader.stream.setPrompt(isPrompt);
      await press(pane);
      await waitFor('the end', () => existsSync(ended), { interval: 1 });
      await tmux.killSession(pane.sessionName);
      await reader.done;
      expect(reader.events.map(({ type }) => type)).toEqual(['rebuilt', 'ended']);
      expect(reader.hash.digest('hex')).toBe(expected);
    }
  });
});

describe('a server without flow control', () => {
  it('gives the same bytes, and holds no program back either', patience, async () => {
    const whole = numberedLines(4e6);
    await writeFile(join(home, 'lines'), whole);
    const done = join(home, 'done');
    const pane = await startWaiting('cat "$1"; : >"$2"', join(home, 'lines'), done);
    const options = { socketName: server.socketName, home, env: process.env, log };
    const ignore = (): void => undefined;
    const events = { onEvent: ignore, onLink: ignore, onIdle: ignore, onGone: ignore };
    const keeper = stack.use(new Keeper(options, '3.1c', events));
    const stream = (): FollowedPane =>
      new FollowedPane({
        paneId: pane.paneId,
        history: 0,
        folder: join(home, 'run'),
        log,
        findLink: async () => {
          const link = await keeper.find();
          return (
            link && { ...link, features: link.features.keepsSpaces ? tmuxFeatures('3.1c') : link.features }
          );
        },
        attach: (target, flags, onEvent) => {
          expect(flags).toBeNull();
          return keeper.attach(target, flags, onEvent);
        },
        onClosed: ignore,
      });
    const reader = new Reader(stream());
    const sleeper = new Reader(stream());
    await waitFor('the first pictures', () => reader.pictures > 0 && sleeper.pictures > 0);
    const sleeping = Promise.withResolvers<void>();
    sleeper.onEvent = () => sleeping.promise;
    await press(pane);
    await waitFor('all of it', () => existsSync(done) && reader.length >= whole.length, patience);
    expect(reader.hash.digest('hex')).toBe(sha(whole));
    expect(reader.pictures).toBe(1);
    await waitFor(
      'the one that sleeps to be without a client',
      async () => (await controlClients()).length === 1,
    );
    sleeping.resolve();
    await waitFor('the next picture', () => sleeper.pictures === 2);
  });
});

describe('a server that dies of kept panes', () => {
  it('keeps none before a client is attached', async () => {
    const lines: string[] = [];
    const take = (line: string) => {
      lines.push(line);
      return Promise.resolve(gone);
    };
    const gone = [{ type: 'block', ok: false, flags: 1, body: Buffer.from("can't find pane: %3") }];
    const client = {
      send: take,
      run: take,
    } as unknown as ControlClient;
    const link = { client, features: tmuxFeatures('3.2a'), searches: true };
    const options = { paneId: '%3', history: 0, folder: home, log, onClosed: () => undefined };
    const attach = (): never => expect.unreachable();
    await using stream = new FollowedPane({ ...options, attach, findLink: async () => link });
    for await (const event of stream) expect(event).toEqual({ type: 'ended' });
    expect(lines[0]).toBe('set-option -p -t %3 remain-on-exit off');
  });
});

describe('a stream with a gap', () => {
  it.each(['alone', 'with a person beside'])(
    'is told anew when the reader slept, and the program did not wait: %s',
    patience,
    async (company) => {
      const whole = numberedLines(megabytes * 2e6);
      const after = numberedLines(megabytes * 1e5);
      await writeFile(join(home, 'lines'), whole);
      await writeFile(join(home, 'after'), after);
      const script = 'cat "$1"; : >"$2"; head -c1 >/dev/null; cat "$3"';
      const done = join(home, 'done');
      const pane = await startWaiting(script, join(home, 'lines'), done, join(home, 'after'));
      const reader = await follow(pane);
      if (company !== 'alone') await sitBeside(pane);
      const sleeping = Promise.withResolvers<void>();
      reader.onEvent = () => (reader.length > 100_000 ? sleeping.promise : undefined);
      const pid = await serverPid();
      const before = { tmux: memoryOf(pid), daemon: process.memoryUsage().arrayBuffers };
      await press(pane);
      const most = { tmux: 0, daemon: 0 };
      await waitFor(
        'the program to have printed all',
        () => {
          most.tmux = Math.max(most.tmux, memoryOf(pid));
          most.daemon = Math.max(most.daemon, process.memoryUsage().arrayBuffers);
          return existsSync(done);
        },
        patience,
      );
      await waitFor('the client to be gone', async () => (await controlClients()).length === 0);
      expect(most.tmux - before.tmux).toBeLessThan(48e6);
      expect(most.daemon - before.daemon).toBeLessThan(32e6);
      sleeping.resolve();
      await waitFor('the next picture', () => reader.pictures === 2);
      const from = reader.length;
      expect(from).toBeLessThan(whole.length);
      await tmux.pressKeys(pane.paneId, ['x']);
      await waitFor('all that comes after', () => reader.length - from >= after.length, patience);
      expect(reader.length - from).toBe(after.length);
      expect(reader.recent.equals(after.subarray(-reader.recent.length))).toBe(true);
    },
  );

  it('is told anew when tmux paused it, and when a person threw it out', patience, async ({ skip }) => {
    skip(!tmuxFeatures(tmux.version ?? '').clientFlags, 'this tmux has no flow control');
    const pane = await start(['sh', '-c', 'stty -echo; exec cat']);
    const reader = await follow(pane);
    const [client = ''] = await controlClients();
    await server.run('refresh-client', '-t', client, '-A', `${pane.paneId}:pause`);
    await waitFor('the next picture', () => reader.pictures === 2);
    await tmux.pressKeys(pane.paneId, ['a', 'Enter']);
    await waitFor('what comes then', () => reader.recent.toString() === 'a\r\n');
    const person = await sitBeside(pane, '-d');
    await person.waitForText(/a/);
    await waitFor('the picture after that', () => reader.pictures === 3);
    person.type('beside\r');
    await waitFor('what the person types', () => reader.recent.toString().includes('beside\r\n'));
    await person.waitForText(/beside/);
    expect(await tmux.listPanes()).toMatchObject([{ attached: true, cols: 120 }]);
    expect(reader.events.at(-1)?.type).not.toBe('ended');
  });

  it('begins with whole characters, or with what had begun of one', patience, async () => {
    await writeFile(join(home, 'text'), `${'你好─⏺'.repeat(20)}\r\n`.repeat(2_000));
    const pane = await start(['sh', '-c', 'stty raw -echo; while :; do cat "$0"; done', join(home, 'text')]);
    let cut = 0;
    for (let times = 0; times < 40; times++) {
      await using stream = tmux.stream(pane.paneId, { history: 0 });
      const decoder = new TextDecoder('utf-8', { fatal: true });
      let pieces = 0;
      for await (const event of stream) {
        if (event.type === 'rebuilt') {
          cut += event.state.pending.length > 0 ? 1 : 0;
          decoder.decode(event.state.pending, { stream: true });
        } else if (event.type === 'bytes') {
          decoder.decode(event.bytes, { stream: true });
          if (++pieces === 2) break;
        }
      }
    }
    expect(cut).toBeGreaterThan(0);
  });

  it('shows the same as one without, wherever it begins', patience, async () => {
    const enough = join(home, 'enough');
    const pane = await startWaiting(screenFlood(40_000, enough));
    const first = await follow(pane);
    using continuous = new PaneTerminal();
    if (first.events[0]) await continuous.take(first.events[0]);
    first.onEvent = (event) => continuous.take(event);
    await press(pane);
    const later: { reader: Reader; terminal: PaneTerminal }[] = [];
    for (let at = 0; at < 8; at++) {
      const from = first.length;
      await waitFor('more of it', () => first.length > from, { interval: 5 });
      const terminal = stack.use(new PaneTerminal());
      const reader = new Reader(tmux.stream(pane.paneId, { history: 0 }));
      reader.onEvent = (event) => terminal.take(event);
      await waitFor('its first picture', () => reader.pictures > 0, patience);
      later.push({ reader, terminal });
    }
    await writeFile(enough, '');
    const isThrough = (terminal: PaneTerminal): boolean => terminal.text()[29] === '  the end of it';
    await waitFor('the end', () => isThrough(continuous), patience);
    const shown = (await server.run('capture-pane', '-p', '-t', pane.paneId)).split('\n');
    const padded = [...shown, ...Array<string>(30).fill('')].slice(0, 30);
    expect(first.pictures).toBe(1);
    expect(continuous.text()).toEqual(padded);
    expect(later.filter(({ reader }) => reader.length === first.length)).toEqual([]);
    for (const { terminal } of later) {
      await waitFor('the end of another', () => isThrough(terminal), patience);
      expect(terminal.text()).toEqual(continuous.text());
      expect(terminal.cursor).toEqual(continuous.cursor);
    }
  });
});

describe('a repaint', () => {
  it('is the pane at its place of the stream, of which nothing is lost', patience, async () => {
    const pane = await startWaiting(screenFlood(120_000));
    const reader = await follow(pane);
    // Drawn when all of it is there: a reader that took longer than a second for a megabyte would lose output.
    const told: PaneEvent[] = [...reader.events];
    const pictures = (): number => told.filter(({ type }) => type === 'picture').length;
    reader.onEvent = (event) => {
      told.push(event.type === 'bytes' ? { ...event, bytes: Buffer.from(event.bytes) } : event);
      if (event.type === 'bytes' && pictures() < 3) reader.stream.repaint();
    };
    await press(pane);
    await waitFor('the end', () => reader.recent.includes('  the end of it'), patience);
    using continuous = new PaneTerminal();
    const later: PaneTerminal[] = [];
    for (const event of told) {
      for (const terminal of [continuous, ...later]) await terminal.take(event);
      if (event.type !== 'picture') continue;
      const terminal = stack.use(new PaneTerminal());
      await terminal.take({ type: 'rebuilt', state: event.state });
      later.push(terminal);
    }
    const shown = (await server.run('capture-pane', '-p', '-t', pane.paneId)).split('\n');
    expect(continuous.text()).toEqual([...shown, ...Array<string>(30).fill('')].slice(0, 30));
    for (const terminal of later) {
      expect(terminal.text()).toEqual(continuous.text());
      expect(terminal.cursor).toEqual(continuous.cursor);
    }
    expect(later).toHaveLength(3);
    expect(reader.pictures).toBe(1);
  });

  it(
    'takes nothing from the stream and adds nothing to it, however often it is asked for',
    patience,
    async () => {
      const whole = numberedLines(megabytes * 1e6);
      await writeFile(join(home, 'lines'), whole);
      const pane = await startWaiting('cat "$1"', join(home, 'lines'));
      const reader = await follow(pane, 100);
      const cuts: { at: number; pending: Buffer }[] = [];
      const told: Buffer[] = [];
      const isOver = (): boolean => cuts.at(-1)?.at === whole.length;
      reader.onEvent = (event) => {
        if (event.type === 'bytes') told.push(Buffer.from(event.bytes));
        if (event.type === 'picture')
          cuts.push({ at: reader.length, pending: Buffer.from(event.state.pending) });
        if (!isOver()) reader.stream.repaint();
      };
      await press(pane);
      await waitFor('a picture of all of it', isOver, patience);
      expect(reader.hash.digest('hex')).toBe(sha(whole));
      expect(reader.pictures).toBe(1);
      expect(cuts.length).toBeGreaterThan(5);
      // What has begun of a character at its place is known from the stream.
      const stream = Buffer.concat(told);
      for (const { at, pending } of cuts) {
        expect(stream.subarray(at - pending.length, at).equals(pending)).toBe(true);
        if (pending[0] !== 0x1b) expect(isWhole(stream.subarray(0, at - pending.length))).toBe(true);
      }
    },
  );

  it('is one for all that ask before it comes', async () => {
    const pane = await start(['sh', '-c', 'stty -echo; exec cat']);
    const reader = new Reader(tmux.stream(pane.paneId, { history: 0 }));
    reader.stream.repaint(); // the first picture is the answer
    await waitFor('the first picture', () => reader.pictures === 1);
    for (let times = 0; times < 5; times++) reader.stream.repaint();
    const pictures = (): number => reader.events.filter(({ type }) => type === 'picture').length;
    await waitFor('the picture', () => pictures() === 1);
    await tmux.pressKeys(pane.paneId, ['a', 'Enter']);
    await waitFor('what it says then', () => reader.recent.toString() === 'a\r\n');
    reader.stream.repaint();
    await waitFor('the next', () => pictures() === 2);
    expect(reader.events.map(({ type }) => type)).toEqual(['rebuilt', 'picture', 'picture']);
    expect(reader.events[2]).toMatchObject({ state: { main: [{ text: 'a' }, ...anyRows(29)] } });
  });

  it('has the lines of history that were asked for', async () => {
    const pane = await start(['sh', '-c', 'seq 500; exec cat']);
    await server.waitForText(pane.paneId, /^500$/m);
    const reader = new Reader(tmux.stream(pane.paneId, { history: 0 }));
    reader.stream.repaint({ history: 20 });
    await waitFor('the first picture', () => reader.events.length === 1);
    reader.stream.repaint({ history: 10 });
    reader.stream.repaint({ history: 5 });
    reader.stream.repaint({ history: 300 });
    reader.stream.repaint({ history: 200 });
    await waitFor('the last picture', () => reader.events.length === 3);
    const told = reader.events.map((event) =>
      'state' in event ? [event.type, event.state.history.length, event.state.historySize] : event,
    );
    expect(told).toEqual([
      ['rebuilt', 20, 471],
      ['picture', 10, 471],
      ['picture', 300, 471],
    ]);
  });

  it('has the size that was told before it', patience, async () => {
    const pane = await start(['cat'], { cols: 80, rows: 24 });
    const reader = await follow(pane);
    let size = '80x24';
    const wrong: string[] = [];
    reader.onEvent = (event) => {
      if (event.type === 'resize') size = `${event.cols}x${event.rows}`;
      if (event.type !== 'picture') return;
      const own = `${event.state.cols}x${event.state.rows}`;
      if (own !== size) wrong.push(`${own} after ${size}`);
    };
    for (let times = 0; times < 30; times++) {
      reader.stream.repaint();
      await tmux.resize(pane.sessionName, 60 + (times % 7), 20 + (times % 5));
      reader.stream.repaint();
    }
    await waitFor('the last size', () => size === '61x24');
    expect(wrong).toEqual([]);
    expect(reader.pictures).toBe(1);
  });

  it('is answered by what is told anew where output was missed', patience, async ({ skip }) => {
    skip(!tmuxFeatures(tmux.version ?? '').clientFlags, 'this tmux has no flow control');
    const pane = await start(['sh', '-c', 'stty -echo; exec cat']);
    const reader = await follow(pane);
    const [client = ''] = await controlClients();
    for (let times = 2; times <= 6; times++) {
      // Before, in the middle of and after tmux's pause.
      reader.stream.repaint();
      const paused = server.run('refresh-client', '-t', client, '-A', `${pane.paneId}:pause`);
      reader.stream.repaint();
      await paused;
      reader.stream.repaint();
      await waitFor('the next picture', () => reader.pictures === times);
      reader.recent = Buffer.alloc(0);
      await tmux.pressKeys(pane.paneId, ['b', 'Enter']);
      await waitFor('what comes then', () => reader.recent.toString() === 'b\r\n');
    }
    // And where there is no client at the time.
    await sitBeside(pane, '-d');
    reader.stream.repaint();
    await waitFor('the picture after that', () => reader.pictures === 7);
  });

  it('is nothing where the pane has ended', async () => {
    const pane = await start(['cat']);
    const reader = await follow(pane);
    const killed = tmux.killSession(pane.sessionName);
    reader.stream.repaint();
    await killed;
    reader.stream.repaint();
    await reader.done;
    reader.stream.repaint();
    expect(reader.events.filter(({ type }) => type !== 'picture').map(({ type }) => type)).toEqual([
      'rebuilt',
      'ended',
    ]);
    expect(reader.events.at(-1)).toEqual({ type: 'ended' });
  });
});

const anyRows = (count: number): unknown[] => Array.from({ length: count }, () => expect.anything());

function isWhole(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(-4096).subarray(firstOfCharacter(bytes)));
    return true;
  } catch {
    return false;
  }
}

/** Where the first character begins in the last 4 KB. */
function firstOfCharacter(bytes: Uint8Array): number {
  const at = bytes.subarray(-4096).findIndex((byte) => (byte & 0xc0) !== 0x80);
  return Math.max(0, at);
}
