import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sessionRecord } from '../../test/session-record.ts';
import { silentLog } from '../log/log.ts';
import { systemClock } from '../platform/clock.ts';
import type { LivePanes } from '../sessions/live-pane.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import { createTmux } from '../tmux/create-tmux.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { PaneLines } from './pane-lines.ts';

let stack: AsyncDisposableStack;
let folder: string;
let tmux: Tmux;
let panes: LivePanes;
let lines: PaneLines;
/** Panes whose screens were read, by each question. */
let read: (readonly string[])[];
let count = 0;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  folder = stack.use(await makeTempDir()).path;
  const { socketName } = stack.use(scratchTmux());
  tmux = stack.use(await createTmux({ socketName, home: folder, env: process.env, log: silentLog }));
  panes = new Map();
  read = [];
  lines = new PaneLines({
    tmux: {
      activity: () => tmux.activity(),
      screens: (ids) => {
        read.push(ids);
        return tmux.screens(ids);
      },
    },
    panes,
    lastScreen: async (id) => `$ exit\nthe end of ${id}\n\n`,
    clock: systemClock,
  });
});
afterEach(() => stack.disposeAsync());

/** A shell whose pane shows what is put into a file. */
async function start(): Promise<{ record: SessionRecord; paneId: string; print(text: string): void }> {
  count += 1;
  const file = join(folder, `out${count}`);
  writeFileSync(file, '');
  const { paneId, pid } = await tmux.createPane({
    sessionName: `codepiper-l${count}`,
    ...{ cols: 60, rows: 12 },
    argv: ['tail', '-n', '+1', '-f', file],
  });
  const record = sessionRecord({ id: `session-${count}`, provider: 'shell' });
  panes.set(record.id, { sessionId: record.id, run: 1, paneId, wrapperPid: pid });
  return { record, paneId, print: (text) => appendFileSync(file, text) };
}

it('has the last line that is not blank, as a person reads it', async () => {
  const { record, print } = await start();
  print('one\n\u001b[1;32m  two\tand # {} "more"\u001b[0m   \n\n\n');
  await waitFor('the line', async () => {
    await lines.look([record]);
    return lines.lineOf(record) === 'two and # {} "more"';
  });
  // Another run of the session has printed nothing yet.
  expect(lines.lineOf({ ...record, run: 2 })).toBeNull();
});

it('reads again only where something was printed', async () => {
  const [quiet, loud] = [await start(), await start()];
  const records = [quiet.record, loud.record];
  quiet.print('quiet\n');
  loud.print('loud\n');
  await waitFor('both lines', async () => {
    await lines.look(records);
    return lines.lineOf(quiet.record) === 'quiet' && lines.lineOf(loud.record) === 'loud';
  });
  // tmux tells seconds: what was read in the second of the print is read once more.
  await waitFor('quiet', async () => {
    const before = read.length;
    await lines.look(records);
    return read.length === before;
  });
  loud.print('louder\n');
  const from = read.length;
  let changed: string[] = [];
  await waitFor('the new line', async () => {
    changed = await lines.look(records);
    return changed.length > 0;
  });
  expect(changed).toEqual([loud.record.id]);
  expect(lines.lineOf(loud.record)).toBe('louder');
  expect(read.slice(from).flat()).not.toContain(quiet.paneId);
});

it('reads the last screen of what has ended, once', async () => {
  const { record, print } = await start();
  print('alive\n');
  await waitFor('the line', async () => (await lines.look([record])).length > 0);
  const ended: SessionRecord = { ...record, status: 'stopped' };
  panes.delete(record.id);
  expect(await lines.look([ended])).toEqual([record.id]);
  expect(lines.lineOf(ended)).toBe(`the end of ${record.id}`);
  expect(await lines.look([ended])).toEqual([]);
});
