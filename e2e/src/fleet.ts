import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { Cable } from './cable.ts';
import { ageOf, fleetProgram, type Printing, stoppedMark } from './fleet-program.ts';
import { differences } from './screen-sessions.ts';
import { TerminalViewer } from './terminal-viewer.ts';

export interface FleetOptions {
  sessions: number;
  busy: number;
  viewers: number;
  seed: number;
}

/** A terminal is followed this long after its last viewer, and a little for the daemon to hear of it, in milliseconds. */
const followedMs = 35_000;

/** What a viewer is put through. `keen`: nothing. `wandering`: it looks at one session after the other. */
const manners = ['keen', 'wandering', 'slow', 'dropping', 'stalling'] as const;
export type Manner = (typeof manners)[number];

/** One of the busy sessions: when its program ends, another one takes its place. */
interface Slot {
  number: number;
  id: string;
}

interface FleetViewer {
  manner: Manner;
  number: number;
  cable: Cable;
  session: string;
  terminal: TerminalViewer;
}

const ways: readonly { printing: Printing; rate: number; ends: boolean }[] = [
  { printing: 'steady', rate: 100, ends: false },
  { printing: 'redraw', rate: 10, ends: true },
  { printing: 'status', rate: 15, ends: false },
  { printing: 'bursts', rate: 20, ends: false },
  { printing: 'full-screen', rate: 10, ends: true },
  { printing: 'redraw', rate: 20, ends: false },
  { printing: 'steady', rate: 20, ends: true },
  { printing: 'full-screen', rate: 5, ends: false },
  { printing: 'status', rate: 30, ends: false },
  { printing: 'steady', rate: 250, ends: false },
];

/** Sessions of which some print all the time, and viewers of which most have a hard time. */
export class Fleet implements AsyncDisposable {
  /** How often a session was started anew, and a viewer looked at another session. */
  restarts = 0;
  moves = 0;
  /** What viewers were refused, by code; a session that ended just then is none of it. */
  readonly problems = new Map<string, number>();
  readonly #house: House;
  readonly #o: FleetOptions;
  readonly #random: () => number;
  readonly #slots: Slot[] = [];
  readonly #quiet: string[] = [];
  /** Sessions that nothing follows but their viewers, and when one was seen to have any. */
  readonly #unrecorded = new Set<string>();
  readonly #watched = new Map<string, number>();
  readonly #viewers: FleetViewer[] = [];
  readonly #over = new AbortController();
  readonly #work: Promise<void>[] = [];
  readonly #failures: unknown[] = [];

  private constructor(house: House, options: FleetOptions) {
    this.#house = house;
    this.#o = options;
    this.#random = randomOf(options.seed);
  }

  /** All sessions are there; nothing prints before `go`. */
  static async open(house: House, options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(house, options);
    for (let number = 0; number < options.sessions; number++) {
      if (number < options.busy) fleet.#slots.push({ number, id: await fleet.#startBusy(number) });
      else {
        // Of what is not recorded nothing is followed but what is watched.
        const args = ['sh', '-c', 'echo ready; exec cat'];
        fleet.#quiet.push(await fleet.#start(args, number % 3 !== 0));
      }
    }
    await waitFor(
      'all sessions to run',
      async () => {
        const running = (await house.sessions()).filter(({ status, pid }) => status === 'running' && pid);
        return running.length === options.sessions;
      },
      { timeout: 60_000, interval: 200 },
    );
    return fleet;
  }

