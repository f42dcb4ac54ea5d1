import type { Client } from '@codepiper/client/client.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { findNamed } from '@codepiper/core/transcripts/conversation-ref.ts';
import type { ExportFormat } from '@codepiper/core/transcripts/export/document.ts';
import type { Context } from '../context.ts';
import { openNewFile } from '../new-file.ts';
import { UsageError } from '../usage-error.ts';

const formats = ['markdown', 'json', 'html'] as const;
const extensions: Readonly<Record<string, ExportFormat>> = {
  md: 'markdown',
  markdown: 'markdown',
  json: 'json',
  html: 'html',
  htm: 'html',
};

export async function run(context: Context): Promise<void> {
  const { input, io } = context;
  const ref = input.required(0);
  if (ref === '') throw new UsageError('<session> is empty; codepiper sessions lists them.');
  const output = input.text('output');
  if (output === '') throw new UsageError('--output is empty; give a file, or leave it out for stdout.');
  const options = { format: formatOf(context, output), redact: input.flag('redact'), signal: io.gone };
  if (output === undefined || output === '-') {
    if (input.flag('force')) throw new UsageError('--force belongs to --output.');
    for await (const piece of await open(context.client(), ref, options)) io.out(piece);
    return;
  }
  using file = openNewFile(io.cwd, output, { isOverwriting: input.flag('force') });
  const writing = async () => {
    for await (const piece of await open(context.client(), ref, options)) file.write(piece);
    return file.finish();
  };
  const bytes = await context.during(`Writing ${file.path}`, writing());
  io.err(`Wrote ${file.path} (${bytes} bytes).\n`);
}

function formatOf({ input }: Context, output: string | undefined): ExportFormat {
  const given = input.choice('format', formats);
  if (input.flag('json')) {
    if (given !== undefined && given !== 'json')
      throw new UsageError(`--json and --format ${given} exclude each other.`);
    return 'json';
  }
  if (given !== undefined) return given;
  if (output === undefined || output === '-') return 'markdown';
  const extension = /\.([a-z]+)$/i.exec(output)?.[1]?.toLowerCase() ?? '';
  const known = Object.hasOwn(extensions, extension) ? extensions[extension] : undefined;
  if (known) return known;
  throw new UsageError(`The name of "${output}" says no format; add --format markdown, json or html.`);
}

interface Options {
  format: ExportFormat;
  redact: boolean;
  signal: AbortSignal;
}

/** The pieces of the document of whatever is called so. */
async function open(client: Client, ref: string, options: Options): Promise<AsyncIterable<string>> {
  try {
    const found = await findNamed(ref, {
      session: async (id) => (await client.request('GET', '/sessions/:id', { params: { id } })).session,
      conversation: (conversation) =>
        client.request('GET', '/conversations/:conversation', { params: { conversation } }),
    });
    return client.export('session' in found ? { session: found.session.id } : { conversation: ref }, options);
  } catch (error) {
    if (!(error instanceof CodepiperError) || error.code !== 'session_not_found') throw error;
    throw new CodepiperError(
      'conversation_not_found',
      `Neither a session nor a conversation is called "${ref}". codepiper sessions lists the first, codepiper conversations the second.`,
    );
  }
}
