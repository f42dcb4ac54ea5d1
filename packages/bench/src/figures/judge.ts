import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { CallPlace, ToolCall } from '@codepiper/core/policies/call.ts';
import { compilePolicies } from '@codepiper/core/policies/compile.ts';
import { decompose } from '@codepiper/core/policies/decompose.ts';
import { judge as judgeCall } from '@codepiper/core/policies/judge.ts';
import type { Policy } from '@codepiper/core/policies/policy.ts';
import type { Figure } from '../figure.ts';
import { compoundCommand, lastPolicy, manyPolicies } from '../many-rules.ts';
import { middleOf, percentile99, tailOf, takePairs } from '../pairs.ts';
import { waitedForCore } from '../process-stat.ts';

/** Pairs for one of `--runs`. */
const pairsPerRun = 250;
const warmUps = 1000;

const home = '/home/ada';
const workspace = `${home}/app`;
/** No file system is looked at. */
const place: CallPlace = { cwd: workspace, workspace, home, realPath: (path) => path };

/** Taking a compound command apart and judging it by 1,000 rules, within one process. */
export const judge: Figure = {
  name: 'judge',
  async measure({ runs }) {
    const parse = await shellParser();
    const compiled = compilePolicies([...manyPolicies(), lastPolicy].map(asStored));
    let count = 0;
    const timed: Timed[] = [];
    const pairs = await takePairs(
      runs * pairsPerRun,
      () => {
        const call = shellCall(compoundCommand(count++));
        const { result, ...spent } = time(() => {
          const parts = decompose(call, place);
          const verdict = judgeCall({
            compiled,
            parts,
            call,
            session: { id: '3fa2b1c0-1111-4222-8333-444455556666', name: null },
            place,
            defaultAction: 'ask',
            dangerous: false,
            now: Date.now(),
          });
          return { action: verdict.action, parts: parts.parts.length };
        });
        if (result.action !== 'allow' || result.parts < 6) throw new Error(JSON.stringify(result));
        timed.push(spent);
        return spent.all;
      },
      () => {
        const command = compoundCommand(count++);
        return time(() => parse(command)).all;
      },
      warmUps,
    );
    const counted = timed.slice(-pairs.length);
    const common = {
      floorOf: 'the command parsed',
      unit: 'µs',
      target: { of: 'ours', max: 1000 },
    } as const;
    const tail = tailOf(pairs);
    const own = percentile99(counted.map((one) => one.own));
    return [
      {
        figure: 'judge a compound command by 1,000 rules, p99',
        ...tail,
        ...common,
        note: `p50 ${middleOf(pairs).ours.toFixed(0)} µs; 5 commands and a file that is written`,
      },
      {
        figure: 'judge: the same without waiting for a core, p99',
        ...tail,
        ...common,
        ours: own,
        ratio: own / tail.floor,
      },
    ];
  },
};

/** Microseconds: by the clock, and without those in which there was no core for us. */
interface Timed {
  all: number;
  own: number;
}

function time<T>(work: () => T): Timed & { result: T } {
  const waited = waitedForCore();
  const started = performance.now();
  const result = work();
  const all = (performance.now() - started) * 1000;
  return { result, all, own: all - (waitedForCore() - waited) * 1000 };
}

/** The parser that core uses. */
async function shellParser(): Promise<(text: string) => unknown> {
  const core = createRequire(new URL('../../../core/package.json', import.meta.url));
  const { parse } = await import(pathToFileURL(core.resolve('unbash')).href);
  return parse;
}

function shellCall(command: string): ToolCall {
  return { tool: 'Bash', kind: 'shell', input: { command }, command, files: [], url: null, mcp: null };
}

function asStored(policy: ReturnType<typeof manyPolicies>[number], index: number): Policy {
  const at = new Date(index).toISOString();
  return {
    ...policy,
    id: `policy-${index}`,
    description: null,
    enabled: true,
    scope: 'global',
    sessionId: null,
    source: 'user',
    createdAt: at,
    updatedAt: at,
    expiresAt: null,
  };
}
