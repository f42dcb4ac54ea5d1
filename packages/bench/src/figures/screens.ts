import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '@codepiper/daemon/log/log.ts';
import { type Screens, startScreens } from '@codepiper/daemon/terminals/screens.ts';
import type { PaneState } from '@codepiper/daemon/tmux/pane-state.ts';
import { agentLog } from '../agent-log.ts';
import type { Figure } from '../figure.ts';
import { median } from '../pairs.ts';
import { readProcess } from '../process-stat.ts';

const size = { cols: 120, rows: 40 };
const count = 50;
const lines = 2_000;
const longLines = 10_000;
const megabyte = 1e6;
const busySeconds = 5;
const everything = { lines: longLines, maxBytes: null };
const noFloor = { floor: null, floorOf: null, ratio: null, target: null };

/** What the screens of watched sessions cost, which have a thread of their own. */
export const screens: Figure = {
  name: 'screens',
  async measure({ runs }) {
    const held = await memoryOfEach();
    await using thread = startScreens(silentLog);
    const first = await timeOpen(thread);
    const opened: number[] = [];
    for (let run = 0; run < runs; run++) opened.push(await timeOpen(thread));
    const busy = await cpuOfBusy(thread);
    return [
      {
        figure: `a screen that is held with ${lines.toLocaleString('en')} lines of history: RSS`,
        ours: held / 2 ** 20,
        ...noFloor,
        unit: 'MB',
        runs: 1,
        note: `of ${count}; an idle session without viewers has none`,
      },
      {
        figure: `picture of ${longLines.toLocaleString('en')} lines into a screen and its snapshot back`,
        ours: median(opened),
        ...noFloor,
        unit: 'ms',
        runs,
        note: `${first.toFixed(0)} ms with the start of the thread`,
      },
      {
        figure: 'CPU for a watched session at 1 MB/s: its screen',
        ours: busy,
        ...noFloor,
        unit: '%',
        runs: 1,
        note: `with the copy to the thread, over ${busySeconds} s`,
      },
    ];
  },
};

async function memoryOfEach(): Promise<number> {
  await using screens = startScreens(silentLog);
  using warm = screens.open({ scrollback: lines });
  warm.restore(picture(lines), { epoch: 1, seq: 0 });
  await warm.snapshot(everything);
  const before = rss();
  const state = picture(lines);
  const held = Array.from({ length: count }, () => screens.open({ scrollback: lines }));
  for (const screen of held) screen.restore(state, { epoch: 1, seq: 0 });
  for (const screen of held) await screen.snapshot({ lines: 0, maxBytes: null });
  const after = rss();
  for (const screen of held) screen[Symbol.dispose]();
  return (after - before) / count;
}

async function timeOpen(screens: Screens): Promise<number> {
  const state = picture(longLines);
  const started = performance.now();
  using screen = screens.open({ scrollback: longLines });
  screen.restore(state, { epoch: 1, seq: 0 });
  await screen.snapshot(everything);
  return performance.now() - started;
}

/** In percent of a core, this thread included. */
async function cpuOfBusy(screens: Screens): Promise<number> {
  using screen = screens.open({ scrollback: lines });
  screen.restore(picture(0), { epoch: 1, seq: 0 });
  const text = agentLog(megabyte / 50);
  const before = cpuMs();
  const started = performance.now();
  for (let written = 0, spent = 0; spent < busySeconds * 1000; spent = performance.now() - started) {
    for (; written < (spent / 1000) * megabyte; written += 4096)
      screen.write(text.subarray(written % (text.length - 4096)).subarray(0, 4096));
    await sleep(10);
  }
  const spent = performance.now() - started;
  await screen.snapshot({ lines: 0, maxBytes: null });
  return ((cpuMs() - before) / spent) * 100;
}

function picture(history: number): PaneState {
  const rows = new TextDecoder()
    .decode(agentLog(history + size.rows))
    .split('\r\n')
    .map((text) => ({ text, wrapped: false }));
  return {
    ...size,
    title: '',
    cursor: { x: 0, y: size.rows - 1 },
    modes: {
      cursorVisible: true,
      cursorShape: null,
      cursorBlinks: null,
      insert: false,
      origin: false,
      wraparound: true,
      applicationCursorKeys: false,
      applicationKeypad: false,
      mouse: 'none',
      mouseEncoding: 'default',
      bracketedPaste: null,
      synchronizedOutput: null,
    },
    region: { top: 0, bottom: size.rows - 1 },
    tabs: [],
    history: rows.slice(0, history),
    historySize: history,
    main: rows.slice(history),
    alternate: null,
    pending: new Uint8Array(),
  };
}

const rss = (): number => readProcess(process.pid)?.rss ?? 0;
const cpuMs = (): number => readProcess(process.pid)?.cpuMs ?? 0;
