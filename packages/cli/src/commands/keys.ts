import { keyNames, toTmuxKey } from '@codepiper/core/sessions/keys.ts';
import type { Context } from '../context.ts';
import { suggest } from '../suggest.ts';
import { UsageError } from '../usage-error.ts';

export async function run(context: Context): Promise<void> {
  const { input } = context;
  const keys = [...input.positionals.slice(1), ...(input.rest ?? [])];
  if (keys.length === 0) throw new UsageError('<key> is required: codepiper keys <session> <key>…');
  if (keys.length > 100) throw new UsageError(`${keys.length} keys are too many: at most 100 at once.`);
  const unknown = keys.find((key) => toTmuxKey(key) === undefined);
  if (unknown !== undefined) throw await unknownKey(unknown);
  const reply = await context
    .client()
    .request('POST', '/sessions/:id/keys', { params: { id: input.required(0) }, body: { keys } });
  context.print(reply, () => '');
}

async function unknownKey(key: string): Promise<UsageError> {
  const guess = await suggest(key.toLowerCase(), keyNames);
  return new UsageError(
    `There is no key "${key}". ${guess ? `Did you mean ${guess}?` : `Keys: a single character, ${keyNames.join(', ')}.`}`,
  );
}
