import { resolve } from 'node:path';
import { duration } from '@codepiper/core/analytics/amounts.ts';
import { exitCodes } from '@codepiper/core/errors.ts';
import type { TranscriptImport } from '@codepiper/core/transcripts/transcript.endpoints.ts';
import type { Context } from '../context.ts';
import { clean, shortPath } from '../output.ts';
import { bar, bytesText, counted, followJob, interruptedExit, percent } from '../transcripts/follow.ts';
import { UsageError } from '../usage-error.ts';

export async function run(context: Context): Promise<number> {
  const { input, io } = context;
  if (input.positionals.some((one) => one === '')) {
    throw new UsageError('[directory] is empty; give the path of a directory with transcripts, or none.');
  }
  const directories = input.positionals.map((one) => resolve(io.cwd, one));
  const provider = input.choice('provider', ['claude-code', 'codex']);
  const client = context.client();
  const began = performance.now();
  const { import: first } = await client.request('POST', '/transcripts/imports', {
    body: { ...(provider && { provider }), ...(directories.length > 0 && { directories }) },
  });
  if (input.flag('detach')) {
    context.print(
      first,
      () => `Import ${first.id} runs in the daemon. To see how far it is: ${again(context)}\n`,
    );
    return exitCodes.ok;
  }
  const ask = async () =>
    (await client.request('GET', '/transcripts/imports/:import', { params: { import: String(first.id) } }))
      .import;
  const done = await followJob(context, first, ask, progressLine(io.columns ?? 80));
  if (done === null) {
    if (io.gone.aborted) return exitCodes.ok;
    io.err(`The import goes on in the daemon. To see how far it is: ${again(context)}\n`);
    return interruptedExit;
  }
  if (done.state === 'failed') throw new Error(`The import failed: ${done.error ?? 'nobody knows why'}`);
  context.print(done, () => resultText(context, done, performance.now() - began));
  if (!context.isJson) await tellUnreadable(context);
  return exitCodes.ok;
}

/** The command that joins the import. */
function again({ input }: Context): string {
  const provider = input.text('provider');
  const words = [...input.positionals, ...(provider === undefined ? [] : ['--provider', provider])];
  return [
    'codepiper import',
    ...words.map((word) => (/^[\w./~-]+$/.test(word) ? word : JSON.stringify(word))),
  ].join(' ');
}

/** Columns for a long bar and all figures. */
const roomForAll = 92;
/** How long back the rate looks, in milliseconds. */
const rateMs = 3000;

function progressLine(columns: number): (job: TranscriptImport) => string {
  const seen: { at: number; bytes: number }[] = [];
  return ({ files, allBytes, usageBytes, contentBytes }) => {
    if (files === 0) return 'Looking for transcripts …';
    const bytes = usageBytes + contentBytes;
    const now = performance.now();
    seen.push({ at: now, bytes });
    while (seen[0] && now - seen[0].at > rateMs) seen.shift();
    const [oldest] = seen;
    const seconds = oldest ? (now - oldest.at) / 1000 : 0;
    const rate =
      oldest && seconds > 0 ? `, ${bytesText(Math.round((bytes - oldest.bytes) / seconds))}/s` : '';
    const part = allBytes === 0 ? 1 : bytes / (2 * allBytes);
    return [
      `${bar(part, columns < roomForAll ? 10 : 20)} ${percent(bytes, 2 * allBytes).padStart(5)}`,
      `totals ${percent(usageBytes, allBytes)}, conversations ${percent(contentBytes, allBytes)}`,
      `${counted(files, 'file')}, ${bytesText(allBytes)}${rate}`,
    ].join('  ');
  };
}

function resultText({ io, paint }: Context, job: TranscriptImport, ms: number): string {
  const { files, allBytes, added, directories } = job;
  if (files === 0) {
    const places = directories.map((one) => clean(shortPath(one, io.env.userHome))).join(', ');
    return `No transcripts in ${places}.\n`;
  }
  const read = `${counted(files, 'file')}, ${bytesText(allBytes)}, ${duration(ms)}`;
  const isNew = added === null || added.conversations > 0 || added.responses > 0;
  if (!isNew) return `Nothing new (${read}).\n`;
  const what =
    added === null
      ? 'Imported'
      : `New: ${paint(counted(added.conversations, 'conversation'), 'bold')} and ${paint(counted(added.tokens, 'token'), 'bold')}`;
  const next = io.isTTY.stdout
    ? 'Next: codepiper analytics --range all, codepiper search "…", codepiper verify\n'
    : '';
  return `${what} (${read}).\n${next}`;
}

async function tellUnreadable(context: Context): Promise<void> {
  // It was brought in all the same: what is wrong beside it is told by the doctor too.
  const status = await context
    .client()
    .request('GET', '/transcripts/status')
    .catch(() => null);
  const unreadable = status?.problems.filter(({ error }) => error !== null).length ?? 0;
  if (unreadable > 0) {
    context.io.err(`${counted(unreadable, 'path')} cannot be read: codepiper doctor\n`);
  }
}
