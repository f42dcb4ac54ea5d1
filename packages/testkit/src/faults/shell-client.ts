import { join } from 'node:path';
import type { SendOutcome } from '@codepiper/core/sessions/delivery.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import type { House, HttpReply } from '../house.ts';
import { type Call, errorCode, show } from './calls.ts';
import type { SeededRandom } from './random.ts';
import type { SentText, Tracked } from './tracked.ts';

export type Verb = 'start' | 'send' | 'stop' | 'kill' | 'exit' | 'resume' | 'fork' | 'rename' | 'remove';

/** The requests of a fault run, and what their answers mean for the sessions it keeps track of. */
export class ShellClient {
  readonly sessions: Tracked[] = [];
  /** Requests made, by verb. */
  readonly counts: Partial<Record<Verb, number>> = {};
  readonly #house: House;
  readonly #random: SeededRandom;
  readonly #program: string;
  #unique = 0;

  constructor(options: { house: House; random: SeededRandom; program: string }) {
    this.#house = options.house;
    this.#random = options.random;
    this.#program = options.program;
  }

  live(): Tracked[] {
    return this.sessions.filter((tracked) => tracked.state === 'live' && tracked.id !== null);
  }

  ended(): Tracked[] {
    return this.sessions.filter((tracked) => tracked.state === 'ended' && tracked.id !== null);
  }

