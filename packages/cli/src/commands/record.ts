import type { Recording } from '@codepiper/core/recordings/recording.ts';
import { sizeText } from '../backup/trail.ts';
import type { Context } from '../context.ts';
import { openNewFile } from '../new-file.ts';
import { clean } from '../output.ts';
import { type Action, runAction } from '../policies/actions.ts';
import { findPlace, readPlace } from '../recordings/place.ts';
import { plainText } from '../recordings/plain-text.ts';
import { positionText, recordingText } from '../recordings/text.ts';
import { UsageError } from '../usage-error.ts';

const formats = ['v2', 'v3', 'txt'] as const;
type Format = (typeof formats)[number];
const wanted = ['<session>'];

const actions: Readonly<Record<string, Action>> = {
  status: { arguments: wanted, options: [], run: status },
  on: { arguments: wanted, options: [], run: (context, words) => change(context, words, true) },
  off: { arguments: wanted, options: [], run: (context, words) => change(context, words, false) },
  export: { arguments: wanted, options: ['output', 'force', 'at'], run: exportCast },
  delete: { arguments: wanted, options: [], run: remove },
};

export async function run(context: Context): Promise<number> {
  const { input } = context;
  const [action] = input.positionals;
  const format = input.text('format');
  if (format !== undefined && format !== 'json' && action !== 'export')
    throw new UsageError(`--format ${format} belongs to record export.`);
  return runAction(context, 'record', actions);
}

async function status(context: Context, [id = '']: readonly string[]): Promise<void> {
  const { recording } = await context.client().request('GET', '/sessions/:id/recording', { params: { id } });
  context.print(recording, () => describe(recording));
}

async function change(context: Context, [id = '']: readonly string[], on: boolean): Promise<void> {
  const { recording } = await context
    .client()
    .request('PUT', '/sessions/:id/recording', { params: { id }, body: { on } });
  context.print(recording, () => `${clean(recordingText(recording))}\n`);
}

async function remove(context: Context, [id = '']: readonly string[]): Promise<void> {
  const { recording } = await context
    .client()
    .request('DELETE', '/sessions/:id/recording', { params: { id } });
  context.print(recording, () => `deleted; recording is ${clean(recordingText(recording))}\n`);
}

function describe(recording: Recording): string {
  const { startedAt, from, to, bytes, segments, markers } = recording;
  const gaps = segments.filter(({ gap }) => gap);
  const first = segments[0];
  const facts: [string, string][] = [
    ['recording', recordingText({ ...recording, startedAt: null })],
    ...(startedAt === null || !first
      ? []
      : ([
          ['since', startedAt],
          [
            'goes',
            `from ${positionText(from)} to ${positionText(to)}${from > 0 ? '; older went for the size' : ''}`,
          ],
          ['size', `${sizeText(bytes)}, ${segments.length} segments`],
          ...(gaps.length === 0
            ? []
            : [['gaps', gaps.map((gap) => `before ${positionText(gap.from)}`).join(', ')]]),
        ] as [string, string][])),
  ];
  const turns = markers.filter(({ kind }) => kind !== 'turn-end');
  return [
    ...facts.map(([name, value]) => `${name.padEnd(9)}  ${clean(value)}\n`),
    ...turns
      .slice(-20)
      .map(
        ({ at, kind, label }) =>
          `${positionText(at).padStart(9)}  ${kind === 'turn' ? '' : '  '}${clean(label)}\n`,
      ),
  ].join('');
}

async function exportCast(context: Context, [id = '']: readonly string[]): Promise<void> {
  const { input, io } = context;
  const output = input.text('output');
  if (output === '') throw new UsageError('--output is empty; give a file, or leave it out for stdout.');
  const format = formatOf(context, output);
  const at = input.text('at');
  const client = context.client();
  const from = await findPlace(client, id, at === undefined ? undefined : readPlace(at));
  const cast = client.cast(id, {
    ...(from === undefined ? {} : { from }),
    version: format === 'v3' ? 3 : 2,
    signal: io.gone,
  });
  const pieces = format === 'txt' ? plainText(cast) : cast;
  if (output === undefined || output === '-') {
    if (input.flag('force')) throw new UsageError('--force belongs to --output.');
    for await (const piece of pieces) io.out(piece);
    return;
  }
  using file = openNewFile(io.cwd, output, { isOverwriting: input.flag('force') });
  const writing = async () => {
    for await (const piece of pieces) file.write(piece);
    return file.finish();
  };
  const bytes = await context.during(`Writing ${file.path}`, writing());
  io.err(`Wrote ${file.path} (${bytes} bytes).\n`);
}

function formatOf({ input, isJson }: Context, output: string | undefined): Format {
  if (isJson) throw new UsageError('record export writes asciicast or text; it has no --json.');
  const given = input.choice('format', formats);
  if (given !== undefined) return given;
  return output?.endsWith('.txt') ? 'txt' : 'v2';
}