  /** Programs print, viewers come. */
  async go(): Promise<void> {
    await writeFile(this.#file('go'), '');
    for (let number = 0; number < this.#o.viewers; number++) {
      const manner = manners[number % manners.length] ?? 'keen';
      const cable = await Cable.lay(() => this.#house.socket);
      if (manner === 'slow') {
        const bytesPerSecond = 3e4 + Math.floor(this.#random() * 12e4);
        const stall = { every: 5e5, ms: 2_000 };
        cable.worsen({ bytesPerSecond, dropEvery: 4e6, stall, random: this.#random });
      }
      const session = this.#slots[number % this.#slots.length]?.id ?? '';
      const terminal = this.#look(cable, number, session);
      this.#viewers.push({ manner, number, cable, session, terminal });
    }
    for (const slot of this.#slots) this.#go(() => this.#restart(slot));
    for (const viewer of this.#viewers) this.#go(() => this.#live(viewer));
  }

  /** How old what they show is, in milliseconds, of those that watch what prints. */
  ages(): { manner: Manner; age: number }[] {
    return this.#viewers.flatMap(({ manner, terminal, session }) => {
      if (terminal.snapshots === 0 || !this.#slots.some(({ id }) => id === session)) return [];
      const age = ageOf(terminal.dump(), Date.now());
      return age === null ? [] : [{ manner, age }];
    });
  }

  /** Sessions that are followed for the sake of viewers alone, at most; asked every second. */
  followed(): number {
    const now = performance.now();
    for (const { session } of this.#viewers)
      if (this.#unrecorded.has(session)) this.#watched.set(session, now);
    return [...this.#watched.values()].filter((at) => now - at < followedMs).length;
  }

  /** Nothing prints any more, lines are good again. @throws what went wrong meanwhile */
  async settle(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#work);
    if (this.#failures.length > 0) throw this.#failures[0];
    await writeFile(this.#file('stop'), '');
    for (const slot of this.#slots) {
      const hasStopped = async () => {
        // It may have ended by itself at the last moment.
        await this.#replaceEnded(slot);
        const screen = await this.#house.screen(slot.id);
        return screen.includes(stoppedMark) || Promise.reject(new Error(`slot ${slot.number}: ${screen}`));
      };
      await waitFor('a program to stop', hasStopped, { timeout: 60_000, interval: 100 });
    }
    for (const viewer of this.#viewers) {
      viewer.cable.worsen(null);
      viewer.cable.letGo();
      viewer.cable.mend();
      this.#follow(viewer);
      viewer.terminal.wake();
    }
  }

  /** Waits until every viewer shows what tmux has, cell for cell. @returns who does not, and where */
  async differing(): Promise<string[]> {
    const waits = this.#viewers.map(async ({ manner, number, session, terminal }) => {
      let last: string[] = [];
      const look = async () => {
        last = await differences(this.#house, session, () => terminal.shown);
        return last.length === 0;
      };
      const isSame = await waitFor('a viewer', look, { timeout: 60_000, interval: 500 }).catch(() => false);
      return isSame ? [] : [`viewer ${number} (${manner}) of ${session}:\n${last.join('\n')}`];
    });
    return (await Promise.all(waits)).flat();
  }

  /** All viewers leave. */
  async leave(): Promise<void> {
    for (const { terminal } of this.#viewers) terminal[Symbol.dispose]();
    await Promise.all(this.#viewers.map(({ cable }) => cable[Symbol.asyncDispose]()));
    this.#viewers.length = 0;
  }

  /** Everything of it ends, its sessions too: another fleet may follow. */
  async end(): Promise<void> {
    await this.settle();
    await this.leave();
    const sessions = [...this.#slots.map(({ id }) => id), ...this.#quiet];
    await Promise.all(sessions.map((id) => this.#house.run('kill', id)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#work);
    await this.leave();
  }

  #file(name: 'go' | 'stop'): string {
    return join(this.#house.home, `../fleet-${this.#o.seed}-${name}`);
  }

  async #startBusy(number: number): Promise<string> {
    const { printing, rate, ends } = ways[number % ways.length] ?? {
      printing: 'steady',
      rate: 10,
      ends: false,
    };
    const life = ends ? 25 + Math.floor(this.#random() * 50) : 0;
    const seed = Math.floor(this.#random() * 2 ** 31);
    const files = { goFile: this.#file('go'), stopFile: this.#file('stop') };
    const program = fleetProgram({ printing, rate, seed, life, ...files });
    const args = [process.execPath, '-e', program];
    return this.#start(args, number % 3 !== 2);
  }

  async #start(args: readonly string[], record: boolean): Promise<string> {
    const { id } = await this.#house.create({ provider: 'shell', args: [...args], record });
    if (!record) this.#unrecorded.add(id);
    return id;
  }

  async #restart(slot: Slot): Promise<void> {
    while (await this.#rest(1_000)) await this.#replaceEnded(slot);
  }

  /** Starts a session in the place of one whose program has ended. */
  async #replaceEnded(slot: Slot): Promise<void> {
    const { status } = await this.#house.session(slot.id);
    if (status === 'running' || status === 'starting') return;
    slot.id = await this.#startBusy(slot.number);
    this.restarts++;
  }

  async #live(viewer: FleetViewer): Promise<void> {
    while (await this.#rest(1_000 + this.#random() * 9_000)) {
      const { manner, cable, terminal, number } = viewer;
      this.#follow(viewer);
      if (this.#random() < 0.3) terminal.channel.type(`${number}\n`);
      if (number % 4 === 0 && this.#random() < 0.4) await this.#resize(viewer);
      if (manner === 'wandering') this.#move(viewer, this.#anySession());
      if (manner === 'stalling') {
        cable.hold();
        await this.#rest(1_000 + this.#random() * 30_000);
        cable.letGo();
      }
      if (manner === 'dropping') {
        cable.cut();
        // Some are gone for longer than a terminal is kept for who comes back.
        await this.#rest(this.#random() < 0.2 ? 40_000 : this.#random() * 6_000);
        cable.mend();
        if (this.#random() < 0.5) terminal.wake();
      }
    }
  }

  /** Once, or as often as a window that is dragged. */
  async #resize({ terminal }: FleetViewer): Promise<void> {
    for (let left = this.#random() < 0.3 ? 10 : 1; left > 0; left--) {
      const cols = 60 + Math.floor(this.#random() * 80);
      terminal.channel.takeSize(cols, 16 + Math.floor(this.#random() * 30));
      await this.#rest(30);
    }
  }

  #anySession(): string {
    const all = this.#random() < 0.3 ? this.#quiet : this.#slots.map(({ id }) => id);
    return all[Math.floor(this.#random() * all.length)] ?? '';
  }

  /** Who watches a session that has ended goes to another one. */
  #follow(viewer: FleetViewer): void {
    const { channel, problems, hasEnded } = viewer.terminal;
    const isOver = hasEnded || channel.state === 'ended' || channel.state === 'closed';
    for (const code of problems.splice(0))
      if (!isOver) this.problems.set(code, (this.problems.get(code) ?? 0) + 1);
    if (isOver) this.#move(viewer, this.#slots[viewer.number % this.#slots.length]?.id ?? '');
  }

  #move(viewer: FleetViewer, session: string): void {
    viewer.terminal[Symbol.dispose]();
    viewer.session = session;
    viewer.terminal = this.#look(viewer.cable, viewer.number, session);
    this.moves++;
  }

  #look(cable: Cable, number: number, session: string): TerminalViewer {
    return new TerminalViewer(cable.port, session, `viewer-of-fleet-${number}-${this.moves}`);
  }

  /** Whether it goes on after that long. */
  async #rest(ms: number): Promise<boolean> {
    const { signal } = this.#over;
    if (signal.aborted) return false;
    await sleep(ms, undefined, { signal }).catch(() => undefined);
    return !signal.aborted;
  }

  #go(work: () => Promise<void>): void {
    this.#work.push(work().catch((error: unknown) => void this.#failures.push(error)));
  }
}

/** Numbers in [0, 1) that a seed repeats. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
