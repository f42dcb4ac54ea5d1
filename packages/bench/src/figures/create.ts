import { watch } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { House } from '@codepiper/testkit/house.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { scratchTmux } from '@codepiper/testkit/tmux.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { openHouse, runTmux, sleeper } from '../bench-house.ts';
import type { Figure } from '../figure.ts';
import { measurePairs } from '../pairs.ts';

/** The pane runs when its program has done its first own act: here, to make the file that it is given. */
const program = (file: string) => ['/bin/sh', '-c', ': >"$0"', file];

/** A session of `shell`, from the request to its program's first act; beside a `tmux new-session` of the same. */
export const create: Figure = {
  name: 'create',
  async measure({ runs }) {
    await using folder = await makeTempDir();
    await using house = await openHouse(1);
    await using tmux = scratchTmux();
    await tmux.start('other', sleeper, { cwd: '/', env: house.env });
    let count = 0;

    async function firstAct(start: (file: string) => Promise<unknown>): Promise<number> {
      const name = `made-${count++}`;
      const file = join(folder.path, name);
      const { promise, resolve } = Promise.withResolvers<number>();
      const watcher = watch(folder.path, (_event, changed) => {
        if (changed === name) resolve(performance.now());
      });
      try {
        const started = performance.now();
        const [at] = await Promise.all([promise, start(file)]);
        return at - started;
      } finally {
        watcher.close();
        await rm(file, { force: true });
      }
    }

    const pairs = await measurePairs(
      runs,
      async () => {
        let id = '';
        const spent = await firstAct(async (file) => {
          ({ id } = await house.create({ provider: 'shell', args: program(file) }));
        });
        await forget(house, id);
        return spent;
      },
      () =>
        firstAct((file) =>
          runTmux(['-L', tmux.socketName, 'new-session', '-d', '--', ...program(file)], house.env),
        ),
      5,
    );
    return [
      {
        figure: 'create a shell session: request to its program running',
        ...pairs,
        floorOf: 'tmux new-session -d',
        unit: 'ms',
        target: { of: 'ratio', max: 2 },
      },
    ];
  },
};

/** Nothing of the last run is still going on when the next begins. */
async function forget(house: House, id: string): Promise<void> {
  await house.until(id, 'ended', ({ status }) => status === 'stopped');
  const path = `/sessions/${id}`;
  await waitFor('the session to be removed', async () => (await house.http('DELETE', path)).status === 200);
  await waitFor('its pane to be given back', async () => !(await house.tmux('list-sessions')).includes(id));
}
