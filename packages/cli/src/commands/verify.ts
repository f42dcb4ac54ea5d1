import { exitCodes } from '@codepiper/core/errors.ts';
import type { TranscriptVerification } from '@codepiper/core/transcripts/transcript.endpoints.ts';
import type { Context } from '../context.ts';
import { clean, table } from '../output.ts';
import { bar, counted, followJob, interruptedExit, percent } from '../transcripts/follow.ts';

type Result = NonNullable<TranscriptVerification['result']>;

/** Lines of each list a person is shown; --json has them all. */
const shown = 50;

export async function run(context: Context): Promise<number> {
  const { io } = context;
  const client = context.client();
  const { verification: first } = await client.request('POST', '/transcripts/verifications');
  const params = { verification: String(first.id) };
  const ask = async () =>
    (await client.request('GET', '/transcripts/verifications/:verification', { params })).verification;
  const done = await followJob(context, first, ask, ({ filesDone, files }) =>
    files === 0
      ? 'Waiting until all is read …'
      : `${bar(filesDone / files)} ${percent(filesDone, files).padStart(5)}  ${filesDone} of ${counted(files, 'file')} compared`,
  );
  if (done === null) {
    if (io.gone.aborted) return exitCodes.ok;
    io.err('The verification goes on in the daemon. To see what it finds: codepiper verify\n');
    return interruptedExit;
  }
  const { state, error, files, result } = done;
  if (state === 'failed' || result === null) {
    throw new Error(`The transcripts could not be verified: ${error ?? 'nobody knows why'}`);
  }
  context.print(done, () => describe(context, files, result));
  return result.differences.length === 0 ? exitCodes.ok : exitCodes.failed;
}

function describe({ paint }: Context, files: number, result: Result): string {
  const { lines, entries, responses, tokens, differences, explained } = result;
  const rows: [string, number][] = [
    ['files', files],
    ['lines', lines],
    ['entries', entries],
    ['responses', responses],
    ['input tokens', tokens.input],
    ['output tokens', tokens.output],
    ['  of them reasoning', tokens.reasoning],
    ['cache read tokens', tokens.cacheRead],
    ['cache write tokens, 5 min', tokens.cacheWrite5m],
    ['cache write tokens, 1 h', tokens.cacheWrite1h],
  ];
  const cells = rows.map(([name, value]) => [name, value.toLocaleString('en-US')]);
  const verdict =
    differences.length === 0
      ? paint('All agrees with the files.', 'green')
      : paint(`${counted(differences.length, 'difference')} between database and files:`, 'red');
  return [
    `${table([{ title: 'COMPARED' }, { title: 'COUNT', isNumber: true }], cells, undefined)}\n`,
    `${verdict}\n`,
    ...list(differences),
    ...(explained.length === 0 ? [] : [`Explained, no fault (${explained.length}):\n`, ...list(explained)]),
    differences.length === 0 ? '' : `What to do: docs/guides/transcripts.md, "When numbers differ".\n`,
  ].join('');
}

function list(differences: Result['differences']): string[] {
  const more = differences.length - shown;
  return [
    ...differences.slice(0, shown).map(({ about, message }) => `  ${clean(about)}: ${clean(message)}\n`),
    ...(more > 0 ? [`  and ${more} more (--json lists all)\n`] : []),
  ];
}
