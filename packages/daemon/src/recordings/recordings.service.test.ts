import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { castOf, paneState, RecordedTerminal, readCast } from '../../test/recording-house.ts';
import { sessionRecord } from '../../test/session-record.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { createLedger, type Ledger } from '../events/ledger.ts';
import { silentLog } from '../log/log.ts';
import { systemClock } from '../platform/clock.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionTap } from '../terminals/terminal-tap.ts';
import { RecordingFolder } from './folder.ts';
import { RecordingsService } from './recordings.service.ts';

let temp: TempDir;
let database: OpenDatabase;
let ledger: Ledger;
let service: RecordingsService;
let records: SessionRecord[];
let retapped: string[];
const bytes = (text: string): Uint8Array => Buffer.from(text);
const folderOf = (id: string): string => join(temp.path, 'recordings', id);

function open(
  options: { enabled?: () => boolean; keepDays?: number | null; threadIdleMs?: number } = {},
): RecordingsService {
  return new RecordingsService({
    home: temp.path,
    sessions: {
      get: async (ref) => records.find(({ id }) => id === ref) ?? Promise.reject(new Error(`no ${ref}`)),
      setRecorded: async (ref, recorded) => {
        const record = records.find(({ id }) => id === ref);
        if (!record) throw new Error(`no ${ref}`);
        record.launch = { ...record.launch, recorded };
        return record;
      },
    },
    list: async () => records,
    retap: async (id) => void retapped.push(id),
    ledger,
    clock: systemClock,
    log: silentLog,
    enabled: () => true,
    maxMegabytes: 64,
    keepDays: null,
    ...options,
  });
}

function session(change: Partial<SessionRecord> = {}): SessionRecord {
  const record = sessionRecord({ id: randomUUID(), ...change });
  records.push(record);
  return record;
}

/** A tap that is recorded, with the pictures it asks for. */
function tap(record: SessionRecord): SessionTap & { wanted: number } {
  const opened = service.open(record);
  if (!opened) throw new Error('it is not recorded');
  const tapped = Object.assign(opened, { wanted: 0 });
  tapped.onWantsPicture = () => {
    tapped.wanted++;
  };
  return tapped;
}

async function textOf(id: string): Promise<string> {
  let text = '';
  for await (const piece of await service.read(id, { version: 2 })) text += Buffer.from(piece).toString();
  return readCast(text)
    .events.filter(([, code]) => code !== 'r')
    .map(([, , data]) => data)
    .join('|');
}

