import { exitCodes } from '@codepiper/core/errors.ts';
import type { Context } from '../context.ts';
import { findPlace, readPlace } from '../recordings/place.ts';
import { UsageError } from '../usage-error.ts';

export async function run(context: Context): Promise<number> {
  const { input, io } = context;
  const id = input.required(0);
  const at = input.text('at');
  const place = at === undefined ? undefined : readPlace(at);
  const speed = factor(context, 'speed', 0.1, 100);
  const idleLimit = factor(context, 'idle-limit', 0, 86_400);
  const isInteractive = io.isTTY.stdin && io.isTTY.stdout && !context.isJson;
  if (!isInteractive && (speed ?? idleLimit) !== undefined) {
    throw new UsageError(
      `--${speed === undefined ? 'idle-limit' : 'speed'} needs a terminal; in a pipe the text is printed at once.`,
    );
  }
  const client = context.client();
  const from = await findPlace(client, id, place);
  if (!isInteractive) {
    const { plainText } = await import('../recordings/plain-text.ts');
    const cast = client.cast(id, { ...(from === undefined ? {} : { from }), signal: io.gone });
    for await (const text of context.isJson ? cast : plainText(cast)) io.out(text);
    return exitCodes.ok;
  }
  const { replay } = await import('../recordings/replay.ts');
  return replay(context, id, { from, speed: speed ?? 1, idleLimit: idleLimit ?? 3 });
}

/** @throws UsageError */
function factor({ input }: Context, name: string, min: number, max: number): number | undefined {
  const text = input.text(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new UsageError(`--${name} is "${text}"; it must be a number from ${min} to ${max}.`);
  return value;
}
