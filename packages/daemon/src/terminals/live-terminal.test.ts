import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { screenFlood } from '../../test/screen/flood.ts';
import { sessionRecord } from '../../test/session-record.ts';
import { ViewerTerminal } from '../../test/viewer-terminal.ts';
import { silentLog } from '../log/log.ts';
import type { LivePane } from '../sessions/live-pane.ts';
import { createTmux } from '../tmux/create-tmux.ts';
import type { PaneInfo, Tmux } from '../tmux/tmux.ts';
import { startScreens } from './screens.ts';
import { createTerminals, type TerminalsService, type WatchedTerminal } from './terminals.service.ts';

/** How much a flood holds, in MB. */
const megabytes = Number(process.env.CODEPIPER_STREAM_MB ?? 8);
const patience = { timeout: 120_000 };
const size = { cols: 100, rows: 30 };

let stack: AsyncDisposableStack;
let server: ReturnType<typeof scratchTmux>;
let home: string;
let panes: Map<string, LivePane>;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  home = stack.use(await makeTempDir()).path;
  server = stack.use(scratchTmux());
  panes = new Map();
});

afterEach(() => stack.disposeAsync());

/** What of a daemon follows terminals. */
async function startDaemon(
  lingerMs = 30_000,
): Promise<{ tmux: Tmux; service: TerminalsService } & AsyncDisposable> {
  const parts = new AsyncDisposableStack();
  const tmux = parts.use(
    await createTmux({ socketName: server.socketName, home, env: process.env, log: silentLog }),
  );
  await tmux.connect();
  const service = parts.use(
    createTerminals({
      sessions: {
        async getLive(ref) {
          const pane = panes.get(ref);
          if (!pane) throw new Error(`no session ${ref}`);
          return { record: { ...sessionRecord(), id: ref, ...size }, pane };
        },
      },
      panes,
      tmux,
      screens: parts.use(startScreens(silentLog)),
      tap: null,
      lastScreen: async () => '',
      log: silentLog,
      lingerMs,
    }),
  );
  return { tmux, service, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** Starts a program in a session of its own. */
async function start(tmux: Tmux, argv: readonly string[]): Promise<PaneInfo> {
  const id = `s${panes.size}`;
  const pane = await tmux.createPane({ sessionName: `codepiper-${id}`, ...size, argv });
  panes.set(id, { sessionId: id, run: 1, paneId: pane.paneId, wrapperPid: pane.pid });
  return pane;
}

/** A program that runs a script of sh when a key comes, in a terminal that changes no byte. Then it stays. */
async function startWaiting(tmux: Tmux, script: string): Promise<PaneInfo> {
  const whole = `stty raw -echo; : >"${home}/ready$$"; head -c1 >/dev/null; ${script}; exec sleep 1000`;
  const pane = await start(tmux, ['sh', '-c', whole]);
  await waitFor('the program to listen', () => existsSync(join(home, `ready${pane.pid}`)));
  return pane;
}

/** Numbered lines as an agent prints them: colours, characters of all lengths. */
function numberedLines(bytes: number): Buffer {
  const lines: string[] = [];
  for (let length = 0, number = 0; length < bytes; number++) {
    const line = `\x1b[3${number % 8}m${number}\x1b[0m ⏺ Grüße 你好 \\ ${'─'.repeat(number % 40)}\r\n`;
    lines.push(line);
    length += Buffer.byteLength(line);
  }
  return Buffer.from(lines.join(''));
}

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What tmux has of a pane: the screen, and some rows above it. */
async function shown(paneId: string, history = 0): Promise<string[]> {
  const text = await server.run('capture-pane', '-p', '-t', paneId, '-S', `-${history}`);
  return text.split('\n').map((row) => row.trimEnd());
}

/** Rows as tmux prints them: all of the screen, though the last may be empty. */
const filled = (rows: string[]): string[] =>
  [...rows, ...Array<string>(size.rows).fill('')].slice(0, size.rows);

const controlClients = async (): Promise<number> =>
  (await server.run('list-clients', '-F', '#{client_control_mode} #{client_session}'))
    .split('\n')
    .filter((line) => /^1 codepiper-s\d/.test(line)).length;

function view({ terminal }: WatchedTerminal, lines = 0): ViewerTerminal {
  return stack.use(new ViewerTerminal(terminal, lines));
}

/** At rest, which tmux has before its clients. */
async function expectShown(viewer: ViewerTerminal, paneId: string): Promise<void> {
  const expected = filled(await shown(paneId));
  const isSame = async () => viewer.isUpToDate && isDeepStrictEqual(await viewer.text(), expected);
  await waitFor('the viewer to show what tmux shows', isSame).catch(async () => {
    expect({ rows: await viewer.text(), isUpToDate: viewer.isUpToDate }).toEqual({
      rows: expected,
      isUpToDate: true,
    });
  });
}

describe('a live terminal', () => {
  it('has byte for byte what the program printed, and the screen that tmux has', patience, async () => {
    const whole = numberedLines(megabytes * 1e6);
    await writeFile(join(home, 'lines'), whole);
    const { tmux, service } = stack.use(await startDaemon());
    const pane = await startWaiting(tmux, `cat "${home}/lines"`);
    const watched = await service.watch('s0');
    const viewer = view(watched);
    await waitFor('the first snapshot', () => viewer.snapshots === 1);
    await tmux.pressKeys(pane.paneId, ['x']);
    await waitFor('all of it', () => viewer.length >= whole.length, patience);
    expect(viewer.length).toBe(whole.length);
    expect(viewer.hash.digest('hex')).toBe(sha(whole));
    expect(viewer.snapshots).toBe(1);
    await expectShown(viewer, pane.paneId);
    // And who comes now, behind a flood that the screen could not follow.
    const late = view(watched, 10_000);
    await waitFor('its snapshot', () => late.snapshots === 1 || late.failure);
    await expectShown(late, pane.paneId);
    // tmux lets go of a tenth of its history at once.
    const above = (await shown(pane.paneId, 10_000)).slice(0, -size.rows);
    expect(above.length).toBeGreaterThan(8_000);
    expect((await late.history()).slice(-above.length)).toEqual(above);
    expect(await controlClients()).toBe(1);
  });

  it('gives snapshots at any moment of a flood, which go on as one stream', patience, async () => {
    const { tmux, service } = stack.use(await startDaemon());
    const pane = await startWaiting(tmux, screenFlood(60_000));
    const watched = await service.watch('s0');
    const viewers = [view(watched)];
    await tmux.pressKeys(pane.paneId, ['x']);
    for (let count = 0; count < 12; count++) {
      const from = watched.terminal.log.end;
      await waitFor('more of it', () => watched.terminal.log.end > from + 20_000, { interval: 5 });
      viewers.push(view(watched, count * 100));
    }
    await waitFor('the end', async () => /the end of it/.test(await server.capture(pane.paneId)), patience);
    for (const viewer of viewers) {
      await waitFor('its snapshot', () => viewer.snapshots > 0);
      await expectShown(viewer, pane.paneId);
      expect(viewer.failure).toBeNull();
    }
    expect(await controlClients()).toBe(1);
  });

  it('has each new size at its place, whenever one begins to watch', patience, async () => {
    const { tmux, service } = stack.use(await startDaemon());
    const script = `trap 'printf "%s;" "$(stty size)"' WINCH; printf 'ready;'; while :; do sleep 0.01; done`;
    const pane = await start(tmux, ['sh', '-c', `stty -echo -onlcr; ${script}`]);
    await server.waitForText(pane.paneId, /ready;/);
    const watched = await service.watch('s0');
    const viewers = [view(watched)];
    for (const [cols, rows] of [
      [60, 20],
      [132, 50],
      [100, 30],
    ] as const) {
      await tmux.resize(pane.sessionName, cols, rows);
      viewers.push(view(watched, 5));
      await waitFor('the program to know', async () =>
        (await server.capture(pane.paneId)).includes(`${rows} ${cols};`),
      );
    }
    for (const viewer of viewers) await expectShown(viewer, pane.paneId);
    expect(watched.terminal.size).toEqual(size);
  });

  it('has the lines of tmux after sizes came and went, also those nobody draws again', patience, async () => {
    const { tmux, service } = stack.use(await startDaemon());
    const script = `i=0; while [ $i -lt 60 ]; do printf '\\033[3%dm%0*d你好\\033[0m|\\r\\n' $((i % 8)) $((i * 7 % 190 + 1)) $i; i=$((i+1)); done; printf 'a prompt $ '`;
    const pane = await startWaiting(tmux, script);
    const watched = await service.watch('s0', { lines: 500 });
    const viewer = view(watched, 500);
    await waitFor('the first snapshot', () => viewer.snapshots === 1);
    await tmux.pressKeys(pane.paneId, ['x']);
    await server.waitForText(pane.paneId, /a prompt/);
    const { epoch } = watched.terminal.log;
    for (let round = 0; round < 15; round++)
      await tmux.resize(pane.sessionName, 40 + ((round * 37) % 120), 8 + ((round * 11) % 40));
    await tmux.resize(pane.sessionName, 71, size.rows);
    await waitFor('a snapshot when the size has settled', () => viewer.snapshots > 1);
    await expectShown(viewer, pane.paneId);
    const above = (await shown(pane.paneId, 500)).slice(0, -size.rows);
    expect(await viewer.history()).toEqual(above);
    const told = await server.run('display-message', '-p', '-t', pane.paneId, '#{cursor_x} #{cursor_y}');
    expect(viewer.cursor).toBe(told.trim());
    // Who reads the text lost nothing.
    expect(watched.terminal.log.epoch).toBe(epoch);
  });

  it('has the last words of a program in its log before it ends, and its screen after', async () => {
    const { tmux, service } = stack.use(await startDaemon());
    const pane = await startWaiting(tmux, `printf 'last words'`);
    const watched = await service.watch('s0');
    const viewer = view(watched);
    await waitFor('the first snapshot', () => viewer.snapshots === 1);
    await tmux.pressKeys(pane.paneId, ['x']);
    await server.waitForText(pane.paneId, /last words/);
    const ended = new Promise<void>((resolve) => {
      watched.terminal.listen({ appended: () => undefined, ended: resolve });
    });
    await tmux.killSession(pane.sessionName);
    await ended;
    await waitFor('all of it', () => viewer.isUpToDate);
    expect((await viewer.text())[0]).toBe('last words');
    const late = view(watched);
    await waitFor('the last screen', () => late.snapshots === 1);
    expect((await late.text())[0]).toBe('last words');
  });

  it('goes on after a restart of the daemon', async () => {
    const first = await startDaemon();
    const pane = await start(first.tmux, ['sh', '-c', 'seq 100; printf "\\033[1mbold"; exec cat']);
    await server.waitForText(pane.paneId, /bold/);
    const before = await first.service.watch('s0');
    const viewer = view(before, 200);
    await waitFor('the first snapshot', () => viewer.snapshots === 1);
    const { epoch } = before.terminal.log;
    await first[Symbol.asyncDispose]();
    await waitFor('no client to be left', async () => (await controlClients()) === 0);
    const { tmux, service } = stack.use(await startDaemon());
    const after = await service.watch('s0', { lines: 200 });
    const again = view(after, 200);
    await waitFor('its snapshot', () => again.snapshots === 1);
    expect(after.terminal.log.epoch).not.toBe(epoch);
    expect(await again.history()).toEqual(await viewer.history());
    expect((await again.history()).length).toBe(71);
    await tmux.pressKeys(pane.paneId, ['y', 'Enter']);
    await waitFor('the echo', async () => (await again.text()).includes('y'));
    await expectShown(again, pane.paneId);
  });

  it('costs one control client however many watch it, and none when nobody does', async () => {
    const { tmux, service } = stack.use(await startDaemon(100));
    const pane = await start(tmux, ['cat']);
    const watched = await Promise.all(Array.from({ length: 30 }, () => service.watch('s0')));
    const viewers = watched.map((each) => view(each, 10));
    for (const viewer of viewers) await waitFor('its snapshot', () => viewer.snapshots === 1);
    expect(await controlClients()).toBe(1);
    await tmux.pressKeys(pane.paneId, ['h', 'i']);
    for (const viewer of viewers) await waitFor('the echo', async () => (await viewer.text())[0] === 'hi');
    for (const each of watched) each[Symbol.dispose]();
    await waitFor('the client to be gone', async () => (await controlClients()) === 0);
  });
});
