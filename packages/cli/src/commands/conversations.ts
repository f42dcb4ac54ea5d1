import { resolve } from 'node:path';
import type { Client } from '@codepiper/client/client.ts';
import type { Conversation } from '@codepiper/core/transcripts/conversation.ts';
import type { Context } from '../context.ts';
import { EntryWriter, shownText, wholeText } from '../conversations/entry-text.ts';
import { openings } from '../conversations/opening.ts';
import { asTheyHappened, newestEntries } from '../conversations/pages.ts';
import { age, type Column, clean, shortPath, table } from '../output.ts';
import { suggest } from '../suggest.ts';
import { UsageError } from '../usage-error.ts';

/** Conversations or entries, unless told otherwise. */
const usualCount = 50;
/** Columns that a list needs to say everything. */
const roomForAll = 72;
const roomForSessions = 56;
/** Conversations per request at most. */
const pageSize = 1000;
const listOptions = ['provider', 'workspace', 'session', 'wide'] as const;

export async function run(context: Context): Promise<void> {
  const { input } = context;
  const [action, ref] = input.positionals;
  const count = input.number('limit', 1, 1_000_000);
  if (action === undefined) {
    await list(context, count);
    return;
  }
  if (action !== 'show') {
    const guess = await suggest(action, ['show']);
    const hint = guess ? `Did you mean ${guess}?` : 'There is show; without a word it lists them.';
    throw new UsageError(`codepiper conversations cannot "${action}". ${hint}`);
  }
  if (ref === undefined || ref === '') {
    throw new UsageError('<conversation> is required: codepiper conversations show <conversation>');
  }
  const wrong = listOptions.find((option) => input.flag(option));
  if (wrong) throw new UsageError(`--${wrong} belongs to the list, not to conversations show.`);
  await show(context, ref, count ?? usualCount);
}

async function list(context: Context, count: number | undefined): Promise<void> {
  const { input, io } = context;
  const workspace = input.text('workspace');
  const filter = {
    provider: input.text('provider'),
    workspace: workspace === undefined ? undefined : resolve(io.cwd, workspace),
    session: input.text('session'),
  };
  // What a program reads is not cut short behind its back.
  const wanted = count ?? (context.isJson ? Number.POSITIVE_INFINITY : usualCount);
  const { conversations, hasMore } = await newest(context.client(), filter, wanted);
  const began = context.isJson ? new Map<number, string>() : await openings(context.client(), conversations);
  context.print(conversations, () => listText(context, conversations, began));
  if (hasMore && count === undefined && io.isTTY.stderr)
    io.err(`There are more; -n ${usualCount * 10} shows them.\n`);
}

interface Filter {
  provider: string | undefined;
  workspace: string | undefined;
  session: string | undefined;
}

async function newest(
  client: Client,
  filter: Filter,
  count: number,
): Promise<{ conversations: Conversation[]; hasMore: boolean }> {
  const conversations: Conversation[] = [];
  let cursor: string | undefined;
  for (;;) {
    const limit = Math.min(pageSize, count - conversations.length);
    const page = await client.request('GET', '/conversations', { query: { ...filter, cursor, limit } });
    conversations.push(...page.conversations);
    if (page.cursor === null || conversations.length >= count) {
      return { conversations, hasMore: page.cursor !== null };
    }
    cursor = page.cursor;
  }
}

function listText(
  context: Context,
  conversations: readonly Conversation[],
  began: ReadonlyMap<number, string>,
): string {
  const { io, input, paint } = context;
  if (conversations.length === 0) {
    const hint = 'No conversations. Those of agents codepiper did not start: codepiper import\n';
    return io.isTTY.stdout ? hint : '';
  }
  const isWide = input.flag('wide');
  const isNarrow = !isWide && (io.columns ?? roomForAll) < roomForAll;
  const all: (Column & { of: (one: Conversation) => string; isShown?: boolean })[] = [
    { title: 'ID', of: ({ id }) => String(id) },
    { title: 'OF THE AGENT', of: ({ conversationId }) => conversationId, isShown: isWide },
    { title: 'PROVIDER', min: 5, of: ({ provider }) => provider, isShown: !isNarrow },
    {
      title: 'TITLE',
      min: 12,
      of: ({ id, title }) => (title ?? began.get(id) ?? '').trim().replaceAll(/\s+/g, ' '),
    },
    {
      title: 'SESSION',
      isShown: isWide || (io.columns ?? roomForAll) >= roomForSessions,
      of: ({ sessionIds }) => sessionIds.map((id) => id.slice(0, 8)).join(' '),
    },
    { title: 'NOTE', of: note, isShown: !isNarrow },
    {
      ...{ title: 'DIRECTORY', min: 10, isPath: true },
      of: ({ cwd }) => (cwd === null ? '' : shortPath(cwd, io.env.userHome)),
    },
    { title: 'AGE', of: ({ lastAt }) => (lastAt === null ? '' : age(lastAt, io.now())) },
  ];
  // What nothing stands in needs no column; an id and a title every list has.
  const columns = all.filter(
    ({ title, of, isShown }) =>
      isShown !== false && (title === 'TITLE' || conversations.some((one) => of(one) !== '')),
  );
  const rows = conversations.map((one) => columns.map(({ of }) => of(one)));
  const noteColumn = columns.findIndex(({ title }) => title === 'NOTE');
  return table(columns, rows, isWide ? undefined : io.columns, (text, column) =>
    column === noteColumn ? paint(text, 'dim') : text,
  );
}

function note({ forkedFrom, parent }: Conversation): string {
  if (parent !== null) return 'sub-agent';
  return forkedFrom === null ? '' : 'fork';
}

async function show(context: Context, ref: string, count: number): Promise<void> {
  const { io, isJson, paint } = context;
  const client = context.client();
  const { conversation } = await client.request('GET', '/conversations/:conversation', {
    params: { conversation: ref },
  });
  const source = { conversation: String(conversation.id) };
  const text = isJson ? wholeText : shownText;
  const { conversations, entries } = await newestEntries(client, source, count, text);
  if (isJson) {
    context.print({ conversations, entries }, () => '');
    return;
  }
  io.out(`${paint(heading(context, conversation), 'dim')}\n`);
  const writer = new EntryWriter(context, client, [conversation]);
  for (const entry of asTheyHappened(entries)) io.out(await writer.write(entry));
}

/** What it is, in one line, with where its beginning is when that is elsewhere. */
function heading({ io }: Context, one: Conversation): string {
  const { provider, conversationId, title, cwd, forkedFrom, parent } = one;
  return clean(
    [
      `${provider} ${conversationId}`,
      ...(title === null ? [] : [title]),
      ...(cwd === null ? [] : [shortPath(cwd, io.env.userHome)]),
      ...(parent === null ? [] : [`started by ${parent}`]),
      ...(forkedFrom === null ? [] : [`forked from ${forkedFrom}`]),
    ].join(' · '),
  );
}
