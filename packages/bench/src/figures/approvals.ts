import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { House } from '@codepiper/testkit/house.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Figure, Row } from '../figure.ts';
import {
  commandPayload,
  type HookEnd,
  type HookedAgent,
  type HookedHouse,
  isAllowed,
  openHookedHouse,
} from '../hooked-agents.ts';
import { delaysOf, idleLoop, type Look, LoopProbe } from '../loop-delay.ts';
import { manyPolicies, storePolicies } from '../many-rules.ts';
import { median, percentile99 } from '../pairs.ts';

const sessions = 50;
/** Rounds in which all sessions ask, for one of `--runs`; and the least. */
const roundsPerRun = 0.25;
const fewestRounds = 4;
/** Rounds that are thrown away: one of each kind. */
const warmUps = 2;
/** How often it is looked whether all have asked, in milliseconds: as often as a person's `--watch` would at most. */
const lookMs = 100;

/** 50 agents that ask a person at the same time, and go on when they are answered. */
export const approvals: Figure = {
  name: 'approvals',
  async measure({ runs }) {
    await using folder = await makeTempDir();
    const loop = await LoopProbe.prepare(folder.path, 'daemon');
    await using idle = await idleLoop(folder.path);
    await using hooked = await openHookedHouse(sessions, loop.env);
    const { house } = hooked;
    await storePolicies(house, manyPolicies());

    const rounds = Math.max(fewestRounds, Math.ceil(runs * roundsPerRun));
    const found = await ask(hooked, loop, idle.loop, rounds);
    return [
      {
        ...common,
        figure: `${sessions} sessions ask at once: hooks that were not answered "allow"`,
        ours: found.refused,
        unit: 'count',
        target: { of: 'ours', max: 0 },
        runs: rounds,
        note: `all of them were asked about after ${median(found.asked).toFixed(0)} ms`,
      },
      ...delayRows(`${sessions} sessions ask at once`, found.asking),
      ...delayRows(`${sessions} sessions are answered at once`, found.answering),
      {
        ...common,
        figure: 'approve sent to the hook ended, p99',
        ours: percentile99(found.wentOn),
        unit: 'ms',
        target: { of: 'ours', max: 50 },
        runs: found.wentOn.length,
        note: `p50 ${median(found.wentOn).toFixed(1)} ms; one after another, while the other sessions wait`,
      },
    ];
  },
};

/** What is found while all sessions ask and are answered, some times over. */
interface Found {
  asking: Looks;
  answering: Looks;
  /** From an approval to the end of its hook, in milliseconds. */
  wentOn: number[];
  /** Until all have asked, in milliseconds. */
  asked: number[];
  refused: number;
}

async function ask({ house, agents }: HookedHouse, loop: LoopProbe, idle: LoopProbe, rounds: number) {
  const empty = (): Found => ({
    asking: { ours: [], floor: [] },
    answering: { ours: [], floor: [] },
    wentOn: [],
    asked: [],
    refused: 0,
  });
  const watch = async (looks: Looks, work: () => Promise<void>) => {
    const floor: Look[][] = [];
    const ours = await loop.during(async () => {
      floor.push(await idle.during(work));
    });
    looks.ours.push(...ours);
    looks.floor.push(...floor.flat());
  };
  let found = empty();
  for (let round = 0; round < rounds + warmUps; round++) {
    // What the warm-ups said is forgotten.
    if (round === warmUps) found = { ...empty(), refused: found.refused };
    let ends: Promise<HookEnd>[] = [];
    let waiting: Approval[] = [];
    const started = performance.now();
    await watch(found.asking, async () => {
      ends = agents.map((agent) => agent.run(call(agent, round)));
      waiting = await allPending(house);
    });
    found.asked.push(performance.now() - started);
    if (round % 2 === 0) {
      await watch(found.answering, async () => {
        await Promise.all(waiting.map((approval) => approve(house, approval)));
        await Promise.all(ends);
      });
    } else {
      for (const approval of waiting) {
        const end = ends[agents.findIndex(({ sessionId }) => sessionId === approval.sessionId)];
        const answeredAt = process.hrtime.bigint();
        await approve(house, approval);
        const endedAt = (await end)?.endedAt;
        if (endedAt !== undefined) found.wentOn.push(Number(endedAt - answeredAt) / 1e6);
      }
    }
    for (const end of await Promise.all(ends)) found.refused += isAllowed(end) ? 0 : 1;
  }
  return found;
}

const common = { floor: null, floorOf: null, ratio: null } as const;

/** At the daemon's event loop, and at that of a node that does nothing, at the same time. */
interface Looks {
  ours: Look[];
  floor: Look[];
}

/** A command no rule speaks of. */
function call(agent: HookedAgent, round: number): string {
  const name = agent.sessionId.slice(0, 8);
  return commandPayload(agent, `./deploy.sh --stage ${name}-${round} && git push origin ${name}`);
}

function allPending(house: House): Promise<Approval[]> {
  return waitFor(
    'every session to have asked',
    async () => {
      const { body } = await house.http('GET', '/approvals?limit=1000');
      const { approvals: found } = body as { approvals: Approval[] };
      return found.length === sessions && found;
    },
    { timeout: 60_000, interval: lookMs },
  );
}

async function approve(house: House, { id }: Approval): Promise<void> {
  const { status, text } = await house.http('POST', `/approvals/${id}/approve`, {});
  if (status !== 200) throw new Error(`not approved: ${text}`);
}

function delayRows(when: string, looks: Looks): Row[] {
  const [ours, floor] = [delaysOf(looks.ours), delaysOf(looks.floor)];
  const row = (figure: string, p99: number, floorP99: number, note: string): Row => ({
    figure: `${when}: ${figure}`,
    ours: p99,
    floor: floorP99,
    floorOf: 'a node that does nothing',
    ratio: p99 / floorP99,
    unit: 'ms',
    target: { of: 'ours', max: 20 },
    runs: looks.ours.length,
    note,
  });
  return [
    row(
      'event-loop delay, p99',
      ours.all,
      floor.all,
      'the machine has its part in it: a node that does nothing waits for a core as well',
    ),
    row(
      'the same without the wait for a core, p99',
      ours.own,
      floor.own,
      `longest ${ours.longestOwn.toFixed(1)} ms; each holds the millisecond between two looks`,
    ),
  ];
}
