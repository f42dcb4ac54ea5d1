import { resolve } from 'node:path';
import type { ApiReply } from '@codepiper/client/api.ts';
import type { Client } from '@codepiper/client/client.ts';
import { readSince } from '../audit/since.ts';
import { searchedKinds } from '../commands.search.ts';
import type { Context } from '../context.ts';
import { localDay, localTime } from '../local-time.ts';
import { clean, truncate } from '../output.ts';
import { UsageError } from '../usage-error.ts';

type Page = ApiReply<'GET', '/search'>;
type Result = Page['results'][number];

const usualCount = 20;
const mostCount = 2000;
/** Columns that the name of a tool takes. */
const longestTool = 60;
/** Results per request at most. */
const pageSize = 100;
const ages = /^\d{1,6}[smhdw]$/;
export async function run(context: Context): Promise<void> {
  const { input, io } = context;
  const words = [...input.positionals, ...(input.rest ?? [])].join(' ');
  if (words.trim() === '') throw new UsageError('<words> is required: codepiper search <words> [options]');
  const client = context.client();
  const count = input.number('limit', 1, mostCount) ?? usualCount;
  const found = await context.during('searching', best(client, { q: words, ...filterOf(context) }, count));
  const { results, isCapped, hasMore } = found;
  const names = context.isJson ? new Map<string, string>() : await namesOf(client, results);
  context.print(found, () => results.map((result) => resultText(context, result, names)).join('\n'));
  if (context.isJson || !io.isTTY.stderr) return;
  const capped = isCapped ? ' Very many fit: these are the best of the newest.' : '';
  if (results.length === 0) io.err('Nothing found. Fewer words, or a beginning like word*, find more.\n');
  else if (hasMore && count < mostCount) {
    io.err(`\nThere are more; -n ${Math.min(count * 5, mostCount)} shows them.${capped}\n`);
  } else if (isCapped) io.err(`\n${capped.trim()}\n`);
}

function filterOf({ input, io }: Context) {
  const [workspace, cwd] = [input.text('workspace'), input.text('cwd')];
  if (workspace !== undefined && cwd !== undefined) {
    throw new UsageError('--workspace and --cwd are the same; give one of them.');
  }
  const directory = workspace ?? cwd;
  const since = input.text('since');
  return {
    session: input.text('session'),
    provider: input.text('provider'),
    workspace: directory === undefined ? undefined : resolve(io.cwd, directory),
    tool: input.text('tool'),
    kind: input.choice('kind', searchedKinds),
    since: since !== undefined && ages.test(since) ? readSince(since, io.now()) : since,
    until: input.text('until'),
  };
}

type Question = { q: string } & ReturnType<typeof filterOf>;

async function best(
  client: Client,
  question: Question,
  count: number,
): Promise<{ results: Result[]; isCapped: boolean; hasMore: boolean }> {
  const results: Result[] = [];
  let cursor: string | undefined;
  for (;;) {
    const limit = Math.min(pageSize, count - results.length);
    const page = await client.request('GET', '/search', { query: { ...question, limit, cursor } });
    results.push(...page.results);
    const hasMore = page.cursor !== null;
    if (page.cursor === null || results.length >= count) return { results, isCapped: page.isCapped, hasMore };
    cursor = page.cursor;
  }
}

/** Names of the sessions that have one. */
async function namesOf(client: Client, results: readonly Result[]): Promise<Map<string, string>> {
  if (results.every(({ conversation }) => conversation.sessionIds.length === 0)) return new Map();
  const { sessions } = await client.request('GET', '/sessions');
  return new Map(sessions.flatMap(({ id, name }) => (name === null ? [] : [[id, name] as const])));
}

/** A line that says where it is, and what stands there. */
function resultText(
  { paint }: Context,
  { entry, conversation, snippet }: Result,
  names: ReadonlyMap<string, string>,
): string {
  const [session] = conversation.sessionIds;
  const tool = entry.tool === null ? '' : ` ${truncate(clean(entry.tool), longestTool)}`;
  const kind = entry.kind === 'tool_call' ? 'call' : entry.kind === 'tool_result' ? 'result' : entry.kind;
  const place = [
    ...(entry.at === null ? [] : [minuteOf(new Date(entry.at))]),
    conversation.provider,
    ...(session === undefined ? [] : [`session ${names.get(session) ?? session.slice(0, 8)}`]),
    `conversation ${conversation.id}`,
    ...(conversation.title === null ? [] : [conversation.title.replaceAll(/\s+/g, ' ')]),
  ];
  const text = snippet.map((piece, index) => (index % 2 === 1 ? paint(clean(piece), 'bold') : clean(piece)));
  return `${paint(`${kind}${tool}`, 'green')}  ${paint(clean(place.join(' · ')), 'dim')}\n  ${text.join('')}\n`;
}

function minuteOf(at: Date): string {
  return `${localDay(at)} ${localTime(at).slice(0, 5)}`;
}