  async start(): Promise<Call> {
    const cwd = await this.#house.workDirectory();
    const name = this.#fresh('s');
    const tracked: Tracked = {
      name,
      id: null,
      log: join(cwd, `${name}.log`),
      state: 'live',
      end: null,
      isSwept: false,
      texts: [],
      ending: null,
      isBusy: true,
      isRaced: false,
    };
    const prompt = this.#random.chance(0.5) ? this.#text(tracked) : null;
    const args = ['sh', this.#program, tracked.log];
    const body = { provider: 'shell', cwd, name, args, ...(prompt ? { prompt: prompt.text } : {}) };
    this.sessions.push(tracked);
    return this.#call('start', tracked, 'POST', '/sessions', body, (reply, isRetry) => {
      if (reply.status === 201) {
        tracked.id = sessionOf(reply).id;
        return null;
      }
      // The first request was carried out: the session is found by its name. See `find`.
      return isRetry && errorCode(reply) === 'name_taken' ? null : show(reply);
    });
  }

  /** Sessions whose creation was cut off, as they are listed: with their pane, or not at all. */
  find(listed: readonly Session[]): void {
    for (const tracked of this.sessions.filter(({ id }) => id === null)) {
      tracked.id = listed.find(({ name }) => name === tracked.name)?.id ?? null;
    }
  }

  send(tracked: Tracked, wanted?: string): Call {
    const text = this.#text(tracked, wanted);
    const body = {
      text: text.text,
      idempotencyKey: this.#fresh('k'),
      waitMs: this.#random.pick([0, 0, 50, 2000]),
    };
    const path = `/sessions/${tracked.id}/send`;
    return this.#call(wanted ? 'exit' : 'send', tracked, 'POST', path, body, (reply) => {
      const isEnding = tracked.ending !== null;
      if (isEnding && (wanted === undefined || tracked.ending !== 'exit')) text.arrives = 'maybe';
      if (isEnding && errorCode(reply) === 'session_ended') return null;
      if (reply.status !== 200) return show(reply);
      const { outcome } = reply.body as { outcome: SendOutcome };
      if (outcome === 'delivered' || outcome === 'accepted' || isEnding) return null;
      return `${outcome}: ${show(reply)}`;
    });
  }

  /** The program ends by itself. */
  exit(tracked: Tracked): Call {
    const exitCode = this.#random.int(0, 100);
    tracked.ending = 'exit';
    const call = this.send(tracked, `exit ${exitCode} ${this.#fresh('t')}`);
    const settle = (reply: HttpReply, isRetry: boolean) => {
      end(tracked, { status: exitCode === 0 ? 'stopped' : 'crashed', exitCode });
      return call.settle(reply, isRetry);
    };
    return { ...call, settle };
  }

  stop(tracked: Tracked): Call {
    tracked.ending = 'stop';
    return this.#call('stop', tracked, 'POST', `/sessions/${tracked.id}/stop`, {}, (reply) => {
      end(tracked, { status: 'stopped', exitCode: 128 + 1 });
      tracked.isSwept = true;
      return reply.status === 200 ? null : show(reply);
    });
  }

  kill(tracked: Tracked): Call {
    tracked.ending = 'kill';
    return this.#call('kill', tracked, 'POST', `/sessions/${tracked.id}/kill`, undefined, (reply) => {
      end(tracked, { status: 'stopped', exitCode: 128 + 9 });
      tracked.isSwept = true;
      return reply.status === 200 ? null : show(reply);
    });
  }

  resume(tracked: Tracked): Call {
    return this.#call('resume', tracked, 'POST', `/sessions/${tracked.id}/resume`, {}, (reply, isRetry) => {
      tracked.state = 'live';
      tracked.end = null;
      tracked.isSwept = false;
      const isLive = errorCode(reply) === 'session_live';
      if (reply.status === 200 || (isLive && (isRetry || tracked.isRaced))) return null;
      return show(reply);
    });
  }

  /** Both at once: which of them is the last word is the daemon's to decide, but one of them it must be. */
  race(tracked: Tracked, first: 'stop' | 'resume'): Call[] {
    tracked.isRaced = true;
    return [this[first](tracked), this.kill(tracked)];
  }

  /** Before a new point: nothing is under way. `listed` decides how races went. */
  settle(listed: readonly Session[]): void {
    for (const tracked of this.sessions) {
      if (tracked.isRaced) {
        const session = listed.find(({ id }) => id === tracked.id);
        tracked.state = session?.endedAt === null ? 'live' : 'ended';
        tracked.end = null;
        tracked.isSwept = tracked.state === 'ended' && session?.status === 'stopped';
      }
      tracked.ending = null;
      tracked.isBusy = false;
      tracked.isRaced = false;
      for (const text of tracked.texts) text.isNew = false;
    }
  }

  /** A shell keeps no conversation: this must say so, and change nothing. */
  fork(tracked: Tracked): Call {
    return this.#call('fork', tracked, 'POST', `/sessions/${tracked.id}/fork`, {}, (reply) =>
      errorCode(reply) === 'unsupported' ? null : show(reply),
    );
  }

  rename(tracked: Tracked): Call {
    const name = this.#fresh('n');
    return this.#call('rename', tracked, 'PUT', `/sessions/${tracked.id}/name`, { name }, (reply) => {
      tracked.name = name;
      return reply.status === 200 && sessionOf(reply).name === name ? null : show(reply);
    });
  }

  remove(tracked: Tracked): Call {
    tracked.ending = 'remove';
    return this.#call('remove', tracked, 'DELETE', `/sessions/${tracked.id}`, undefined, (reply, isRetry) => {
      tracked.state = 'removed';
      if (reply.status === 200 || (isRetry && errorCode(reply) === 'session_not_found')) return null;
      return show(reply);
    });
  }

  #call(
    verb: Verb,
    tracked: Tracked,
    method: string,
    path: string,
    body: unknown,
    settle: Call['settle'],
  ): Call {
    this.counts[verb] = (this.counts[verb] ?? 0) + 1;
    tracked.isBusy = true;
    const label = `${verb} ${tracked.name}${body ? ` ${JSON.stringify(body)}` : ''}`;
    return { label, method, path, body, settle };
  }

  #text(tracked: Tracked, wanted?: string): SentText {
    const lines = Array.from({ length: this.#random.chance(0.2) ? 3 : 1 }, () => this.#fresh('text '));
    const text: SentText = { text: wanted ?? lines.join('\n'), arrives: 'once', isNew: true };
    tracked.texts.push(text);
    return text;
  }

  #fresh(prefix: string): string {
    this.#unique += 1;
    return `${prefix}${this.#random.seed}-${this.#unique}`;
  }
}

/** The session has ended, as the client knows from its own doing. */
export function end(tracked: Tracked, expected: Tracked['end']): void {
  tracked.state = 'ended';
  tracked.end = expected;
  tracked.isSwept = false;
}

function sessionOf(reply: HttpReply): Session {
  return (reply.body as { session: Session }).session;
}
