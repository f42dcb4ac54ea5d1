import { builtCli } from '@codepiper/testkit/house.ts';
import { emptyNode, emptyNodeName, openHouse, timeNode } from '../bench-house.ts';
import type { Figure, Row } from '../figure.ts';
import { measurePairs } from '../pairs.ts';

const commands = [
  { args: ['--help'], max: 1.3 },
  { args: ['sessions'], max: 1.5 },
  { args: ['doctor'], max: 3 },
];
const count = 50;

/** Whole processes of the command, with 50 live sessions. */
export const cliStart: Figure = {
  name: 'cli-start',
  async measure({ runs }) {
    await using house = await openHouse(count);
    const rows: Row[] = [];
    for (const { args, max } of commands) {
      const pairs = await measurePairs(
        runs,
        () => timeNode([builtCli, ...args], house.env),
        () => emptyNode(house.env),
        4,
      );
      rows.push({
        figure: `codepiper ${args.join(' ')}${args[0] === 'sessions' ? ` (${count} sessions)` : ''}`,
        ...pairs,
        floorOf: emptyNodeName,
        unit: 'ms',
        target: { of: 'ratio', max },
      });
    }
    return rows;
  },
};
