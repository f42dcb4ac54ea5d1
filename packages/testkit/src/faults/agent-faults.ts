import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { type AgentHome, createAgentHome } from '../homes.ts';
import { House } from '../house.ts';
import { startAnthropicServer } from '../model-servers/anthropic.ts';
import { startOpenAiServer } from '../model-servers/openai.ts';
import type { ModelServer } from '../model-servers/server.ts';
import { waitFor } from '../wait.ts';
import { attempt, type Call, errorCode, show } from './calls.ts';
import { SeededRandom } from './random.ts';
import type { FaultOptions, FaultReport } from './shell-faults.ts';
import { disagreements, leftProcesses, startForeigner } from './truth.ts';

export interface AgentFaultOptions extends FaultOptions {
  provider: 'claude-code' | 'codex';
}

/** Longest pause between sending a request and killing the daemon, in milliseconds: an agent takes a prompt slowly. */
const longestPauseMs = 700;
const settleMs = 40_000;

/**
 * Kills the daemon while the real agent starts, is given prompts, is stopped, resumed and forked, and checks that
 * every prompt reached the model exactly once.
 * @throws Error with the seed and what is wrong
 */
export async function runAgentFaults(options: AgentFaultOptions): Promise<FaultReport> {
  const isClaude = options.provider === 'claude-code';
  await using model = await (isClaude ? startAnthropicServer() : startOpenAiServer());
  await using agentHome = await createAgentHome({ [isClaude ? 'anthropicUrl' : 'openAiUrl']: model.url });
  await using house = await House.open({ env: agentHome.env });
  return await new AgentFaults(house, model, agentHome, options).run();
}

type Step = 'send' | 'queue' | 'stop' | 'resume' | 'fork' | 'kill';

class AgentFaults {
  readonly #house: House;
  readonly #model: ModelServer;
  readonly #home: AgentHome;
  readonly #options: AgentFaultOptions;
  readonly #random: SeededRandom;
  readonly #report: FaultReport = { points: 0, cut: 0, counts: {} };
  readonly #sent: string[] = [];
  readonly #trace: string[] = [];
  #texts = 0;
  /** The session under test. */
  #id = '';
  #isLive = false;

  constructor(house: House, model: ModelServer, home: AgentHome, options: AgentFaultOptions) {
    this.#house = house;
    this.#model = model;
    this.#home = home;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<FaultReport> {
    const house = this.#house;
    const foreigner = await startForeigner(house, 'somebody-else');
    try {
      await this.#point(await this.#start());
      while (this.#report.points < this.#options.points) {
        await this.#point(this.#next());
        const settled = async () => {
          const problems = await disagreements(house, await house.sessions(), foreigner);
          if (!this.#isLive) problems.push(...leftProcesses([this.#id]));
          return problems.length === 0 || Promise.reject(new Error(problems.join('\n')));
        };
        await waitFor('sessions, tmux and processes to agree', settled, { timeout: settleMs });
        this.#options.onPoint?.(this.#report.points);
      }
    } catch (error) {
      throw new Error(await this.#describe(error), { cause: error });
    }
    return this.#report;
  }

  async #start(): Promise<Call> {
    const cwd = await this.#home.project('demo');
    const body = { provider: this.#options.provider, cwd, name: 'first', prompt: this.#text() };
    return this.#call('start', 'POST', '/sessions', body, (reply, isRetry) => {
      this.#isLive = true;
      if (reply.status === 201) this.#id = (reply.body as { session: Session }).session.id;
      else if (!isRetry || errorCode(reply) !== 'name_taken') return show(reply);
      else this.#id = 'first';
      return null;
    });
  }

