import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { House } from '@codepiper/testkit/house.ts';
import { makeTempDir } from '@codepiper/testkit/temp.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Figure, Row } from '../figure.ts';
import {
  commandPayload,
  type HookEnd,
  type HookedAgent,
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
    const { house, agents } = hooked;
    await storePolicies(house, manyPolicies());

    const asking: Looks = { ours: [], floor: [] };
    const answering: Looks = { ours: [], floor: [] };
    const wentOn: number[] = [];
    const asked: number[] = [];
    let refused = 0;
    const rounds = Math.max(fewestRounds, Math.ceil(runs * roundsPerRun));
    const watch = async (looks: Looks, work: () => Promise<void>) => {
      const floor: Look[][] = [];
      const ours = await loop.during(async () => {
        floor.push(await idle.loop.during(work));
      });
      looks.ours.push(...ours);
      looks.floor.push(...floor.flat());
    };
    for (let round = 0; round < rounds + warmUps; round++) {
      // What the warm-ups said is forgotten.
      if (round === warmUps) {
        for (const list of [asking.ours, asking.floor, answering.ours, answering.floor, wentOn, asked])
          list.length = 0;
      }
      let ends: Promise<HookEnd>[] = [];
      let waiting: Approval[] = [];
      const started = performance.now();
      await watch(asking, async () => {
        ends = agents.map((agent) => agent.run(call(agent, round)));
        waiting = await allPending(house);
      });
      asked.push(performance.now() - started);
      if (round % 2 === 0) {
        await watch(answering, async () => {
          await Promise.all(waiting.map((approval) => approve(house, approval)));
          await Promise.all(ends);
        });
      } else {
        for (const approval of waiting) {
          const end = ends[agents.findIndex(({ sessionId }) => sessionId === approval.sessionId)];
          const answeredAt = process.hrtime.bigint();
          await approve(house, approval);
          const endedAt = (await end)?.endedAt;
          if (endedAt !== undefined) wentOn.push(Number(endedAt - answeredAt) / 1e6);
        }
      }
      for (const end of await Promise.all(ends)) refused += isAllowed(end) ? 0 : 1;
    }
    return [
      {
        ...common,
        figure: `${sessions} sessions ask at once: hooks that were not answered "allow"`,
        ours: refused,
        unit: 'count',
        target: { of: 'ours', max: 0 },
        runs: rounds,
        note: `all of them were asked about after ${median(asked).toFixed(0)} ms`,
      },
      ...delayRows(`${sessions} sessions ask at once`, asking),
      ...delayRows(`${sessions} sessions are answered at once`, answering),
      {
        ...common,
        figure: 'approve sent to the hook ended, p99',
        ours: percentile99(wentOn),
        unit: 'ms',
        target: { of: 'ours', max: 50 },
        runs: wentOn.length,
        note: `p50 ${median(wentOn).toFixed(1)} ms; one after another, while the other sessions wait`,
      },
    ];
  },
};

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
  const ours = delaysOf(looks.ours);
  const floor = delaysOf(looks.floor);
  const rest = {
    floorOf: 'a node that does nothing',
    unit: 'ms',
    target: { of: 'ours', max: 20 },
    runs: looks.ours.length,
  } as const;
  return [
    {
      ...rest,
      figure: `${when}: event-loop delay, p99`,
      ours: ours.all,
      floor: floor.all,
      ratio: ours.all / floor.all,
    },
    {
      ...rest,
      figure: `${when}: the same without waiting for a core, p99`,
      ours: ours.own,
      floor: floor.own,
      ratio: ours.own / floor.own,
      note: `longest ${ours.longestOwn.toFixed(1)} ms; each holds the millisecond between two looks`,
    },
  ];
}
