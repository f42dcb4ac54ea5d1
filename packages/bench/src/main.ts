import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Figure, holds, type Row } from './figure.ts';
import { analytics } from './figures/analytics.ts';
import { append } from './figures/append.ts';
import { approvals } from './figures/approvals.ts';
import { auditVerify } from './figures/audit-verify.ts';
import { busy } from './figures/busy.ts';
import { cliStart } from './figures/cli-start.ts';
import { create } from './figures/create.ts';
import { daemonStart } from './figures/daemon-start.ts';
import { hook } from './figures/hook.ts';
import { idle } from './figures/idle.ts';
import { ingest } from './figures/ingest.ts';
import { judge } from './figures/judge.ts';
import { pageFigures } from './figures/page.ts';
import { restart } from './figures/restart.ts';
import { screens } from './figures/screens.ts';
import { search } from './figures/search.ts';
import { send } from './figures/send.ts';
import { size } from './figures/size.ts';
import { snapshot } from './figures/snapshot.ts';
import { stream } from './figures/stream.ts';
import { viewerFigures } from './figures/viewer.ts';
import { toJson, toTable } from './report.ts';

const figures: readonly Figure[] = [
  cliStart,
  daemonStart,
  idle,
  create,
  restart,
  send,
  hook,
  judge,
  ingest,
  append,
  approvals,
  auditVerify,
  analytics,
  search,
  snapshot,
  screens,
  size,
  stream,
  busy,
  ...viewerFigures,
  ...pageFigures,
];

const usage = `Usage: scripts/bench [name…] [options]
Measures ours beside its floor in the same run. Names: ${figures.map(({ name }) => name).join(', ')}
  --only <name>  the same as a name
  --runs <n>     runs of each side (default 20)
  --agents       idle real agents too
  --json         as JSON
  --strict       exit code 1 when a target is missed
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      runs: { type: 'string', default: '20' },
      agents: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs is "${values.runs}"; it must be 1 or more`);
  const chosen = choose([...positionals, ...values.only]);
  const rows: Row[] = [];
  for (const figure of chosen) {
    if (process.stderr.isTTY) process.stderr.write(`measuring ${figure.name} …\n`);
    rows.push(...(await figure.measure({ runs, withAgents: values.agents })));
  }
  const machine = { node: process.versions.node, cpus: cpus().length, cpu: cpus()[0]?.model ?? 'unknown' };
  process.stdout.write(values.json ? toJson(rows, machine) : toTable(rows, process.stdout.isTTY === true));
  return values.strict && rows.some((row) => holds(row) === false) ? 1 : 0;
}

function choose(names: readonly string[]): readonly Figure[] {
  const unknown = names.find((name) => !figures.some((figure) => figure.name === name));
  if (unknown !== undefined) {
    throw new Error(
      `there is no figure "${unknown}"; there are ${figures.map(({ name }) => name).join(', ')}`,
    );
  }
  return names.length === 0 ? figures : figures.filter(({ name }) => names.includes(name));
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
