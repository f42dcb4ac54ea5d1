import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApprovalRooms, askFor } from '../../test/approvals.ts';
import { sessionRecord } from '../../test/session-record.ts';
import { type OpenDatabase, openDatabase } from '../db/open.ts';
import { silentLog } from '../log/log.ts';
import { systemClock } from '../platform/clock.ts';
import { hashInput } from '../platform/input-hash.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import { bindingKey } from './approval-state.ts';

/**
 * Agents that swap their request, repeat ids, hang up and come back; people that answer twice at the same time; time
 * that runs out, policies that change, daemons that are started again: in random order, by a seed that is named when
 * one fails.
 */
const schedules = 10_000;

let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase(':memory:', { log: silentLog, clock: systemClock });
});
afterAll(() => database[Symbol.asyncDispose]());

/** Numbers from a seed (mulberry32). */
function dice(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    chance: (share: number) => next() < share,
    pick: <T>(items: readonly T[]) => items[below(items.length)],
  };
}

interface Hook {
  command: string;
  key: string;
  connection: AbortController;
  done: Promise<void>;
}

class Schedule {
  readonly #dice: ReturnType<typeof dice>;
  readonly #rooms = new ApprovalRooms(database);
  readonly #session: SessionRecord = sessionRecord({ id: randomUUID() });
  readonly #hooks: Hook[] = [];
  readonly #work: Promise<unknown>[] = [];
  /** Allows that an agent took, by binding. */
  readonly #taken = new Map<string, number>();
  /** Approvals a person said yes to, with what the person saw. */
  readonly #yes = new Map<string, string>();
  /** Commands that some policy allowed at some time. */
  readonly #ruled = new Set<string>();
  readonly #answered = new Map<string, string[]>();

  constructor(seed: number) {
    this.#dice = dice(seed);
  }

  async run(): Promise<void> {
    await this.#rooms.sessions.insert(this.#session);
    const steps = [
      this.#ask,
      this.#ask,
      this.#ask,
      this.#answer,
      this.#answer,
      this.#hangUp,
      this.#wait,
      this.#rule,
      this.#restart,
    ];
    for (let step = 6 + this.#dice.below(14); step > 0; step--) {
      const act = this.#dice.pick(steps);
      const working = Promise.resolve(act?.call(this));
      if (this.#dice.chance(0.4)) await working;
      else this.#work.push(working);
      for (let turns = this.#dice.below(12); turns > 0; turns--) await null;
    }
    await Promise.all(this.#work);
    for (const { connection } of this.#hooks) connection.abort();
    await Promise.all(this.#hooks.map(({ done }) => done));
    await this.#rooms.service.idle();
    await this.#check();
    // Nothing is left for the next one to take up.
    await this.#rooms.event(this.#session.id, 'session.ended', { run: 1 });
    expect(await this.#rooms.store.pending()).toEqual([]);
    await this.#rooms.service[Symbol.asyncDispose]();
  }

  #ask(): void {
    // Few of each, so that they collide.
    const [request, callId, command] = [
      `r${this.#dice.below(2)}`,
      `c${this.#dice.below(2)}`,
      `k${this.#dice.below(3)}`,
    ];
    const { edition } = this.#rooms.judge;
    const ask = askFor(this.#session, command, { request, callId, edition });
    // As the hooks room does: what the rules settle is no approval.
    if (this.#rooms.judge.judge(this.#session, ask.call).action !== 'ask') return;
    const binding = {
      sessionId: this.#session.id,
      run: 1,
      request,
      callId,
      inputHash: hashInput({ command }),
    };
    const key = bindingKey(binding);
    const connection = new AbortController();
    const isLost = this.#dice.chance(0.2);
    const done = this.#rooms.service.clear(ask, connection.signal).then(
      async ({ answer, delivered }) => {
        if (connection.signal.aborted) return;
        if (isLost) {
          connection.abort();
          return;
        }
        if (answer.decision === 'allow') this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1);
        await delivered();
      },
      () => undefined,
    );
    this.#hooks.push({ command, key, connection, done });
  }

  #hangUp(): void {
    this.#dice.pick(this.#hooks)?.connection.abort();
  }

  async #answer(): Promise<void> {
    const kind = this.#dice.below(6);
    const approval = this.#dice.pick(await this.#rooms.store.pending(this.#session.id));
    if (!approval) return;
    const { id, input, suggestion } = approval;
    const { answers } = this.#rooms;
    const note = (what: string) => () => this.#answered.set(id, [...(this.#answered.get(id) ?? []), what]);
    const nothing = () => undefined;
    const yes = (grant: 'once' | 'session') => {
      this.#yes.set(id, hashInput(input));
      if (grant === 'session') this.#ruled.add(String(suggestion?.args?.command));
      return answers.approve(id, { grant }, 'cli').then(note('approved'), nothing);
    };
    const no = () => answers.deny(id, undefined, 'cli').then(note('denied'), nothing);
    if (kind === 0) await no();
    else if (kind === 1) await Promise.all([no(), yes('once')]);
    else if (kind === 2) await Promise.all([yes('once'), yes('once'), no()]);
    else if (kind === 3) await yes('session');
    else await yes('once');
  }

  async #wait(): Promise<void> {
    this.#rooms.now += this.#dice.pick([1_000, 20_000, 31_000, 3_601_000]) ?? 0;
    await this.#rooms.service.tick();
  }

  async #rule(): Promise<void> {
    const command = `k${this.#dice.below(3)}`;
    const isAllowed = this.#dice.chance(0.3);
    const isDenied = this.#dice.chance(0.3);
    if (isAllowed) this.#ruled.add(command);
    await this.#rooms.change((judge) => {
      judge.allowed.delete(command);
      judge.denied.delete(command);
      if (isAllowed) judge.allowed.add(command);
      else if (isDenied) judge.denied.add(command);
    });
  }

  async #restart(): Promise<void> {
    for (const { connection } of this.#hooks) connection.abort();
    await this.#rooms.restart();
  }

  async #check(): Promise<void> {
    const rows = await database.db
      .selectFrom('approvals')
      .selectAll()
      .where('session_id', '=', this.#session.id)
      .execute();
    for (const [key, count] of this.#taken) {
      const approved = rows.filter((row) => {
        const { session_id: sessionId, input_hash: inputHash, call_id: callId, run, request } = row;
        return (
          row.status === 'approved' && bindingKey({ sessionId, run, request, callId, inputHash }) === key
        );
      });
      // Never an allow that this very request was not given, and never one twice.
      expect(count).toBeLessThanOrEqual(approved.length);
      for (const row of approved) {
        const isPersons = row.settled_by === 'cli' && this.#yes.get(row.id) === row.input_hash;
        const isRules =
          row.settled_by === 'rule' &&
          [...this.#ruled].some((k) => hashInput({ command: k }) === row.input_hash);
        expect(isPersons || isRules).toBe(true);
      }
    }
    for (const row of rows) {
      const answers = this.#answered.get(row.id) ?? [];
      expect(answers.length).toBeLessThanOrEqual(1);
      if (answers.length > 0) expect(row.status).toBe(answers[0]);
      // One entry for the question, and one for what became of it.
      expect(this.#rooms.audit.about(row.id)).toHaveLength(row.status === 'pending' ? 1 : 2);
    }
  }
}

it(`no order of events lets a call run that nobody approved (${schedules} schedules)`, async () => {
  for (let seed = 1; seed <= schedules; seed++) {
    await new Schedule(seed).run().catch((error: unknown) => {
      throw new Error(`schedule ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    });
  }
}, 120_000);
