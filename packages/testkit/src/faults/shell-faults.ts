import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { House } from '../house.ts';
import { attempt, type Call } from './calls.ts';
import { processesBySession } from './processes.ts';
import { SeededRandom } from './random.ts';
import { end, ShellClient, type Verb } from './shell-client.ts';
import { deliveryProblems, lineProgram, stateProblems, textProblems } from './tracked.ts';
import { disagreements, type Foreigner, leftProcesses, startForeigner } from './truth.ts';

export interface FaultOptions {
  /** The same seed makes the same requests and the same pauses; what the machine makes of them is its own. */
  seed: number;
  /** How often the daemon is killed. */
  points: number;
  /** Called after each point that was checked. */
  onPoint?: (done: number) => void;
}

export interface FaultReport {
  points: number;
  /** Requests whose answer was cut off. */
  cut: number;
  counts: Partial<Record<Verb, number>>;
}

/** Longest pause between sending requests and killing the daemon, in milliseconds. */
const longestPauseMs = 60;
/** Longest pause between starting the daemon and killing it, in milliseconds. */
const longestStartMs = 350;
/** How long what was accepted may take to come true, in milliseconds. */
const settleMs = 15_000;
const maxLive = 6;

/**
 * Kills the daemon again and again in the middle of requests and of its own start, and checks each time, against
 * tmux, the process table and what the programs read, that nothing was lost, doubled or left behind.
 * @throws Error with the seed, the requests of the point and everything that is wrong
 */
export async function runShellFaults(options: FaultOptions): Promise<FaultReport> {
  await using house = await House.open();
  const program = join(await house.workDirectory(), 'lines.sh');
  await writeFile(program, lineProgram);
  const run = new ShellFaults(house, program, options);
  try {
    return await run.run();
  } finally {
    run.sweep();
  }
}

class ShellFaults {
  readonly #house: House;
  readonly #options: FaultOptions;
  readonly #random: SeededRandom;
  readonly #client: ShellClient;
  #foreigner: Foreigner = { name: '', pid: 0 };
  #points = 0;
  #cut = 0;
  #trace: string[] = [];
  /** What the daemon said last. */
  #listed: readonly Session[] = [];

  constructor(house: House, program: string, options: FaultOptions) {
    this.#house = house;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#client = new ShellClient({ house, random: this.#random, program });
  }

