import { existsSync } from 'node:fs';
import { TransportError } from '@codepiper/client/transport.ts';
import { homeFiles } from '@codepiper/core/paths.ts';
import type { Context } from '../context.ts';
import { truncate } from '../output.ts';
import { bytesText, counted } from '../transcripts/follow.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** Fewer bytes that were not read yet are what an agent writes at this moment. */
const behindBytes = 1_000_000;
const sampleLength = 120;

/** The transcripts: what the daemon says of them, and the files themselves. */
export async function checkTranscripts(context: Context): Promise<Check[]> {
  const { home } = context.io.env;
  return [
    ...(await checkFile(`${home}/${homeFiles.transcripts}`)),
    ...(await checkPrices(`${home}/${homeFiles.prices}`)),
    ...(await checkStored(context)),
  ];
}

async function checkFile(path: string): Promise<Check[]> {
  if (!existsSync(path)) return [];
  const name = 'transcripts database';
  const hint =
    'Restart the daemon: it makes the database anew from the transcripts. codepiper daemon restart';
  try {
    const { checkDatabaseFile } = await import('@codepiper/daemon/db/integrity.ts');
    const [problem] = checkDatabaseFile(path, { isQuick: true });
    return [
      problem === undefined
        ? ok(name, `${path} is sound`)
        : fail(name, `${path} is damaged: ${problem}`, hint),
    ];
  } catch (error) {
    return [fail(name, `${path}: ${error instanceof Error ? error.message : String(error)}`, hint)];
  }
}

async function checkPrices(path: string): Promise<Check[]> {
  if (!existsSync(path)) return [];
  const { readPriceFile } = await import('@codepiper/daemon/analytics/price-file.ts');
  try {
    const { prices } = readPriceFile(path);
    return [ok('prices', `${path} is valid (${counted(prices.length, 'price')} of your own)`)];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [fail('prices', message, `No cost is shown until it is mended: edit ${path}, or move it away`)];
  }
}

type Status = Awaited<ReturnType<typeof readStatus>>;

function readStatus(context: Context) {
  return context.client().request('GET', '/transcripts/status', { timeoutMs: 10_000 });
}

async function checkStored(context: Context): Promise<Check[]> {
  let status: Status;
  try {
    status = await readStatus(context);
  } catch (error) {
    // Whether there is a daemon is a line of its own.
    if (error instanceof TransportError && error.failure === 'unreachable') return [];
    const message = error instanceof Error ? error.message : String(error);
    return [fail('transcripts', message, 'Look: codepiper daemon logs')];
  }
  return [
    stored(status),
    ...notUnderstood(status),
    ...unreadable(status),
    ...behind(status),
    ...retention(status),
  ];
}

function stored({ conversations, files, bytes }: Status): Check {
  if (files === 0) {
    return ok('transcripts', 'none yet; codepiper import brings in conversations it did not start');
  }
  const parts = [
    `${counted(conversations, 'conversation')} in ${counted(files, 'file')} of ${bytesText(bytes.transcripts)}`,
    `database ${bytesText(bytes.database)}, of it search ${bytesText(bytes.search)}`,
    `archive ${bytesText(bytes.archive)}, of it ${bytesText(bytes.archiveOnly)} the agents have no more`,
  ];
  return ok('transcripts', parts.join('; '));
}

function notUnderstood({ unknownLines, invalidLines, problems }: Status): Check[] {
  if (unknownLines + invalidLines === 0) return [];
  const found = problems.filter(({ error }) => error === null);
  const [worst] = found;
  const counts = [
    ...(invalidLines > 0
      ? [`${counted(invalidLines, 'line')} that ${invalidLines === 1 ? 'is' : 'are'} no valid JSON`]
      : []),
    ...(unknownLines > 0 ? [`${counted(unknownLines, 'line')} of an unknown kind`] : []),
  ].join(', ');
  const agent = [worst?.provider, worst?.version].filter(Boolean).join(' ');
  const where = worst
    ? `; most in ${worst.file}${agent === '' ? '' : ` (${agent})`}, the first: ${truncate(worst.sample ?? '', sampleLength)}`
    : '';
  return [
    warn(
      'transcript lines',
      `not understood: ${counts}${where}`,
      'They are counted and stay in the file; nothing else is lost. An update of codepiper may know them; if it does not, report them',
    ),
  ];
}

function unreadable({ problems }: Status): Check[] {
  const found = problems.filter(({ error }) => error !== null);
  if (found.length === 0) return [];
  const shown = found.slice(0, 3).map(({ file, error }) => `${file} (${error})`);
  const more = found.length - shown.length;
  return [
    warn(
      'transcript files',
      `cannot be read: ${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`,
      'Make them readable (chmod u+rX), then: codepiper import',
    ),
  ];
}

function behind({ pending }: Status): Check[] {
  const { usageBytes, contentBytes } = pending;
  if (Math.max(usageBytes, contentBytes) < behindBytes) return [];
  return [
    warn(
      'transcripts behind',
      `not read yet: ${bytesText(usageBytes)} for totals, ${bytesText(contentBytes)} for conversations and search`,
      'Wait while an import runs; else bring in what was written without codepiper: codepiper import',
    ),
  ];
}

function retention({ retention: { keepDays, due, removed } }: Status): Check[] {
  if (keepDays === null) return [];
  const said = [
    `what was said is removed ${counted(keepDays, 'day')} after the last word (transcripts.keepDays)`,
    due === 0 ? 'nothing within a day' : `${counted(due, 'conversation')} within a day`,
    ...(removed === 0 ? [] : [`so far ${counted(removed, 'conversation')}`]),
  ];
  return [ok('retention', said.join('; '))];
}
