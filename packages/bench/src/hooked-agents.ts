import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { House } from '@codepiper/testkit/house.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import { buildHouse } from './bench-house.ts';

/**
 * Stands in the place of Claude Code in a session's pane: reads the hook of a tool call in the settings it is given,
 * and runs such a command with a call on its stdin, as the agent does, whenever it is told to.
 */
const program = `
const { spawn } = require('node:child_process');
const { readFileSync } = require('node:fs');

const settings = JSON.parse(readFileSync(process.argv[process.argv.indexOf('--settings') + 1], 'utf8'));
const { command } = settings.hooks.PreToolUse[0].hooks[0];
const boss = require('node:net').connect(process.env.BENCH_SOCKET);
const tell = (words) => boss.write(JSON.stringify(words) + '\\n');
const now = () => String(process.hrtime.bigint());

function runHook({ id, command, payload }) {
  const startedAt = now();
  const hook = spawn('/bin/sh', ['-c', command]);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) hook[name].setEncoding('utf8').on('data', (text) => (said[name] += text));
  hook.stdin.on('error', () => {}).end(payload);
  hook.on('close', (code) => tell({ id, code, ...said, startedAt, endedAt: now() }));
}

tell({ session: process.env.CODEPIPER_SESSION, command });
let rest = '';
boss.setEncoding('utf8').on('close', () => process.exit()).on('data', (text) => {
  const lines = (rest + text).split('\\n');
  rest = lines.pop();
  for (const line of lines) runHook(JSON.parse(line));
});
`;

/** How a hook ended. Times are of the machine's monotonic clock, in nanoseconds. */
export interface HookEnd {
  code: number | null;
  stdout: string;
  stderr: string;
  startedAt: bigint;
  endedAt: bigint;
}

/** An agent of a live session, with the hook command that the daemon gave it. */
export interface HookedAgent {
  sessionId: string;
  cwd: string;
  command: string;
  /** Runs a hook below the agent. Default: its own. */
  run(payload: string, command?: string): Promise<HookEnd>;
}

/** A house whose `claude` only runs hooks, and so many sessions of it. */
export interface HookedHouse extends AsyncDisposable {
  house: House;
  agents: readonly HookedAgent[];
  /** Where the figure may keep files. */
  folder: string;
}

/** Opens such a house. What no rule speaks of is asked. `env` is for the daemon alone. */
export async function openHookedHouse(
  count: number,
  env: Readonly<Record<string, string>> = {},
): Promise<HookedHouse> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await makeTempDir()).path;
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(folder, 'agent.cjs'), program);
  await writeFile(join(bin, 'claude'), `#!/bin/sh\nexec '${process.execPath}' '${folder}/agent.cjs' "$@"\n`);
  await chmod(join(bin, 'claude'), 0o755);

  const boss = opened.use(await gather(join(folder, 'boss')));
  const path = `${bin}:/usr/local/bin:/usr/bin:/bin`;
  const house = opened.use(
    await buildHouse({ env: { PATH: path, CODEPIPER_POLICY_DEFAULT: 'ask', ...env } }),
  );
  await house.start();
  const cwd = await house.workDirectory();
  const agents: HookedAgent[] = [];
  for (let made = 0; made < count; made++) {
    const { id } = await house.create({
      provider: 'claude-code',
      cwd,
      trust: true,
      env: { BENCH_SOCKET: boss.path },
    });
    const { command, run } = await waitFor('the agent to be there', () => boss.agents.get(id));
    agents.push({
      sessionId: id,
      cwd,
      command,
      run: (payload, other = command) => run(payload, other),
    });
  }
  const kept = opened.move();
  return { house, agents, folder, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

interface Gathered {
  command: string;
  run(payload: string, command: string): Promise<HookEnd>;
}

/** Takes the agents' words. */
async function gather(path: string) {
  const agents = new Map<string, Gathered>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const ends = new Map<number, PromiseWithResolvers<HookEnd>>();
    let asked = 0;
    let rest = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const words = JSON.parse(line);
        if (words.session === undefined) {
          ends.get(words.id)?.resolve({
            ...words,
            startedAt: BigInt(words.startedAt),
            endedAt: BigInt(words.endedAt),
          });
          ends.delete(words.id);
          continue;
        }
        agents.set(words.session, {
          command: words.command,
          run(payload, command) {
            const end = Promise.withResolvers<HookEnd>();
            const id = asked++;
            ends.set(id, end);
            socket.write(`${JSON.stringify({ id, command, payload })}\n`);
            return end.promise;
          },
        });
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const end of ends.values()) end.reject(new Error('an agent went away while its hook ran'));
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    agents,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let calls = 0;

/** What Claude Code hands to the hook of a shell command that is about to run. */
export function commandPayload({ cwd }: Pick<HookedAgent, 'cwd'>, command: string): string {
  return JSON.stringify({
    session_id: '11111111-1111-4111-8111-111111111111',
    transcript_path: '/home/ada/.claude/projects/-home-ada-app/11111111-1111-4111-8111-111111111111.jsonl',
    cwd,
    prompt_id: 'aeee79fc-ff10-4c90-a8d6-025b0b79e5f7',
    permission_mode: 'default',
    effort: { level: 'medium' },
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_input: { command, description: 'What the command is for' },
    tool_use_id: `toolu_${String(calls++).padStart(24, '0')}`,
  });
}

/** Whether the hook let the tool run. */
export function isAllowed({ code, stdout }: HookEnd): boolean {
  return code === 0 && stdout.includes('"permissionDecision":"allow"');
}
