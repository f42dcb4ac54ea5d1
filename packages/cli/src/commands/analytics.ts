import { resolve } from 'node:path';
import { unknownNote } from '@codepiper/core/analytics/amounts.ts';
import { localTimezone } from '@codepiper/core/analytics/periods.ts';
import { toCsv } from '@codepiper/core/csv.ts';
import { sheetText } from '../analytics/layout.ts';
import type { Cell, Sheet } from '../analytics/sheet.ts';
import type { Loaded, Period, Query, View } from '../analytics/view.ts';
import { type ViewName, views } from '../analytics/views.ts';
import { readSince } from '../audit/since.ts';
import type { Context } from '../context.ts';
import { clean, shortPath } from '../output.ts';
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
  await show(context, name, views[name]);
}

function isView(name: string): name is ViewName {
  return Object.hasOwn(views, name);
}

async function show(context: Context, name: ViewName, view: View): Promise<void> {
  const { input, io } = context;
  for (const option of optional) {
    if (input.flag(option) && !view.takes.includes(option)) {
      throw new UsageError(`--${option} does not go with analytics ${name}.`);
    }
  }
  if (input.flag('csv') && context.isJson) throw new UsageError('--csv and --json exclude each other.');
  const client = context.client();
  const question = query(context);
  const loaded = await view.load(client, question);
  if (input.flag('csv')) {
    io.out(loaded.sheets.map(csvOf).join('\r\n'));
    return;
  }
  const isLook = view.look !== undefined && !context.isJson;
  const sheets = isLook ? await view.look?.(client, question, loaded) : loaded.sheets;
  context.print(loaded.reply, () =>
    textOf(context, question, { ...loaded, sheets: sheets ?? loaded.sheets }),
  );
}

function query({ input, io }: Context): Query {
  for (const option of ['since', 'until', 'timezone', 'session', 'workspace', 'model', 'provider']) {
    if (input.text(option) === '')
      throw new UsageError(`--${option} is empty; give a value, or leave it out.`);
  }
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

function csvOf({ titles, rows }: Sheet): string {
  const names = titles.map((title) => title.toLowerCase().replaceAll(' ', '_'));
  return toCsv([names, ...rows.map((row) => row.map(({ raw }) => raw))]);
}

function textOf({ io, paint }: Context, question: Query, { reply, sheets, cost }: Loaded): string {
  const isEmpty = sheets.every(({ rows }) => rows.every((row) => row.every((cell) => !isAmount(cell))));
  if (isEmpty) return io.isTTY.stdout ? nothingText(question) : '';
  const drawn = sheets
    .filter(({ rows }) => rows.length > 0)
    .map((sheet) => {
      const { text, leftOut, isShort } = sheetText(sheet, {
        width: io.columns,
        userHome: io.env.userHome,
        paint: (cell) => paint(cell, 'yellow'),
        bold: (line) => paint(line, 'bold'),
      });
      return { text: sheet.note ? `${text}${paint(sheet.note, 'dim')}\n` : text, leftOut, isShort };
    });
  const isShort = drawn.some((one) => one.isShort);
  const note = cost ? unknownNote(cost, isShort ? 'unknown (?)' : 'unknown') : '';
  const leftOut = [...new Set(drawn.flatMap((one) => one.leftOut))];
  const notes = [
    ...(note === '' ? [] : [paint(note, 'yellow')]),
    ...(leftOut.length === 0 ? [] : [paint(`Too narrow for: ${leftOut.join(', ')}`, 'dim')]),
  ];
  return [
    // Beside numbers that are read by a program nothing stands.
    ...(io.isTTY.stdout ? [`${paint(headingText(question, reply.period, io.env.userHome), 'dim')}\n`] : []),
    drawn.map(({ text }) => text).join('\n'),
    ...(notes.length === 0 ? [] : [`\n${notes.join('\n')}\n`]),
  ].join('');
}

/** Whether a cell says that there was something. */
function isAmount({ raw, isNumber }: Cell): boolean {
  return isNumber === true && raw !== '' && Number(raw) !== 0;
}

const rangeNames = { today: 'Today', '7d': 'Last 7 days', '30d': 'Last 30 days', all: 'All time' } as const;

/** Whose numbers these are. */
function headingText(question: Query, { since, until, timezone }: Period, userHome: string): string {
  const { session, workspace, provider, model } = question;
  const isNamed = question.since === undefined && question.until === undefined;
  const day = (at: number) => new Intl.DateTimeFormat('sv-SE', { timeZone: timezone }).format(at);
  const from = since === null ? null : day(Date.parse(since));
  // The end is not in the period itself.
  const to = until === null ? null : day(Date.parse(until) - 1);
  const days = from === to ? from : `${from ?? 'the beginning'} to ${to ?? 'now'}`;
  const name = isNamed ? rangeNames[question.range ?? '7d'] : null;
  return clean(
    [
      [...(name === null ? [] : [name]), ...(days === null ? [] : [days])].join(': ') || 'All time',
      timezone,
      ...(session === undefined ? [] : [`session ${session}`]),
      ...(workspace === undefined ? [] : [shortPath(workspace, userHome)]),
      ...(provider === undefined ? [] : [provider]),
      ...(model === undefined ? [] : [model]),
    ].join(' · '),
  );
}

function nothingText({ range, since, until }: Query): string {
  const isAll = range === 'all' && since === undefined && until === undefined;
  const wider = isAll ? '' : ' A longer one: --range all.';
  return `Nothing in this period.${wider} What codepiper did not start comes in with: codepiper import\n`;
}