  async run(): Promise<FaultReport> {
    this.#foreigner = await startForeigner(this.#house, 'codepiper-of-somebody-else');
    try {
      while (this.#points < this.#options.points) {
        await this.#point();
        this.#options.onPoint?.(this.#points);
      }
    } catch (error) {
      throw new Error(await this.#describe(error), { cause: error });
    }
    return { points: this.#points, cut: this.#cut, counts: this.#client.counts };
  }

  /** Ends what programs that ended by themselves have left, which codepiper leaves alone. */
  sweep(): void {
    const left = processesBySession();
    for (const { id } of this.#client.sessions) {
      for (const pid of left.get(id ?? '') ?? []) kill(pid);
    }
  }

  async #point(): Promise<void> {
    this.#trace = [];
    this.#client.settle(this.#listed);
    const calls = await this.#choose();
    const answers = calls.map((call) => attempt(this.#house, call));
    const pause = this.#random.next() * longestPauseMs;
    await sleep(pause);
    await this.#house.halt('SIGKILL');
    this.#points += 1;
    const replies = await Promise.all(answers);
    calls.forEach((call, index) => {
      const reply = replies[index];
      this.#trace.push(`${call.label} -> ${reply ? reply.status : 'cut'}`);
      if (reply) this.#settle(call, call.settle(reply, false));
    });
    this.#trace.push(`killed after ${pause.toFixed(1)} ms`);
    this.#endOneFromOutside();
    await this.#killWhileStarting();
    await this.#house.start();

    const first = await this.#house.sessions();
    this.#client.find(first);
    this.#checkFirst(first);
    const again = calls.filter((_, index) => !replies[index]);
    this.#cut += again.length;
    await Promise.all(
      again.map(async (call) => {
        const reply = await attempt(this.#house, call);
        this.#trace.push(`again: ${call.label} -> ${reply ? reply.status : 'cut'}`);
        this.#settle(call, reply ? call.settle(reply, true) : 'the running daemon broke the connection');
      }),
    );
    await this.#check();
  }

  /** Requests for as many sessions, now and then with a text for a session that is being ended. */
  async #choose(): Promise<Call[]> {
    const calls: Call[] = [];
    const client = this.#client;
    for (let left = this.#random.int(2, 5); left > 0; left--) {
      const live = client.live().filter(({ isBusy }) => !isBusy);
      const ended = client.ended().filter(({ isBusy }) => !isBusy);
      const verb = this.#random.weighted<Verb>({
        start: client.live().length < maxLive ? 3 : 0,
        send: live.length > 0 ? 5 : 0,
        stop: live.length > 2 ? 1 : 0,
        kill: live.length > 2 ? 1 : 0,
        exit: live.length > 2 ? 1 : 0,
        rename: live.length > 0 ? 0.3 : 0,
        fork: live.length > 0 ? 0.3 : 0,
        resume: ended.length > 0 && client.live().length < maxLive ? 2 : 0,
        remove: ended.length > 3 ? 2 : 0,
      });
      if (verb === 'start') {
        calls.push(await client.start());
        continue;
      }
      const tracked = this.#random.pick(verb === 'resume' || verb === 'remove' ? ended : live);
      if (tracked.state === 'live' && verb !== 'send' && this.#random.chance(0.3))
        calls.push(client.send(tracked));
      if ((verb === 'stop' || verb === 'resume') && this.#random.chance(0.2)) {
        calls.push(...client.race(tracked, verb));
        continue;
      }
      calls.push(client[verb](tracked));
      if (tracked.state === 'live' && this.#random.chance(0.3)) calls.push(client.send(tracked));
    }
    return calls;
  }

  /** A program may end while no daemon runs. */
  #endOneFromOutside(): void {
    const idle = this.#client.live().filter(({ isBusy }) => !isBusy);
    if (idle.length === 0 || !this.#random.chance(0.2)) return;
    const tracked = this.#random.pick(idle);
    const pid = this.#listed.find(({ id }) => id === tracked.id)?.pid ?? null;
    if (pid === null) return;
    kill(pid);
    tracked.ending = 'outside';
    tracked.isBusy = true;
    end(tracked, { status: 'crashed', exitCode: 128 + 9 });
    this.#trace.push(`${tracked.name}: its program was killed from outside`);
  }

  async #killWhileStarting(): Promise<void> {
    while (this.#points < this.#options.points && this.#random.chance(0.3)) {
      const pause = this.#random.next() * longestStartMs;
      const starting = this.#house.start().catch(() => undefined);
      await sleep(pause);
      await this.#house.halt('SIGKILL');
      await starting;
      this.#points += 1;
      this.#trace.push(`killed ${pause.toFixed(1)} ms after its start`);
    }
  }

  /** What nobody touched is right from the first answer on. */
  #checkFirst(listed: readonly Session[]): void {
    const byId = new Map(listed.map((session) => [session.id, session]));
    const untouched = this.#client.sessions.filter(({ id, isBusy }) => id !== null && !isBusy);
    const problems = untouched.flatMap((tracked) => stateProblems(tracked, byId.get(tracked.id ?? '')));
    const acknowledged = this.#client.sessions.filter(
      ({ id, ending, state }) => id !== null && ending !== 'remove' && state !== 'removed',
    );
    for (const { id, name } of acknowledged) {
      if (!byId.has(id ?? '')) problems.push(`${name} is not in the first list`);
    }
    if (problems.length > 0) throw new Error(`at once after the restart:\n${problems.join('\n')}`);
  }

  async #check(): Promise<void> {
    const deadline = performance.now() + settleMs;
    for (;;) {
      const problems = await this.#problems();
      if (problems.length === 0) return;
      if (performance.now() > deadline) throw new Error(`${settleMs} ms later:\n${problems.join('\n')}`);
      await sleep(15);
    }
  }

  async #problems(): Promise<string[]> {
    const listed = await this.#house.sessions();
    this.#client.find(listed);
    const byId = new Map(listed.map((session) => [session.id, session]));
    this.#listed = listed;
    const problems = this.#client.sessions.flatMap((tracked) => [
      ...stateProblems(tracked, byId.get(tracked.id ?? '')),
      ...textProblems(tracked),
    ]);
    if (problems.length > 0) return problems;
    const swept = this.#client.sessions.flatMap(({ id, isSwept, isRaced }) =>
      id !== null && isSwept && (!isRaced || byId.get(id)?.endedAt !== null) ? [id] : [],
    );
    const told = this.#client
      .live()
      .filter(({ isBusy }) => isBusy)
      .map(async (tracked) => deliveryProblems(tracked, await this.#house.deliveries(tracked.id ?? '')));
    return [
      ...(await disagreements(this.#house, listed, this.#foreigner)),
      ...leftProcesses(swept),
      ...(await Promise.all(told)).flat(),
    ];
  }

  #settle(call: Call, problem: string | null): void {
    if (problem !== null) throw new Error(`${call.label}: ${problem}`);
  }

  async #describe(error: unknown): Promise<string> {
    const log = (await this.#house.log()).split('\n').slice(-40).join('\n');
    const { seed } = this.#options;
    const what = error instanceof Error ? error.message : String(error);
    return [
      `seed ${seed}, point ${this.#points}: ${what}`,
      'The point:',
      ...this.#trace,
      'The log:',
      log,
    ].join('\n');
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
