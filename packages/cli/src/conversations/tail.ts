import type { Context } from '../context.ts';
import { follow } from '../follow.ts';
import { clean, toJsonLine } from '../output.ts';
import { EntryWriter, shownText, wholeText } from './entry-text.ts';
import { asTheyHappened, newestEntries } from './pages.ts';

/** Prints the last entries of a session's conversations, and when it is to follow, those that come. */
export async function tailConversation(
  context: Context,
  session: string,
  { count, follows }: { count: number; follows: boolean },
): Promise<void> {
  const { io, isJson } = context;
  const client = context.client();
  const text = isJson ? wholeText : shownText;
  const { conversations, entries, hasMore } = await newestEntries(client, { session }, count, text);
  const writer = new EntryWriter(context, client);
  if (!follows && isJson) {
    context.print(entries, () => '');
    return;
  }
  const [fork] = hasMore || isJson ? [] : conversations.flatMap(({ forkedFrom }) => forkedFrom ?? []);
  if (fork) io.out(`${context.paint(`Forked from: codepiper conversations show ${clean(fork)}`, 'dim')}\n`);
  for (const entry of isJson ? entries : asTheyHappened(entries)) {
    io.out(isJson ? toJsonLine(entry) : await writer.write(entry));
  }
  if (!follows) {
    if (entries.length === 0 && io.isTTY.stderr) io.err('Nothing was said in this session yet.\n');
    return;
  }
  // The name may become another session's.
  const { id } = (await client.request('GET', '/sessions/:id', { params: { id: session } })).session;
  const open = (since: number) => client.conversation(id, { since, text, signal: io.gone });
  for await (const entry of follow(open, entries.at(-1)?.id ?? 0, io.gone)) {
    io.out(isJson ? toJsonLine(entry) : await writer.write(entry));
  }
}
