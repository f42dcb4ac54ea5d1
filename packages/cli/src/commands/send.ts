import type { Context } from '../context.ts';
import { label, printOutcome, statusText } from '../session-text.ts';
import { checkText, readText } from '../text-input.ts';
import { UsageError } from '../usage-error.ts';
import { waitMs } from '../wait.ts';

export async function run(context: Context): Promise<number> {
  const { input } = context;
  const wait = waitMs(input);
  if (input.flag('newline') && input.flag('no-newline')) {
    throw new UsageError('--newline and --no-newline exclude each other.');
  }
  const images = input.list('image');
  const own = await sentText(context, images.length > 0);
  const text =
    images.length === 0 ? own : await context.during('Sending the images', withImages(context, own, images));
  const sending = context.client().request('POST', '/sessions/:id/send', {
    params: { id: input.required(0) },
    body: {
      text,
      newline: !input.flag('no-newline'),
      idempotencyKey: input.text('key'),
      waitMs: wait,
    },
    // The daemon answers when the wait is over; what comes much later will not come.
    timeoutMs: wait + 30_000,
  });
  const reason = setTimeout(() => void sayWhyItWaits(context), sayAfterMs);
  try {
    return printOutcome(context, await context.during('Sending', sending));
  } finally {
    clearTimeout(reason);
  }
}

/** Who waits longer than this is told for what, in milliseconds. */
const sayAfterMs = 800;

/** On a terminal only; that it cannot be found out is no reason to fail. */
async function sayWhyItWaits({ client, input, io, isJson }: Context): Promise<void> {
  if (isJson || !io.isTTY.stderr) return;
  const id = input.required(0);
  const reply = await client()
    .request('GET', '/sessions/:id', { params: { id } })
    .catch(() => null);
  const session = reply?.session;
  if (!session || session.queued === 0) return;
  const how = session.status.startsWith('needs_') ? `; answer it: codepiper attach ${label(session)}` : '';
  io.err(
    `\r${label(session)} is at: ${statusText(session)}${how}. The text is queued, and stays so if you leave.\n`,
  );
}

/** Loaded here: most texts come without. */
async function withImages({ client, input, io }: Context, text: string, paths: string[]): Promise<string> {
  const images = await import('../images.ts');
  return images.withImages(client(), input.required(0), text, { paths, cwd: io.cwd });
}

/** @param mayBeEmpty images alone say something too */
async function sentText({ input, io }: Context, mayBeEmpty: boolean): Promise<string> {
  const words = [...input.positionals.slice(1), ...(input.rest ?? [])];
  if (words.length === 1 && words[0] === '-' && input.rest === undefined) return readText(io);
  if (words.length > 0) return checkText(words.join(' '), 'The text');
  if (mayBeEmpty) return '';
  if (io.isTTY.stdin) {
    throw new UsageError('There is no text to send. Give it behind the session, or - and the text on stdin.');
  }
  return readText(io);
}
