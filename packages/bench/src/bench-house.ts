import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { House, type HouseOptions } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';

/** A program that does nothing and never ends. */
export const sleeper = ['sleep', '2147483647'];

/** A house as its users have it: with the log level of the defaults. Its daemon is not started. */
export async function buildHouse(options: HouseOptions = {}): Promise<House> {
  const house = await House.build(options);
  delete house.env.CODEPIPER_LOG_LEVEL;
  return house;
}

/** The same with its daemon, and so many live sessions of a program. */
export async function openHouse(count = 0, options: HouseOptions = {}, program = sleeper): Promise<House> {
  const house = await buildHouse(options);
  try {
    await house.start();
    for (let made = 0; made < count; made++) await house.create({ provider: 'shell', args: program });
    await waitFor('every program to run', async () => allLive(await house.sessions(), count));
    return house;
  } catch (error) {
    await house[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether there are so many sessions, all of them running and with their program known. */
export function allLive(sessions: readonly Session[], count: number): boolean {
  return (
    sessions.length === count && sessions.every(({ status, pid }) => status === 'running' && pid !== null)
  );
}

/** Runs this node on the arguments as a whole process, in milliseconds. Throws when it fails. */
export function timeNode(args: readonly string[], env: NodeJS.ProcessEnv): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const spent = performance.now() - started;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return spent;
}

/** The floor of everything that is a node program. */
export const emptyNode = (env: NodeJS.ProcessEnv) => timeNode(['-e', '0'], env);
export const emptyNodeName = 'node -e 0';

/**
 * Starts the house's daemon and asks it until `isThere` says yes, every five milliseconds: asking takes a part of the
 * machine too.
 *
 * @returns the time from the start of the process, in milliseconds
 */
export async function timeStart(house: House, isThere: () => Promise<boolean>): Promise<number> {
  const started = performance.now();
  const starting = house.start();
  const { spent } = await waitFor(
    'the daemon to be there',
    async () => (await isThere()) && { spent: performance.now() - started },
    { interval: 5, timeout: 30_000 },
  );
  await starting;
  return spent;
}

/** Starts a tmux client and returns when it has ended. */
export async function runTmux(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child: ChildProcess = spawn('tmux', [...args], { env, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`tmux ${args.join(' ')} ended with ${code}`);
}
