import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sessionRecord } from '../../test/session-record.ts';
import { silentLog } from '../log/log.ts';
import { PaneFolder } from '../panes/pane-folder.ts';
import { Reconciler, type ReconcilerOptions } from './reconcile.ts';
import type { SessionRecord } from './session-record.ts';

let temp: TempDir;
/** What became of each session, in words. */
let became: string[];
let exitCode: number | null;

beforeEach(async () => {
  temp = await makeTempDir();
  [became, exitCode] = [[], null];
});
afterEach(() => temp[Symbol.asyncDispose]());

/** Compares one session with a tmux that has no pane of it. */
async function compare(change: Partial<SessionRecord>): Promise<void> {
  const record = sessionRecord({ status: 'starting', activity: null, pid: null, ...change });
  const folder = new PaneFolder(temp.path, record.id);
  await new Reconciler({
    store: { list: async () => [record] },
    pidOf: async () => null,
    wasLaunchTaken: () => folder.wasLaunchTaken(),
    takeBack: async (_record: SessionRecord, reason: string) => void became.push(`taken back: ${reason}`),
    ends: {
      readExit: async () => exitCode,
      end: async (_key: unknown, end: { exitCode: number | null; detail: string }) =>
        void became.push(`ended (${end.exitCode}): ${end.detail}`),
    },
    tmux: { listPanes: async () => [] },
    panes: new Map(),
    home: '/home',
    log: silentLog,
  } as unknown as ReconcilerOptions).all();
}

function launchFile(content: string): void {
  const folder = join(temp.path, sessionRecord().id);
  mkdirSync(folder);
  writeFileSync(join(folder, 'launch'), content);
}

const notMade = 'the daemon ended before the pane was made';
const gone = 'its pane was gone when the daemon looked';

it('takes a first start back that was cut off before anything was prepared', async () => {
  await compare({ tokenHash: null });
  expect(became).toEqual([`taken back: ${notMade}`]);
});

it('takes a first start back whose launch file nobody took', async () => {
  launchFile('set -- claude\n');
  await compare({ tokenHash: 'hash' });
  expect(became).toEqual([`taken back: ${notMade}`]);
});

it('goes on with a taking back that was cut off: the folder goes first', async () => {
  await compare({ tokenHash: 'hash' });
  expect(became).toEqual([`taken back: ${notMade}`]);
});

it('keeps a session whose program was started, however little is known of it', async () => {
  launchFile('');
  await compare({ tokenHash: 'hash' });
  expect(became).toEqual([`ended (null): ${gone}`]);
});

it('keeps a session whose program ended and said how', async () => {
  launchFile('set -- claude\n');
  exitCode = 3;
  await compare({ tokenHash: 'hash' });
  expect(became).toEqual([`ended (3): ${gone}`]);
});

it('keeps a session that ran before: only its new run has ended', async () => {
  await compare({ tokenHash: null, run: 2 });
  expect(became).toEqual([`ended (null): ${notMade}`]);
});

it('keeps a session that was seen running', async () => {
  await compare({ status: 'running', tokenHash: 'hash' });
  expect(became).toEqual([`ended (null): ${gone}`]);
});