  #next(): Call {
    const step = this.#random.weighted<Step>(
      this.#isLive
        ? { send: 4, queue: 2, stop: 1.5, kill: 0.5, fork: 1, resume: 0 }
        : { resume: 1, send: 0, queue: 0, stop: 0, kill: 0, fork: 0 },
    );
    const path = `/sessions/${this.#id}`;
    switch (step) {
      case 'send':
      case 'queue': {
        // A prompt right behind another has to wait in the queue for the first one's turn to end.
        const body = { text: this.#text(), idempotencyKey: `key ${this.#texts}`, waitMs: 0 };
        return this.#call('send', 'POST', `${path}/send`, body, (reply) =>
          reply.status === 200 ? null : show(reply),
        );
      }
      case 'stop':
      case 'kill':
        return this.#call(step, 'POST', `${path}/${step}`, step === 'stop' ? {} : undefined, (reply) => {
          this.#isLive = false;
          return reply.status === 200 ? null : show(reply);
        });
      case 'resume':
        return this.#call('resume', 'POST', `${path}/resume`, {}, (reply, isRetry) => {
          this.#isLive = true;
          return reply.status === 200 || (isRetry && errorCode(reply) === 'session_live')
            ? null
            : show(reply);
        });
      case 'fork': {
        const name = `fork-${this.#report.points}`;
        return this.#call(
          'fork',
          'POST',
          `${path}/fork`,
          { name, prompt: this.#text() },
          (reply, isRetry) => {
            if (reply.status === 201) return null;
            // The first request was carried out.
            return isRetry && errorCode(reply) === 'name_taken' ? null : show(reply);
          },
        );
      }
    }
  }

  async #point(call: Call): Promise<void> {
    const answer = attempt(this.#house, call);
    // Short ones cut off the request, long ones what becomes of it.
    const pause = this.#random.next() ** 4 * longestPauseMs;
    await sleep(pause);
    await this.#house.halt('SIGKILL');
    this.#report.points += 1;
    let reply = await answer;
    this.#trace.push(`${call.label} -> ${reply?.status ?? 'cut'}, killed after ${pause.toFixed(1)} ms`);
    const isRetry = reply === null;
    await this.#house.start();
    if (isRetry) {
      this.#report.cut += 1;
      reply = await attempt(this.#house, call);
      this.#trace.push(`again: ${reply?.status ?? 'cut'}`);
    }
    const problem = reply ? call.settle(reply, isRetry) : 'the running daemon broke the connection';
    if (problem !== null) throw new Error(`${call.label}: ${problem}`);
    await this.#settle();
  }

  /** Every prompt is with the model, once; then agents that were started for a fork are ended. */
  async #settle(): Promise<void> {
    const arrived = () => {
      const seen = this.#model.prompts().map((prompt) => prompt.trim());
      const wrong = this.#sent.filter((text) => seen.filter((prompt) => prompt === text).length !== 1);
      return (
        wrong.length === 0 ||
        Promise.reject(new Error(`not once: ${wrong.join(', ')}; seen: ${seen.join(', ')}`))
      );
    };
    await waitFor('every prompt to be with the model once', arrived, { timeout: settleMs });
    const house = this.#house;
    for (const session of await house.sessions()) {
      if (session.endedAt !== null) continue;
      const isIdle = (one: Session) => one.activity === 'idle';
      await house.until(session.id, 'idle', isIdle, settleMs);
      if (session.name !== 'first') await house.run('kill', session.id);
    }
    const first = await house.session(this.#id);
    if ((first.endedAt === null) !== this.#isLive) throw new Error(`the session is ${first.status}`);
    if (this.#isLive) return;
    // How it ended is known, whoever asked for it.
    if (first.status !== 'stopped' || first.exitCode === null) {
      throw new Error(`stopped, but it is ${first.status}, ${first.exitCode} (${first.evidence.detail})`);
    }
  }

  #call(
    verb: keyof FaultReport['counts'],
    method: string,
    path: string,
    body: unknown,
    settle: Call['settle'],
  ): Call {
    this.#report.counts[verb] = (this.#report.counts[verb] ?? 0) + 1;
    return { label: `${verb} ${JSON.stringify(body ?? {})}`, method, path, body, settle };
  }

  #text(): string {
    this.#texts += 1;
    const text = `prompt ${this.#options.seed}-${this.#texts}`;
    this.#sent.push(text);
    return text;
  }

  async #describe(error: unknown): Promise<string> {
    const { provider, seed } = this.#options;
    const what = error instanceof Error ? error.message : String(error);
    const house = this.#house;
    const live = (await house.sessions().catch(() => [])).filter(({ endedAt }) => endedAt === null);
    const sessions = live.map(async ({ id, name, status, activity, evidence }) => {
      const deliveries = (await house.deliveries(id))
        .slice(0, 2)
        .map((one) => `${one.status} ${one.preview}`);
      const state = `${name}: ${status} ${activity} (${evidence.source}: ${evidence.detail}), ${deliveries.join(', ')}`;
      return `${state}\n${await house.screen(id)}`;
    });
    const screens = await Promise.all(sessions).catch((failure) => [`no sessions to show: ${failure}`]);
    const log = (await house.log()).split('\n').slice(-20).join('\n');
    const head = `${provider}, seed ${seed}, point ${this.#report.points}: ${what}`;
    return [head, 'The points:', ...this.#trace, 'The sessions:', ...screens, 'The log:', log].join('\n');
  }
}
