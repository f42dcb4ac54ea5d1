import { allLive, emptyNode, emptyNodeName, openHouse, timeStart } from '../bench-house.ts';
import type { Figure, Row } from '../figure.ts';
import { measurePairs } from '../pairs.ts';

const cases = [
  { count: 3, maxMs: 250 },
  { count: 50, maxMs: 1_500 },
];

/** `kill -9` of the daemon: from the start of the next one to a list in which every session is live. */
export const restart: Figure = {
  name: 'restart',
  async measure({ runs }) {
    const rows: Row[] = [];
    for (const { count, maxMs } of cases) {
      await using house = await openHouse(count);
      const pairs = await measurePairs(
        runs,
        async () => {
          await house.halt('SIGKILL');
          return timeStart(house, async () => allLive(await house.sessions(), count));
        },
        () => emptyNode(house.env),
      );
      rows.push({
        figure: `kill -9, restart: ${count} live sessions listed`,
        ...pairs,
        floorOf: emptyNodeName,
        unit: 'ms',
        target: { of: 'ours', max: maxMs },
      });
    }
    return rows;
  },
};
