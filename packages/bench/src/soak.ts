import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runAgentFaults } from '@codepiper/testkit/faults/agent-faults.ts';
import { type FaultReport, runShellFaults } from '@codepiper/testkit/faults/shell-faults.ts';

const usage = `Usage: scripts/soak [--seed N] [--points N] [--agents]

Kills the daemon with SIGKILL in the middle of requests and of its own start, over and over, and checks after each
restart that no session, prompt, pane or process was lost, doubled or left behind. Then kills the reading of transcripts
while their files grow, and checks that every line of them is stored once.

  --seed N     repeat the choices of an earlier run (default: a random one, which is printed)
  --points N   how often the daemon is killed (default 2000); the reading of transcripts: a fourth of it
  --agents     with the real agents too, for a tenth of the points each
`;

/** Houses side by side: one daemon alone leaves a core idle. */
const houses = 2;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      points: { type: 'string', default: '2000' },
      agents: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const seed = wholeNumber('--seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 31)));
  const points = wholeNumber('--points', values.points);
  const share = Math.ceil(points / houses);
  process.stdout.write(`seed ${seed}: ${share * houses} points in ${houses} houses\n`);
  const shells = Array.from({ length: houses }, (_, house) =>
    runShellFaults({ seed: seed + house, points: share, onPoint: progress(`house ${house + 1}`, share) }),
  );
  for (const report of await allOf(shells)) print('shell', report);
  await crashIngestion(Math.ceil(points / 4));
  if (!values.agents) return;
  for (const provider of ['claude-code', 'codex'] as const) {
    const few = Math.ceil(points / 10);
    print(provider, await runAgentFaults({ provider, seed, points: few, onPoint: progress(provider, few) }));
  }
}

/** The test that does so with a few kills, with many. */
async function crashIngestion(points: number): Promise<void> {
  const root = resolve(import.meta.dirname, '../../..');
  const test = 'packages/daemon/src/transcripts/ingest/crash.test.ts';
  const vitest = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', test], {
    cwd: root,
    env: { ...process.env, CODEPIPER_CRASH_POINTS: String(points) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(vitest, 'exit');
  if (code !== 0)
    throw new Error(
      `after ${points} kills transcripts are not right: CODEPIPER_CRASH_POINTS=${points} vitest run ${test}`,
    );
  process.stdout.write(`transcripts: ${points} points: all well\n`);
}

/** Waits for all of them, so that each cleans up, and then throws the first failure. */
async function allOf<T>(runs: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(runs);
  return Promise.all(runs);
}

function progress(name: string, points: number): (done: number) => void {
  let told = 0;
  return (done) => {
    if (done - told < 50) return;
    told = done;
    process.stderr.write(`${name}: ${done} of ${points}\n`);
  };
}

function print(name: string, { points, cut, counts }: FaultReport): void {
  const verbs = Object.entries(counts).map(([verb, count]) => `${count} ${verb}`);
  process.stdout.write(`${name}: ${points} points, ${cut} requests cut off; ${verbs.join(', ')}: all well\n`);
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new Error(`${name} is ${JSON.stringify(text)}; it must be a whole number`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
