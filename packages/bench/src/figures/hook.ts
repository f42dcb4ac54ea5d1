import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Figure, Row } from '../figure.ts';
import { commandPayload, type HookEnd, isAllowed, openHookedHouse } from '../hooked-agents.ts';
import { compoundCommand, lastPolicy, manyPolicies, simpleCommand, storePolicies } from '../many-rules.ts';
import { middleOf, tailOf, takePairs } from '../pairs.ts';

/** Pairs for one of `--runs`: a tail needs many. */
const pairsPerRun = 15;
const warmUps = 50;

const allow = {
  hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'allow' },
};

/** Answers every request with the same. */
const constant = `
const answer = process.argv[2];
require('node:http').createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end(answer);
  });
}).listen(process.argv[1], () => console.log('ready'));
`;

/** The hook of a tool call below an agent, from its start to its end; 200 policies of which the last decides. */
export const hook: Figure = {
  name: 'hook',
  async measure({ runs }) {
    await using hooked = await openHookedHouse(1);
    const { house, folder } = hooked;
    const [agent] = hooked.agents;
    if (!agent) throw new Error('there is no agent');
    await mkdir(join(agent.cwd, 'packages/app/src'), { recursive: true });
    await storePolicies(house, [...manyPolicies(), lastPolicy]);
    await using server = await answerAlways(
      join(folder, 'floor.sock'),
      `codepiper 1 answer\n${JSON.stringify(allow)}\n`,
    );
    const sessionFolder = join(house.home, 'sessions', agent.sessionId);
    const floorFolder = join(folder, 'floor');
    await copyDecideFiles(sessionFolder, floorFolder, house.socket, server.path);
    const floorCommand = agent.command.replaceAll(sessionFolder, floorFolder);
    if (floorCommand === agent.command) throw new Error(`no ${sessionFolder} in: ${agent.command}`);

    const rows: Row[] = [];
    let count = 0;
    for (const { label, command } of [
      { label: 'a command', command: simpleCommand },
      { label: 'a compound command', command: compoundCommand },
    ]) {
      const time = async (hookCommand: string) => {
        const end = await agent.run(commandPayload(agent, command(count++)), hookCommand);
        if (!isAllowed(end)) throw new Error(`not allowed (status ${end.code}): ${end.stderr}${end.stdout}`);
        return spent(end);
      };
      const pairs = await takePairs(
        runs * pairsPerRun,
        () => time(agent.command),
        () => time(floorCommand),
        warmUps,
      );
      const common = { floorOf: 'the same hook, constant answer', unit: 'ms' } as const;
      rows.push(
        {
          figure: `hook of ${label}, 200 policies, p50`,
          ...middleOf(pairs),
          ...common,
          target: { of: 'ratio', max: 1.3 },
        },
        {
          figure: `hook of ${label}, 200 policies, p99`,
          ...tailOf(pairs),
          ...common,
          target: { of: 'ratio', max: 1.5 },
        },
      );
    }
    return rows;
  },
};

/** In milliseconds. */
function spent({ startedAt, endedAt }: HookEnd): number {
  return Number(endedAt - startedAt) / 1e6;
}

/** The same files of the hook, for another socket. */
async function copyDecideFiles(from: string, to: string, socket: string, other: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const name of ['decide', 'decide.curl']) {
    const text = await readFile(join(from, name), 'utf8');
    if (!text.includes(socket)) throw new Error(`there is no ${socket} in ${name} of ${dirname(from)}`);
    await writeFile(join(to, name), text.replaceAll(socket, other), { mode: 0o600 });
  }
}

async function answerAlways(path: string, answer: string) {
  const child = spawn(process.execPath, ['-e', constant, path, answer], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    path,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
