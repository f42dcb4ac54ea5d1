import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { exitCodes } from '@codepiper/core/errors.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import type { TrailReport } from '@codepiper/daemon/audit/verify.ts';
import type { Context } from '../context.ts';
import { homeDatabase } from '../home-database.ts';
import { clean } from '../output.ts';
import { UsageError } from '../usage-error.ts';

/** Below this many entries it is over before a person wonders. */
const worthTelling = 100_000;

/** Reads the database in this process: it needs no daemon, and would not believe one. */
export async function verify(context: Context): Promise<number> {
  const { input, io, isJson } = context;
  const expected = readExpected(input.text('expect'));
  const database = await findDatabase(context);
  if (database === ':memory:') {
    throw new UsageError('The database is kept in memory (dbPath is :memory:); there is no file to verify.');
  }
  if (!existsSync(database)) {
    throw new Error(`There is no database at ${database}; give its file: codepiper audit verify --db <path>`);
  }
  const { verifyTrail } = await import('@codepiper/daemon/audit/verify.ts');
  const isTold = io.isTTY.stderr && !isJson;
  let wasTold = false;
  const report = verifyTrail({
    database,
    key: `${io.env.home}/${homeFiles.auditKey}`,
    ...(expected ? { expected } : {}),
    ...(isTold
      ? {
          onProgress: (read, all) => {
            if (all < worthTelling) return;
            wasTold = true;
            io.err(`\r\x1b[2KReading the audit trail: ${read} of ${all} entries`);
          },
        }
      : {}),
  });
  if (wasTold) io.err('\r\x1b[2K');
  const isIntact = report.findingCount === 0;
  const told = { intact: isIntact, ...report, first: withTime(report.first), last: withTime(report.last) };
  context.print(told, () => describe(context, database, report));
  return isIntact ? exitCodes.ok : exitCodes.failed;
}

async function findDatabase({ input, io }: Context): Promise<string> {
  const given = input.text('db');
  if (given === '') throw new UsageError('--db is empty; give the path of a database file.');
  return given === undefined ? homeDatabase(io.env) : resolve(io.cwd, given);
}

function readExpected(text: string | undefined): { seq: number; hash: string } | undefined {
  if (text === undefined) return undefined;
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined || Number(seq) < 1) {
    throw new UsageError(
      `--expect is "${text}"; it must be a head as audit verify prints it, <entry>:<hash>.`,
    );
  }
  return { seq: Number(seq), hash };
}

function withTime<T extends { at: number }>(end: T | null): (Omit<T, 'at'> & { at: string | null }) | null {
  return end && { ...end, at: isoTime(end.at) ?? null };
}

/** Undefined for what no clock has shown: the row was changed. */
function isoTime(at: number): string | undefined {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function describe({ paint }: Context, database: string, report: TrailReport): string {
  const { entries, first, last, checkpoints, signedUpTo, findings, findingCount } = report;
  const [worst] = findings;
  const head = worst
    ? paint(`broken${worst.seq === null ? '' : ` at entry ${worst.seq}`}: ${clean(worst.what)}`, 'red')
    : paint('intact', 'green');
  const facts = [
    ['database', clean(database)],
    ['entries', first && last ? `${entries} (${first.seq} to ${last.seq})` : '0'],
    ...(first && last
      ? [['range', `${isoTime(first.at) ?? 'unknown'} to ${isoTime(last.at) ?? 'unknown'}`]]
      : []),
    ['checkpoints', signedUpTo === 0 ? 'none' : `${checkpoints}, signed up to entry ${signedUpTo}`],
    ...(last ? [['head', `${last.seq}:${clean(String(last.hash))}`]] : []),
  ];
  const others = findings
    .slice(1)
    .map(({ seq, what }) => `  ${seq === null ? '' : `entry ${seq}: `}${clean(what)}\n`);
  const more = findingCount - findings.length;
  return [
    `${head}\n`,
    ...facts.map(([name = '', value = '']) => `${name.padEnd(11)}  ${value}\n`),
    ...(others.length > 0 ? ['besides\n', ...others] : []),
    ...(more > 0 ? [`  and ${more} more\n`] : []),
  ].join('');
}
