import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkWalls } from './walls.ts';

const root = resolve(import.meta.dirname, '..');
const results = join(root, '.cache/vitest.json');

/** What the tests counted. `failed` holds skipped tests too: nothing may be left out silently. */
interface Count {
  passed: number;
  failed: number;
}

/** The part of the test runner's JSON report that is read here. */
interface TestReport {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

let count: Count = { passed: 0, failed: 0 };

// Programs that colour their output whoever reads it are told when it is no person.
const plain = process.stdout.isTTY ? [] : ['--colors=off'];

/** The gates in the order they run, each telling whether it is passed. Whoever knows why not says so. */
const gates: Record<string, () => Promise<boolean>> = {
  types: () => run('tsc', ['-b']),
  lint: () => run('biome', ['ci', '--error-on-warnings', ...plain]),
  walls,
  knip: () => run('knip', ['--no-progress']),
  build: () => run(join(root, 'scripts/build'), []),
  tests,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(gates, name));
if (unknown.length > 0) {
  console.error(`check: unknown gate '${unknown.join("', '")}'; there are ${Object.keys(gates).join(', ')}`);
  process.exitCode = 2;
} else {
  await check(Object.keys(gates).filter((name) => wanted.length === 0 || wanted.includes(name)));
}

async function check(names: string[]): Promise<void> {
  const lines: string[] = [];
  let broken = 0;
  for (const name of names) {
    console.log(`\n── ${name}`);
    const begun = performance.now();
    const passed = await gates[name]?.();
    if (!passed && name !== 'tests') broken += 1;
    if (!passed) process.exitCode = 1;
    const line = `${passed ? 'passed' : 'FAILED'}  ${name}  (${((performance.now() - begun) / 1000).toFixed(1)} s)`;
    console.log(line);
    lines.push(line);
  }
  console.log(`\n── summary\n${lines.join('\n')}`);
  if (names.includes('tests')) console.log(`\n${count.passed} passed, ${count.failed + broken} failed`);
}

async function walls(): Promise<boolean> {
  const { violations, seen, unseen } = await checkWalls(root);
  for (const { rule, comment, from, to } of violations) console.log(`${rule}: ${from} → ${to}\n  ${comment}`);
  for (const file of unseen) console.log(`${file} was not looked at: the checker cannot read it`);
  console.log(`${seen} files, ${violations.length} violations`);
  return seen > 0 && violations.length === 0 && unseen.length === 0;
}

async function tests(): Promise<boolean> {
  await mkdir(join(root, '.cache'), { recursive: true });
  await rm(results, { force: true });
  const passed = await run('vitest', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
  ]);
  const report: TestReport = JSON.parse(await readFile(results, 'utf8').catch(() => '{"testResults":[]}'));
  count = countTests(report);
  if (count.passed === 0) console.log('no test ran');
  return passed && count.failed === 0 && count.passed > 0;
}

/** Counts a report. A file that could not be run is one failure, however many tests it holds. */
function countTests(report: TestReport): Count {
  let passed = 0;
  let failed = 0;
  for (const file of report.testResults) {
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed') passed += 1;
      else failed += 1;
      if (status !== 'passed' && status !== 'failed') console.log(`${status}, counts as failed: ${fullName}`);
    }
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      failed += 1;
      console.log(`could not be run: ${file.name}`);
    }
  }
  return { passed, failed };
}

/** Runs a program in the root, its output ours. */
function run(program: string, args: string[]): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => {
      console.log(`${program} could not be started: ${error.message}`);
      done(false);
    });
    child.once('exit', (code) => done(code === 0));
  });
}
