import { appendFileSync, mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { House } from '@codepiper/testkit/house.ts';
import { waitFor } from '@codepiper/testkit/wait.ts';
import type { Figure } from '../figure.ts';
import { openHookedHouse } from '../hooked-agents.ts';
import { median, percentile99 } from '../pairs.ts';

/** Lines for one of `--runs`: a tail needs many. */
const linesPerRun = 25;
/** Between two lines, in milliseconds: an agent is never quicker. */
const pauseMs = 20;

/** From a line's end being written by the agent to its entry at a reader of the session's stream. */
export const append: Figure = {
  name: 'append',
  async measure({ runs }) {
    await using hooked = await openHookedHouse(1);
    const { house } = hooked;
    const [agent] = hooked.agents;
    if (!agent) throw new Error('there is no agent');
    const { providerSession } = (await house.session(agent.sessionId)).metadata;
    const conversation = providerSession.id;
    if (conversation === null) throw new Error('the session has no conversation');
    const folder = join(house.env.HOME ?? '', '.claude/projects/-work');
    mkdirSync(folder, { recursive: true });
    const transcript = join(folder, `${conversation}.jsonl`);

    const write = (number: number) => appendFileSync(transcript, line(conversation, number));
    write(0);
    const arrived = new Map<number, number>();
    using _stream = openStream(house, agent.sessionId, (number) => arrived.set(number, performance.now()));
    await waitFor('the transcript to be found', () => arrived.has(0), { timeout: 60_000 });
    const delays: number[] = [];
    for (let number = 1; number <= runs * linesPerRun; number += 1) {
      const before = performance.now();
      write(number);
      await waitFor(`line ${number} to arrive`, () => arrived.has(number), { interval: 1 });
      delays.push((arrived.get(number) ?? Number.NaN) - before);
      await sleep(pauseMs);
    }
    return [
      {
        figure: 'line appended by the agent to the event at an SSE client, p99',
        ours: percentile99(delays),
        ...{ floor: null, floorOf: null, ratio: null },
        unit: 'ms',
        target: { of: 'ours', max: 50 },
        runs: delays.length,
        note: `p50 ${median(delays).toFixed(1)} ms`,
      },
    ];
  },
};

function line(sessionId: string, number: number): string {
  const message = {
    ...{ id: `msg_${number}`, type: 'message', role: 'assistant', model: 'claude-opus-5-5' },
    content: [{ type: 'text', text: `line ${number} of what the model says while it works on parseConfig` }],
    usage: { input_tokens: 10, output_tokens: 20, cache_read_input_tokens: 1000 },
  };
  const common = { parentUuid: null, isSidechain: false, uuid: `uuid-${number}`, cwd: '/work', sessionId };
  const timestamp = new Date(1_790_000_000_000 + number * 1000).toISOString();
  return `${JSON.stringify({ ...common, timestamp, type: 'assistant', requestId: `req_${number}`, message })}\n`;
}

/** Tells the numbers of the lines whose entries come. */
function openStream(house: House, session: string, arrived: (line: number) => void): Disposable {
  const path = `/sessions/${session}/conversation/stream?since=0`;
  const asked = request({ socketPath: house.socket, path }, (reply) => {
    let rest = '';
    reply.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const each of lines) {
        const found = each.startsWith('data:') ? /line (\d+) of what/.exec(each) : null;
        if (found) arrived(Number(found[1]));
      }
    });
  });
  asked.on('error', () => undefined).end();
  return { [Symbol.dispose]: () => void asked.destroy() };
}
