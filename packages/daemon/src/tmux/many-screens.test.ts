import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../log/log.ts';
import { createTmux } from './create-tmux.ts';
import type { PaneInfo, Tmux } from './tmux.ts';

let stack: AsyncDisposableStack;
let server: ReturnType<typeof scratchTmux>;
let home: string;
let tmux: Tmux;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  // A path with what tmux would expand in a format.
  home = join(stack.use(await makeTempDir()).path, 'a#{pane_id} b');
  server = stack.use(scratchTmux());
  tmux = stack.use(
    await createTmux({ socketName: server.socketName, home, env: process.env, log: silentLog }),
  );
});
afterEach(() => stack.disposeAsync());

let count = 0;
function show(text: string): Promise<PaneInfo> {
  count += 1;
  const argv = ['sh', '-c', 'printf %b "$0"; exec sleep 1000', text];
  return tmux.createPane({ sessionName: `codepiper-m${count}`, cols: 40, rows: 10, argv });
}

it('reads the screens of many panes at once, each under its own id', async () => {
  const panes = await Promise.all([
    show('first\\nline two'),
    show(''),
    show('\\033[31mred\\033[0m # "quoted" $HOME'),
  ]);
  const ids = panes.map(({ paneId }) => paneId);
  const shown = async () => [...(await tmux.screens(ids)).values()].map((text) => text.trim());
  await waitFor('the texts', async () => (await shown()).filter((text) => text !== '').length === 2);
  expect(await shown()).toEqual(['first\nline two', '', 'red # "quoted" $HOME']);
  expect([...(await tmux.screens(ids)).keys()]).toEqual(ids);
  // Neither files nor buffers are left behind.
  expect(await readdir(join(home, 'run'))).toEqual([]);
  expect(await server.run('list-buffers')).toBe('');
});

it('says when something was printed last', async () => {
  const [quiet, loud] = await Promise.all([show('still'), show('still')]);
  const first = await tmux.activity();
  const second = first.get(loud.paneId) ?? 0;
  expect(Math.abs(second - Date.now() / 1000)).toBeLessThan(600);
  await waitFor('another second', async () => {
    await server.run('send-keys', '-t', loud.paneId, 'x');
    return ((await tmux.activity()).get(loud.paneId) ?? 0) > second;
  });
  expect((await tmux.activity()).get(quiet.paneId)).toBe(first.get(quiet.paneId));
});

it('fails when a pane is gone, leaves nothing behind, and goes on', async () => {
  const [gone, there] = await Promise.all([show('gone'), show('there')]);
  await server.run('kill-pane', '-t', gone.paneId);
  await expect(tmux.screens([gone.paneId, there.paneId])).rejects.toMatchObject({ code: 'tmux_failed' });
  await waitFor('clean', async () => (await server.run('list-buffers')) === '');
  expect((await tmux.screens([there.paneId])).size).toBe(1);
  expect(await tmux.screens([])).toEqual(new Map());
});
