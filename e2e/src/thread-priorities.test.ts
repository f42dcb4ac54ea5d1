import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, release } from 'node:os';
import { House } from '@codepiper/testkit/house.ts';
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

/** A thread's stretch in nanoseconds; null where the kernel does not show it. */
function sliceOf(pid: number): number | null {
  try {
    return (
      Number(/se\.slice\s*:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/sched`, 'utf8'))?.[1] ?? Number.NaN) ||
      null
    );
  } catch {
    return null;
  }
}

const [major = 0, minor = 0] = release().split('.').map(Number);
const usual = sliceOf(process.pid);
const hasSlices = usual !== null && (major > 6 || (major === 6 && minor >= 12));

it.runIf(hasSlices)(
  'a running daemon asks for short stretches, and its sessions have those of others',
  async () => {
    await using house = await House.open();
    const pid = house.daemonPid ?? 0;
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
