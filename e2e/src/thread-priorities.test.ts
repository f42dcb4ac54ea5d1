import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { House } from '@codepiper/testkit/house.ts';
import { canChooseSlices, sliceOf } from '@codepiper/testkit/slices.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { expect, it } from 'vitest';

// Node 22 gives its threads no names.
const isNamed = process.platform === 'linux' && Number(process.versions.node.split('.')[0]) >= 24;

it.runIf(isNamed)('a running daemon goes before the threads of its engine', async () => {
  await using house = await House.open();
  const pid = house.daemonPid ?? 0;
  const engine = readdirSync(`/proc/${pid}/task`)
    .filter((thread) => readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim() === 'V8Worker')
    .map(Number);
  expect(engine.length).toBeGreaterThan(0);
  // They are put behind a moment after it answers.
  const behind = () => engine.every((thread) => getPriority(thread) > getPriority(pid));
  await waitFor('all of them to be behind', async () => behind());
});

it.runIf(canChooseSlices())(
  'a running daemon asks for short stretches, and its sessions have those of others',
  async () => {
    await using house = await House.open();
    const pid = house.daemonPid ?? 0;
    const usual = sliceOf(process.pid);
    await waitFor('the daemon to have short ones', async () => (sliceOf(pid) ?? 0) < (usual ?? 0));
    const { id } = await house.create({ provider: 'shell', args: ['sleep', '1000'] });
    const session = await house.until(
      id,
      'running',
      (each) => each.status === 'running' && each.pid !== null,
    );
    expect(sliceOf(session.pid ?? 0)).toBe(usual);
  },
);
