import { resolve } from 'node:path';
import { localTimezone } from '@codepiper/core/analytics/periods.ts';
import type { Cost } from '@codepiper/core/analytics/pricing.ts';
import { unknownNote } from '../analytics/amounts.ts';
import {
  type AnalyticsPath,
  type AnalyticsReply,
  type Sheet,
  type View,
  type ViewName,
  views,
} from '../analytics/views.ts';
import { toCsv } from '../audit/csv.ts';
import { readSince } from '../audit/since.ts';
import type { Context } from '../context.ts';
import { table } from '../output.ts';
import { suggest } from '../suggest.ts';
import { UsageError } from '../usage-error.ts';

const optional = ['workspace', 'provider', 'model', 'order', 'limit'] as const;
const ages = /^\d{1,6}[smhdw]$/;

export async function run(context: Context): Promise<void> {
  const { input } = context;
  const [name = 'overview'] = input.positionals;
  if (!isView(name)) {
    const guess = await suggest(name, Object.keys(views));
    const hint = guess ? `Did you mean ${guess}?` : `There are ${Object.keys(views).join(', ')}.`;
    throw new UsageError(`codepiper analytics has no view "${name}". ${hint}`);
  }
  // The views differ in their replies; each is shown by the functions that stand beside its path.
  await show(context, name, views[name] as View);
}

function isView(name: string): name is ViewName {
  return Object.hasOwn(views, name);
}

async function show<P extends AnalyticsPath>(context: Context, name: ViewName, view: View<P>): Promise<void> {
  const { input, io } = context;
  for (const option of optional) {
    if (input.flag(option) && !view.takes.includes(option)) {
      throw new UsageError(`--${option} does not go with analytics ${name}.`);
    }
  }
  if (input.flag('csv') && context.isJson) throw new UsageError('--csv and --json exclude each other.');
  const reply = await ask(context, view.path, query(context));
  if (input.flag('csv')) {
    io.out(view.sheets(reply).map(csvOf).join('\r\n'));
    return;
  }
  context.print(reply, () => textOf(context, view.sheets(reply), view.cost?.(reply)));
}

type Query = Readonly<Record<string, string | number | undefined>>;

function query({ input, io }: Context): Query {
  const range = input.choice('range', ['today', '7d', '30d', 'all']);
  const since = input.text('since');
  if (range !== undefined && (since !== undefined || input.flag('until'))) {
    throw new UsageError('--range excludes --since and --until.');
  }
  const workspace = input.text('workspace');
  return {
    range,
    since: since !== undefined && ages.test(since) ? readSince(since, io.now()) : since,
    until: input.text('until'),
    timezone: input.text('timezone') ?? localTimezone(),
    session: input.text('session'),
    workspace: workspace === undefined ? undefined : resolve(io.cwd, workspace),
    model: input.text('model'),
    provider: input.text('provider'),
    order: input.choice('order', ['count', 'failures', 'slow']),
    limit: input.number('limit', 1, 1000),
  };
}

async function ask<P extends AnalyticsPath>(
  context: Context,
  path: P,
  asked: Query,
): Promise<AnalyticsReply<P>> {
  const client = context.client();
  // The path is one of many: what it answers is looked up by the types of its view.
  const request = client.request as unknown as (
    method: 'GET',
    path: P,
    call: { query: Query },
  ) => Promise<AnalyticsReply<P>>;
  return request('GET', path, { query: asked });
}

function csvOf({ titles, rows }: Sheet): string {
  const names = titles.map((title) => title.toLowerCase().replaceAll(' ', '_'));
  return toCsv([names, ...rows.map((row) => row.map(({ raw }) => raw))]);
}

/** Columns a narrow terminal may cut. */
const cut: Readonly<Record<string, number>> = { TITLE: 8, DIRECTORY: 12, FILE: 16, MODEL: 12 };

function textOf({ io, paint }: Context, sheets: readonly Sheet[], cost: Cost | undefined): string {
  const parts = sheets
    .filter(({ rows }) => rows.length > 0)
    .map(({ titles, rows, total }) => {
      // What everything has a price for needs no column of its own.
      const kept = titles.flatMap((title, i) =>
        title === 'UNKNOWN TOKENS' && rows.every((row) => row[i]?.text === '') ? [] : [i],
      );
      const cells = [...rows, ...(total ? [total] : [])].map((row) => kept.map((i) => row[i]?.text ?? ''));
      const columns = kept.map((i) => {
        const title = titles[i] ?? '';
        const min = cut[title];
        return min === undefined ? { title } : { title, min };
      });
      return table(columns, cells, io.columns, (text) =>
        text.includes('unknown') ? paint(text, 'yellow') : text,
      );
    });
  if (parts.length === 0) return io.isTTY.stdout ? 'Nothing in this period.\n' : '';
  const note = cost ? unknownNote(cost) : '';
  return `${parts.join('\n')}${note === '' ? '' : `\n${paint(note, 'yellow')}\n`}`;
}
