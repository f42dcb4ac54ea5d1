import { buildHouse, emptyNode, emptyNodeName, timeStart } from '../bench-house.ts';
import type { Figure } from '../figure.ts';
import { measurePairs } from '../pairs.ts';

/** A daemon without sessions, in a home it has been in before: from the start to the first answer. */
export const daemonStart: Figure = {
  name: 'daemon-start',
  async measure({ runs }) {
    await using house = await buildHouse();
    const isHealthy = async () => (await house.http('GET', '/health')).status === 200;
    const pairs = await measurePairs(
      runs,
      async () => {
        const spent = await timeStart(house, isHealthy);
        await house.halt('SIGTERM');
        return spent;
      },
      () => emptyNode(house.env),
    );
    return [
      {
        figure: 'daemon ready after start, warm',
        ...pairs,
        floorOf: emptyNodeName,
        unit: 'ms',
        target: { of: 'ours', max: 300 },
      },
    ];
  },
};
