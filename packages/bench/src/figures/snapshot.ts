import { textAt } from '@codepiper/daemon/terminals/screen/row.ts';
import { Screen } from '@codepiper/daemon/terminals/screen/screen.ts';
import { agentLog } from '../agent-log.ts';
import type { Figure, Row } from '../figure.ts';
import { middleOf, takePairs } from '../pairs.ts';

const size = { cols: 120, rows: 40 };
const warmUps = 5;
/** Lines of history. */
const histories = [2000, 10_000] as const;
/** Against the plain text; at an idle machine that leaves half of the 100 ms a viewer may wait for 10,000 lines. */
const target = { of: 'ratio', max: 2.5 } as const;

/** A snapshot of a screen with a history like an agent's, beside the same cells as plain text. */
export const snapshot: Figure = {
  name: 'snapshot',
  async measure({ runs }) {
    const rows: Row[] = [];
    for (const lines of histories) {
      using screen = new Screen({ ...size, scrollback: lines });
      screen.write(agentLog(lines + size.rows));
      let ours = 0;
      let floor = 0;
      const pairs = await takePairs(
        runs,
        () => time(() => (ours = screen.snapshot({ lines }).data.length)),
        () => time(() => (floor = plainText(screen).length)),
        warmUps,
      );
      const floorOf = 'the same cells as plain text';
      const figure = `snapshot, ${lines.toLocaleString('en')} lines of history`;
      const bytes = { ours: ours / 1024, floor: floor / 1024, ratio: ours / floor, runs: 1 };
      rows.push(
        { figure, ...middleOf(pairs), floorOf, unit: 'ms', target },
        { figure: `${figure}: size`, ...bytes, floorOf, unit: 'kB', target: null },
      );
    }
    return rows;
  },
};

function time(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

function plainText({ core }: Screen): Uint8Array {
  const { lines } = core.buffers.active;
  let text = '';
  for (let index = 0; index < lines.length; index++) {
    const line = lines.get(index);
    let printed = '';
    for (let col = 0; line && col < line.length; col++) printed += textAt(line, col) || ' ';
    text += `${printed.trimEnd()}\n`;
  }
  return new TextEncoder().encode(text);
}
