import type { Client } from '@codepiper/client/client.ts';
import type { Decision } from '@codepiper/core/audit/decision.ts';
import { decisionsCsv } from '@codepiper/core/audit/decision-csv.ts';
import { CodepiperError, exitCodes } from '@codepiper/core/errors.ts';
import { wholeNumber } from '../args.ts';
import { describeDecision, listDecisions } from '../audit/decision-text.ts';
import { readSince } from '../audit/since.ts';
import type { Context } from '../context.ts';
import { clean } from '../output.ts';
import { asWritten } from '../policies/request-errors.ts';
import { suggest } from '../suggest.ts';
import { UsageError } from '../usage-error.ts';

const decisionNames = ['allow', 'deny', 'ask', 'agent', 'change'] as const;
/** Entries of a table, unless told otherwise. */
const shownEntries = 50;
/** Entries per request at most. */
const pageSize = 1000;
/** Options that belong to some actions only. */
const belongs: Readonly<Record<string, string>> = {
  session: 'list',
  decision: 'list',
  tool: 'list',
  since: 'list',
  limit: 'list',
  csv: 'list',
  db: 'verify',
  expect: 'verify',
};

export async function run(context: Context): Promise<number> {
  const { input } = context;
  const [action = 'list', entry] = input.positionals;
  if (!['list', 'show', 'verify'].includes(action)) {
    const guess = await suggest(action, ['show', 'verify']);
    const hint = guess ? `Did you mean ${guess}?` : 'There are show and verify.';
    throw new UsageError(`codepiper audit cannot "${action}". ${hint}`);
  }
  for (const [option, owner] of Object.entries(belongs)) {
    if (!input.flag(option) || owner === action) continue;
    throw new UsageError(
      `--${option} belongs to ${owner === 'list' ? 'the list' : `audit ${owner}`}, not to ${action === 'list' ? 'the list' : `audit ${action}`}.`,
    );
  }
  if (action !== 'show' && entry !== undefined) {
    throw new UsageError(`"${entry}" is one argument too many: codepiper audit ${action}`);
  }
  if (action === 'verify') {
    const { verify } = await import('../audit/verify.ts');
    return verify(context);
  }
  try {
    if (action === 'show') await show(context, entry);
    else await list(context);
  } catch (error) {
    throw await asWritten(error);
  }
  return exitCodes.ok;
}

async function list(context: Context): Promise<void> {
  const { input, io } = context;
  const isCsv = input.flag('csv');
  if (isCsv && context.isJson) throw new UsageError('--csv and --json exclude each other.');
  const since = input.text('since');
  const filter = {
    decision: input.choice('decision', decisionNames),
    tool: input.text('tool'),
    since: since === undefined ? undefined : readSince(since, io.now()),
  };
  // What a program reads is not cut short behind its back.
  const count = input.number('limit', 1, 1_000_000) ?? (isCsv || context.isJson ? undefined : shownEntries);
  const client = context.client();
  const session = input.text('session');
  const sessionId = session === undefined ? undefined : await findSession(client, session);
  const work = newest(client, { ...filter, sessionId }, count ?? Number.POSITIVE_INFINITY);
  const decisions = await context.during('Reading the audit trail', work);
  const asked = ['session', 'decision', 'tool', 'since'].flatMap((option) => {
    const value = input.text(option);
    return value === undefined ? [] : [`--${option} ${clean(value)}`];
  });
  if (decisions.length === 0 && asked.length > 0) {
    io.err(`Nothing in the audit trail matches ${asked.join(' ')}.\n`);
  }
  if (isCsv) io.out(decisionsCsv(decisions));
  else context.print(decisions, () => listDecisions(context, decisions));
}

async function show(context: Context, entry: string | undefined): Promise<void> {
  if (entry === undefined) throw new UsageError('<entry> is required: codepiper audit show <entry>');
  const seq = wholeNumber('<entry>', entry, 1, Number.MAX_SAFE_INTEGER - 1);
  const { decisions } = await context
    .client()
    .request('GET', '/policy-decisions', { query: { before: seq + 1, limit: 1 } });
  const [found] = decisions;
  if (found?.seq !== seq) {
    throw new CodepiperError('not_found', `The audit trail has no entry ${seq}. The newest: codepiper audit`);
  }
  context.print(found, () => describeDecision(context, found));
}

const wholeId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The trail outlives its sessions: one that is gone is known by its whole id. */
async function findSession(client: Client, ref: string): Promise<string> {
  if (wholeId.test(ref)) return ref;
  if (ref === '') {
    throw new UsageError('--session is empty; give an id or a name: codepiper sessions lists them.');
  }
  return (await client.request('GET', '/sessions/:id', { params: { id: ref } })).session.id;
}

interface Filter {
  sessionId: string | undefined;
  decision: (typeof decisionNames)[number] | undefined;
  tool: string | undefined;
  since: string | undefined;
}

/** The newest entries, the oldest of them first. */
async function newest(client: Client, filter: Filter, count: number): Promise<Decision[]> {
  const found: Decision[] = [];
  let before: number | undefined;
  while (found.length < count) {
    const limit = Math.min(pageSize, count - found.length);
    const { decisions, hasMore } = await client.request('GET', '/policy-decisions', {
      query: { ...filter, before, limit },
    });
    found.push(...decisions);
    before = decisions.at(-1)?.seq;
    if (!hasMore || before === undefined) break;
  }
  return found.reverse();
}