beforeEach(async () => {
  temp = await makeTempDir();
  database = await openDatabase(':memory:', { log: silentLog, clock: systemClock });
  ledger = createLedger({ db: database.db, clock: systemClock, log: silentLog });
  [records, retapped] = [[], []];
  service = open();
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

test('a thread that ends in between is followed by one that goes on with the same files', async () => {
  await service[Symbol.asyncDispose]();
  service = open({ threadIdleMs: 0 });
  const record = session();
  const tapped = tap(record);
  const file = join(folderOf(record.id), '1.cast');
  tapped.rebuilt(paneState(80, 24));
  const half = bytes('漢');
  for (let n = 0; n < 12; n++) {
    tapped.bytes(half.subarray(0, 2));
    tapped.bytes(half.subarray(2));
    tapped.bytes(bytes(` ${n}.`));
    tapped.bytes(half.subarray(0, n % 3));
    tapped.ended(); // hands over what has gathered
    await waitFor(
      'it to be written',
      () => existsSync(file) && readFileSync(file, 'utf8').includes(` ${n}.`),
    );
    tapped.bytes(half.subarray(n % 3));
    // Also while one is ending, and what is asked of a recording that rests.
    if (n % 4 === 0) expect((await service.describe(record.id)).segments).toHaveLength(1);
  }
  const text = (await textOf(record.id)).replaceAll('|', '');
  expect(text).toContain(Array.from({ length: 12 }, (_, n) => `漢 ${n}.漢`).join(''));
  expect(readdirSync(folderOf(record.id)).sort()).toEqual(['1.cast', 'index.jsonl']);
});

test('everything that was told is on the disk when the daemon has stopped', async () => {
  const { id } = session();
  const tapped = tap(records[0] as SessionRecord);
  tapped.rebuilt(paneState(80, 24));
  for (let n = 0; n < 5000; n++) tapped.bytes(bytes(`line ${n} of many 漢字\r\n`));
  await service[Symbol.asyncDispose]();
  const text = readCast(castOf(new RecordingFolder(folderOf(id)), 0))
    .events.map(([, , data]) => data)
    .join('');
  expect(text.match(/line \d+ of many 漢字/g)?.length).toBe(5000);
});

test('it asks for a picture when there is much, and after a size; others begin nothing', async () => {
  const record = session();
  const tapped = tap(record);
  tapped.rebuilt(paneState(80, 24));
  const block = new Uint8Array(100_000).fill(0x61);
  for (let n = 0; n < 20; n++) tapped.bytes(block);
  expect(tapped.wanted).toBe(0);
  tapped.picture(paneState(80, 24)); // somebody else's
  for (let n = 0; n < 5; n++) tapped.bytes(block);
  expect(tapped.wanted).toBe(1);
  tapped.picture(paneState(80, 24));
  tapped.resized(100, 30);
  tapped.resized(101, 30);
  await waitFor('the storm to be over', () => tapped.wanted === 2);
  tapped.picture(paneState(101, 30));
  const { segments } = await service.describe(record.id);
  expect(segments.map(({ cols, gap }) => [cols, gap])).toEqual([
    [80, false],
    [80, false],
    [101, false],
  ]);
});

test('what the thread is too slow for is a gap, and not a growing daemon', async () => {
  const record = session();
  const tapped = tap(record);
  tapped.rebuilt(paneState(80, 24));
  tapped.bytes(bytes('before'));
  const block = new Uint8Array(1 << 20).fill(0x61);
  // Nothing can be written while this thread is busy: 12 MB wait, of which 8 may.
  for (let n = 0; n < 12; n++) tapped.bytes(block);
  tapped.bytes(bytes('in the gap'));
  expect(tapped.wanted).toBe(1);
  await service.describe(record.id); // answered behind all that
  tapped.picture(paneState(80, 24, bytes('again')));
  tapped.bytes(bytes('after'));
  const text = await textOf(record.id);
  expect(text).toMatch(/before.*gap\|.*again.*after/s);
  expect(text).not.toContain('in the gap');
});

test('a disk that refuses ends the recording, not the session, and is said', async () => {
  const record = session();
  mkdirSync(join(temp.path, 'recordings'), { recursive: true });
  writeFileSync(folderOf(record.id), 'in the way');
  const tapped = tap(record);
  tapped.rebuilt(paneState(80, 24));
  tapped.bytes(bytes('lost'));
  await waitFor('the session to be offered again', () => retapped.includes(record.id));
  expect(service.open(record)).toBeNull();
  tapped.bytes(bytes('nobody minds'));
  tapped.close();
  const told = await waitFor('the event', async () => {
    const { events } = await ledger.list({ sessionId: record.id });
    return events.find(({ type }) => type === 'session.recording');
  });
  expect(told.payload).toMatchObject({ on: false });
  expect(await service.describe(record.id)).toMatchObject({ on: false, startedAt: null });
  // Until a person wants it again.
  await service.switch(record.id, true);
  expect(service.open(record)).not.toBeNull();
});

test('facts become markers at their times', async () => {
  const record = session();
  const tapped = tap(record);
  tapped.rebuilt(paneState(80, 24));
  const tell = (type: string, payload: Record<string, unknown> = {}) =>
    ledger.record(async (_tx, emit) => emit({ sessionId: record.id, source: 'hook', type, payload }));
  await tell('hook.UserPromptSubmit');
  await tell('hook.PreToolUse', { tool_name: 'Bash' });
  await tell('approval.asked', { summary: 'rm -rf\n/tmp/x', tool: 'Bash' });
  await tell('approval.settled', { status: 'denied' });
  await tell('hook.SessionStart');
  await tell('hook.Stop');
  await tell('hook.UserPromptSubmit');
  const { markers } = await service.describe(record.id);
  expect(markers.map(({ kind, label, turn }) => [kind, label, turn])).toEqual([
    ['turn', 'turn 1', 1],
    ['tool', 'Bash', null],
    ['approval', 'asks: rm -rf /tmp/x', null],
    ['settled', 'denied', null],
    ['turn-end', 'turn ended', null],
    ['turn', 'turn 2', 2],
  ]);
  expect(await textOf(record.id)).toContain('turn 1|Bash|asks: rm -rf /tmp/x|denied|turn ended|turn 2');
});

test('what a session says of itself counts more than the setting', async () => {
  const launch = sessionRecord().launch;
  expect(service.open(session({ launch: { ...launch, recorded: false } }))).toBeNull();
  await service[Symbol.asyncDispose]();
  service = open({ enabled: () => false });
  expect(service.open(session())).toBeNull();
  expect(service.open(session({ launch: { ...launch, recorded: true } }))).not.toBeNull();
});

test('a setting that changes is followed by live sessions that say nothing themselves', async () => {
  const launch = sessionRecord().launch;
  await service[Symbol.asyncDispose]();
  let isOn = true;
  service = open({ enabled: () => isOn });
  const own = session({ status: 'running' });
  const forced = session({ status: 'running', launch: { ...launch, recorded: true } });
  const ended = session({ status: 'stopped' });
  for (const record of [own, forced]) tap(record);
  await service.decideAnew();
  expect(retapped).toEqual([]);
  isOn = false;
  await service.decideAnew();
  expect(retapped).toEqual([own.id]);
  expect(await service.describe(ended.id)).toMatchObject({ on: false });
});

test('recordings that are too old, or of no session, are removed when the daemon starts', async () => {
  const [old, young, live] = [
    session({ status: 'stopped' }),
    session({ status: 'stopped' }),
    session({ status: 'running' }),
  ];
  const removed = randomUUID();
  const day = 86_400_000;
  for (const [id, age] of [
    [old.id, 31],
    [young.id, 29],
    [live.id, 31],
    [removed, 1],
  ] as const) {
    using terminal = new RecordedTerminal(folderOf(id));
    terminal.at = Date.now() - age * day;
    terminal.picture('gap');
  }
  mkdirSync(join(temp.path, 'recordings', 'of somebody else'));
  await service[Symbol.asyncDispose]();
  service = open({ keepDays: 30 });
  await service.start();
  expect(readdirSync(join(temp.path, 'recordings')).sort()).toEqual(
    [young.id, live.id, 'of somebody else'].sort(),
  );
});

test('a session that is removed takes its recording with it; a removed recording begins anew', async () => {
  const record = session();
  const tapped = tap(record);
  tapped.rebuilt(paneState(80, 24));
  tapped.bytes(bytes('a secret'));
  expect((await service.remove(record.id)).segments).toEqual([]);
  expect(existsSync(folderOf(record.id))).toBe(false);
  expect(tapped.wanted).toBe(1);
  tapped.picture(paneState(80, 24));
  tapped.bytes(bytes('no secret'));
  expect(await textOf(record.id)).toMatch(/no secret/);
  expect(await textOf(record.id)).not.toContain('a secret');
  await ledger.record(async (_tx, emit) =>
    emit({ sessionId: record.id, source: 'session', type: 'session.removed', payload: {} }),
  );
  await waitFor('the folder to go', () => !existsSync(folderOf(record.id)));
});

test('nothing recorded is said to be so', async () => {
  const record = session();
  await expect(service.read(record.id, { version: 2 })).rejects.toMatchObject({
    code: 'recording_not_found',
  });
});
