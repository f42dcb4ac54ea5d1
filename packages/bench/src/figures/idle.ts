import { setTimeout as sleep } from 'node:timers/promises';
import { createAgentHome } from '@codepiper/testkit/homes.ts';
import type { House } from '@codepiper/testkit/house.ts';
import { startAnthropicServer } from '@codepiper/testkit/model-servers/anthropic.ts';
import { startOpenAiServer } from '@codepiper/testkit/model-servers/openai.ts';
import { type ScratchTmux, scratchTmux } from '@codepiper/testkit/tmux.ts';
import { openHouse, sleeper } from '../bench-house.ts';
import type { Figure, Row } from '../figure.ts';
import { processTree, readProcess, wakeUpsOf } from '../process-stat.ts';

const count = 50;
/** How long is looked at, and how long the house may come to rest before, in milliseconds. */
const windowMs = 20_000;
const settleMs = 3_000;

/** Prints 2,000 lines and then nothing more. */
const talker = [
  'sh',
  '-c',
  `seq -f '%g The agent says something of about this length, as agents do all day long.' 2000; exec ${sleeper.join(' ')}`,
];

/** What 50 sessions cost in which nothing happens; beside a tmux server alone with as many panes. */
export const idle: Figure = {
  name: 'idle',
  async measure({ withAgents }) {
    const rows = await idleShells();
    return withAgents ? [...rows, ...(await idleAgents())] : rows;
  },
};

async function idleShells(): Promise<Row[]> {
  await using house = await openHouse(count, {}, talker);
  await using tmux = scratchTmux();
  for (let made = 0; made < count; made++) {
    await tmux.start(`pane-${made}`, sleeper, { cwd: '/', env: house.env });
  }
  const seen = await look(house, tmux);
  const alone = await lookAtNone();
  const shown = `${count} idle sessions`;
  return [
    cpuRow(`${shown}: CPU of daemon and tmux`, seen),
    forksRow(`${shown}: forks`, seen),
    {
      figure: `${shown}: daemon RSS`,
      ours: seen.rss / 2 ** 20,
      ...noFloor,
      unit: 'MB',
      target: { of: 'ours', max: 120 },
      runs: 1,
    },
    {
      figure: `${shown}: wake-ups of the daemon in a second, beyond those without sessions`,
      ours: Math.max(0, seen.wakeUps - alone.wakeUps),
      ...noFloor,
      unit: 'count',
      target: { of: 'ours', max: 0.5 },
      runs: 1,
      note: `${seen.wakeUps.toFixed(2)} with them, ${alone.wakeUps.toFixed(2)} without, over ${windowMs / 1000} s`,
    },
    {
      figure: `${shown} with 2,000 lines: RSS of the daemon and of tmux for each`,
      ours: (seen.rss - alone.rss + seen.tmuxRss - alone.tmuxRss) / count / 2 ** 20,
      ...noFloor,
      unit: 'MB',
      target: { of: 'ours', max: 2 },
      runs: 1,
      note: `of it ${((seen.rss - alone.rss) / count / 2 ** 20).toFixed(2)} MB in the daemon`,
    },
  ];
}

/** A house without sessions. */
async function lookAtNone(): Promise<Seen> {
  await using house = await openHouse();
  await house.tmux('new-session', '-d', ...sleeper);
  await using tmux = scratchTmux();
  await tmux.start('pane', sleeper, { cwd: '/', env: house.env });
  return await look(house, tmux);
}

async function idleAgents(): Promise<Row[]> {
  await using anthropic = await startAnthropicServer();
  await using openAi = await startOpenAiServer();
  await using home = await createAgentHome({ anthropicUrl: anthropic.url, openAiUrl: openAi.url });
  const cwd = await home.project('demo');
  await using house = await openHouse(0, { env: home.env });
  for (const provider of ['claude-code', 'codex', 'claude-code', 'codex']) {
    const { id } = await house.create({ provider, cwd });
    await house.until(
      id,
      'idle',
      ({ status, activity }) => status === 'running' && activity === 'idle',
      60_000,
    );
  }
  await using tmux = scratchTmux();
  for (let made = 0; made < 4; made++)
    await tmux.start(`pane-${made}`, sleeper, { cwd: '/', env: house.env });
  return [cpuRow('4 idle agents: CPU of daemon and tmux', await look(house, tmux))];
}

interface Seen {
  /** Percent of one core. */
  cpu: { daemon: number; tmux: number; floor: number };
  /** Processes that came or went, as far as they can be counted; 0 is certain. */
  forks: number;
  rss: number;
  tmuxRss: number;
  /** Wake-ups of the daemon in a second. */
  wakeUps: number;
}

async function look(house: House, floor: ScratchTmux): Promise<Seen> {
  const daemon = house.daemonPid;
  if (daemon === null) throw new Error('the daemon does not run');
  const tmux = [
    Number(await house.tmux('display-message', '-p', '#{pid}')),
    ...(await house.tmux('list-clients', '-F', '#{client_pid}')).split('\n').map(Number),
  ];
  const floorPid = Number(await floor.run('display-message', '-p', '#{pid}'));
  await sleep(settleMs);
  const cpu = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + (readProcess(pid)?.cpuMs ?? 0), 0);
  const take = () => ({
    at: performance.now(),
    daemon: cpu([daemon]),
    tmux: cpu(tmux),
    floor: cpu([floorPid]),
    tree: processTree([daemon, ...tmux]),
    wakeUps: wakeUpsOf(daemon),
  });
  const before = take();
  await sleep(windowMs);
  const after = take();
  const percent = (key: 'daemon' | 'tmux' | 'floor') =>
    ((after[key] - before[key]) / (after.at - before.at)) * 100;
  return {
    cpu: { daemon: percent('daemon'), tmux: percent('tmux'), floor: percent('floor') },
    forks: comeAndGone(before.tree, after.tree),
    rss: readProcess(daemon)?.rss ?? 0,
    tmuxRss: readProcess(tmux[0] ?? 0)?.rss ?? 0,
    wakeUps: ((after.wakeUps - before.wakeUps) / (after.at - before.at)) * 1000,
  };
}

/** New processes in the tree, and old ones whose waited-for children have become more. */
function comeAndGone(before: ReturnType<typeof processTree>, after: ReturnType<typeof processTree>): number {
  const known = new Map(before.map((process) => [process.pid, process]));
  return after.filter(({ pid, childFaults }) => known.get(pid)?.childFaults !== childFaults).length;
}

const noFloor = { floor: null, floorOf: null, ratio: null };

function cpuRow(figure: string, { cpu }: Seen): Row {
  return {
    figure,
    ours: cpu.daemon + cpu.tmux,
    floor: cpu.floor,
    floorOf: 'a tmux server with as many panes',
    ratio: null,
    unit: '%',
    target: { of: 'ours', max: 0.5 },
    runs: 1,
    note: `daemon ${cpu.daemon.toFixed(2)} %, tmux ${cpu.tmux.toFixed(2)} % of a core over ${windowMs / 1000} s`,
  };
}

function forksRow(figure: string, { forks }: Seen): Row {
  return { figure, ours: forks, ...noFloor, unit: 'count', target: { of: 'ours', max: 0 }, runs: 1 };
}
