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
  --screens N  instead of all that: as many random terminals are taken as snapshots, restored and compared
  --stall N    instead of all that: a viewer stops reading for a minute while its session prints as many megabytes
  --fleet N    instead of all that: for as many minutes, 50 sessions of which 10 print all the time, and 20 viewers on
               good and bad lines; every minute it says what the daemon holds, and fails when that grows, when a viewer
               shows something else than tmux, or when anything of them is left (5 minutes at least for the growth; Linux)
`;

/** Houses side by side: one daemon alone leaves a core idle. */
const houses = 2;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      points: { type: 'string', default: '2000' },
      agents: { type: 'boolean', default: false },
      screens: { type: 'string' },
      stall: { type: 'string' },
      fleet: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const seed = wholeNumber('--seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 31)));
  if (values.screens !== undefined) {
    await compareScreens(seed, wholeNumber('--screens', values.screens));
    return;
  }
  if (values.stall !== undefined) {
    await stallViewer(seed, wholeNumber('--stall', values.stall));
    return;
  }
  if (values.fleet !== undefined) {
    await runFleet(seed, wholeNumber('--fleet', values.fleet));
    return;
  }
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
  await runTest('transcripts are not right', 'packages/daemon/src/transcripts/ingest/crash.test.ts', {
    CODEPIPER_CRASH_POINTS: String(points),
  });
  process.stdout.write(`transcripts: ${points} points: all well\n`);
}

/** The test of the screen, for more states than it takes by itself. */
async function compareScreens(seed: number, states: number): Promise<void> {
  process.stdout.write(`seed ${seed}: ${states} screens\n`);
  await runTest('screens differ', 'packages/daemon/src/terminals/screen/screen.test.ts', {
    CODEPIPER_SCREEN_SEED: String(seed),
    CODEPIPER_SCREEN_STATES: String(states),
  });
  process.stdout.write('screens: all well\n');
}

/** The test of a viewer that stalls for seconds, with a minute. */
async function stallViewer(seed: number, megabytes: number): Promise<void> {
  process.stdout.write(`seed ${seed}: a minute and ${megabytes} MB\n`);
  await runTest('the viewer that stalled was not well', 'e2e/src/terminal-stall.test.ts', {
    CODEPIPER_STALL_SEED: String(seed),
    CODEPIPER_STALL_MEGABYTES: String(megabytes),
    CODEPIPER_STALL_SECONDS: '60',
  });
  process.stdout.write('stalled viewer: all well\n');
}

/** The test of a few viewers for some seconds, with many for minutes. */
async function runFleet(seed: number, minutes: number): Promise<void> {
  if (minutes === 0) throw new Error('--fleet is "0"; it must be a number of minutes');
  process.stdout.write(`seed ${seed}: ${minutes} minutes of a fleet\n`);
  await runTest('the fleet was not well', 'e2e/src/terminal-fleet.test.ts', {
    CODEPIPER_FLEET_SEED: String(seed),
    CODEPIPER_FLEET_MINUTES: String(minutes),
  });
  process.stdout.write('fleet: all well\n');
}

/** A test that by itself takes a slice, with as much as the variables say. */
async function runTest(failure: string, test: string, variables: Record<string, string>): Promise<void> {
  const root = resolve(import.meta.dirname, '../../..');
  const vitest = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', test], {
    cwd: root,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(vitest, 'exit');
  if (code === 0) return;
  const again = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  throw new Error(`${failure}; to repeat it: ${again.join(' ')} vitest run ${test}`);
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
