import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from '@codepiper/core/sessions/delivery.ts';
import type { Session } from '@codepiper/core/sessions/session.ts';
import { makeTempDir } from './temp.ts';
import { waitFor } from './wait.ts';

/** The published command of this checkout. */
export const builtCli = resolve(import.meta.dirname, '../../cli/bin/codepiper.cjs');

/** How long a daemon may take to answer, in milliseconds. */
const startDeadlineMs = 60_000;

export interface HouseOptions {
  /** Environment of the daemon and of the CLI; `createAgentHome().env` for agents. */
  env?: Readonly<Record<string, string>>;
  /** Where state lives; a fresh directory when absent. */
  home?: string;
}

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface HttpReply {
  status: number;
  body: unknown;
  text: string;
}

/** A daemon of ours as its users have it: the built command, its own home, its own tmux server. */
export class House implements AsyncDisposable {
  readonly home: string;
  readonly socket: string;
  readonly tmuxSocket: string;
  readonly env: Record<string, string>;
  readonly #temp: AsyncDisposable;
  #daemon: ChildProcess | null = null;
  #stderr = '';

  private constructor(temp: { path: string } & AsyncDisposable, options: HouseOptions) {
    this.#temp = temp;
    this.home = options.home ?? join(temp.path, 'codepiper');
    this.socket = join(temp.path, 's');
    this.tmuxSocket = `cp-test-${randomBytes(5).toString('hex')}`;
    this.env = {
      HOME: temp.path,
      PATH: '/usr/local/bin:/usr/bin:/bin',
      SHELL: '/bin/bash',
      LANG: 'C.UTF-8',
      // Agents by themselves, with their own rules and prompts; tests of policies say otherwise. A comma alone is an
      // empty list: an empty variable counts as none.
      CODEPIPER_POLICY_SETS: ',',
      CODEPIPER_POLICY_DEFAULT: 'agent',
      ...options.env,
      CODEPIPER_HOME: this.home,
      CODEPIPER_SOCKET: this.socket,
      CODEPIPER_TMUX_SOCKET: this.tmuxSocket,
      CODEPIPER_LOG_LEVEL: 'debug',
    };
  }

  /** Makes the house without starting its daemon. */
  static async build(options: HouseOptions = {}): Promise<House> {
    if (!existsSync(builtCli)) throw new Error(`${builtCli} is not there: run scripts/build first`);
    return new House(await makeTempDir(), options);
  }

  /** Makes the house and starts its daemon. */
  static async open(options: HouseOptions = {}): Promise<House> {
    const house = await House.build(options);
    try {
      await house.start();
      return house;
    } catch (error) {
      await house[Symbol.asyncDispose]();
      throw error;
    }
  }

  get daemonPid(): number | null {
    return this.#daemon?.pid ?? null;
  }

  /** Starts the daemon in the foreground and waits until it answers. */
  async start(): Promise<void> {
    this.#stderr = '';
    const child = spawn(process.execPath, [builtCli, 'daemon', 'start'], {
      env: this.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#daemon = child;
    const deadline = performance.now() + startDeadlineMs;
    while ((await this.http('GET', '/health').catch(() => null))?.status !== 200) {
      const ended = child.exitCode ?? child.signalCode;
      if (ended !== null) throw new Error(`the daemon ended with ${ended}: ${this.#stderr}`);
      if (performance.now() > deadline)
        throw new Error(`the daemon does not answer within ${startDeadlineMs} ms: ${this.#stderr}`);
      await sleep(10);
    }
  }

  /** Ends the daemon with a signal and waits for it. Sessions go on. */
  async halt(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#daemon;
    this.#daemon = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolveEnd) => child.once('exit', resolveEnd));
    child.kill(signal);
    await ended;
  }

  /** Runs the command as a process of its own. */
  async cli(
    args: readonly string[],
    options: { input?: string | Uint8Array; env?: Record<string, string> } = {},
  ): Promise<CliResult> {
    const child = spawn(process.execPath, [builtCli, ...args], {
      env: { ...this.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    const code = await new Promise<number | null>((resolveEnd) => child.once('close', resolveEnd));
    return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
  }

  /** Runs the command, expects exit code 0 and returns what it printed, without the last line break. */
  async run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.cli(args);
    if (code !== 0) throw new Error(`codepiper ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout.replace(/\n$/, '');
  }

  /** One request on the daemon's socket, as any HTTP client would make it. */
  http(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<HttpReply> {
    const payload =
      body === undefined
        ? undefined
        : typeof body === 'string' || Buffer.isBuffer(body)
          ? body
          : JSON.stringify(body);
    return new Promise((resolveReply, reject) => {
      const call = request(
        {
          socketPath: this.socket,
          method,
          path,
          headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        },
        (reply) => {
          const chunks: Buffer[] = [];
          reply.on('data', (chunk: Buffer) => chunks.push(chunk));
          reply.on('error', reject);
          reply.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            resolveReply({ status: reply.statusCode ?? 0, body: parse(text), text });
          });
        },
      );
      call.on('error', reject);
      call.end(payload);
    });
  }

  async session(id: string): Promise<Session> {
    const reply = await this.http('GET', `/sessions/${encodeURIComponent(id)}`);
    if (reply.status !== 200) throw new Error(`no session ${id}: ${reply.text}`);
    return (reply.body as { session: Session }).session;
  }

  async sessions(): Promise<Session[]> {
    return ((await this.http('GET', '/sessions')).body as { sessions: Session[] }).sessions;
  }

  async deliveries(id: string): Promise<Delivery[]> {
    return ((await this.http('GET', `/sessions/${id}/deliveries`)).body as { deliveries: Delivery[] })
      .deliveries;
  }

  /** Creates a session over the API; the fields of the request beside provider and cwd as given. */
  async create(fields: { provider: string; cwd?: string } & Record<string, unknown>): Promise<Session> {
    const reply = await this.http('POST', '/sessions', { cwd: await this.workDirectory(), ...fields });
    if (reply.status !== 201) throw new Error(`not created: ${reply.text}`);
    return (reply.body as { session: Session }).session;
  }

  /** Waits until the session is in the state that `test` looks for, and returns it. */
  async until(
    id: string,
    label: string,
    test: (session: Session) => boolean,
    timeout = 60_000,
  ): Promise<Session> {
    let last: Session | undefined;
    return waitFor(
      `session ${id.slice(0, 8)} to be ${label}`,
      async () => {
        last = await this.session(id);
        if (test(last)) return last;
        throw new Error(`${last.status} ${last.activity} (${last.evidence.source}: ${last.evidence.detail})`);
      },
      { timeout },
    );
  }

  /** What is on the session's screen. */
  async screen(id: string): Promise<string> {
    return ((await this.http('GET', `/sessions/${id}/output`)).body as { output: string }).output;
  }

  /** A directory to work in. */
  async workDirectory(name = 'work'): Promise<string> {
    const path = join(this.home, '..', name);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** Runs tmux against the house's own server; empty when there is none. */
  tmux(...args: string[]): Promise<string> {
    return new Promise((resolveOutput) => {
      const child = spawn('tmux', ['-L', this.tmuxSocket, ...args], {
        env: this.env,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      child.once('close', () => resolveOutput(output.trimEnd()));
    });
  }

  /** The daemon's log so far. */
  async log(): Promise<string> {
    return readFile(join(this.home, 'logs/daemon.log'), 'utf8').catch(() => '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.halt('SIGTERM');
    await this.tmux('kill-server');
    await this.#temp[Symbol.asyncDispose]();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
