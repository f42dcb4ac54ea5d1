import { holds, type Row, type Unit } from './figure.ts';

const digits: Record<Unit, number> = { ms: 1, µs: 0, '%': 2, MB: 1, kB: 0, count: 0 };

/** The table, with a line of notes below where there are any. `paint` colours the last column. */
export function toTable(rows: readonly Row[], isColoured: boolean): string {
  const cells = [
    ['figure', 'ours', 'floor', 'ratio', 'target', 'ok'],
    ...rows.map((row) => [
      row.figure,
      show(row.ours, row.unit),
      row.floor === null ? '-' : `${show(row.floor, row.unit)} (${row.floorOf})`,
      row.ratio === null ? '-' : row.ratio.toFixed(2),
      showTarget(row),
      showOk(row),
    ]),
  ];
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? [];
  const lines = cells.map((line) => {
    const text = line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' | ')
      .trimEnd();
    return isColoured ? colour(text, line.at(-1)) : text;
  });
  const notes = rows.flatMap(({ figure, note }) => (note ? [`${figure}: ${note}`] : []));
  return `${[...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')}\n`;
}

/** What `--json` prints. */
export function toJson(rows: readonly Row[], machine: Record<string, unknown>): string {
  const withOk = rows.map((row) => ({ ...row, ok: holds(row) }));
  return `${JSON.stringify({ machine, rows: withOk }, null, 2)}\n`;
}

function show(value: number, unit: Unit): string {
  const number = value.toFixed(digits[unit]);
  return unit === 'count' ? number : `${number} ${unit}`;
}

function showTarget({ target, unit }: Row): string {
  if (!target) return '-';
  return target.of === 'ratio'
    ? `<= ${target.max} x`
    : `<= ${unit === 'count' ? target.max : `${target.max} ${unit}`}`;
}

function showOk(row: Row): string {
  const ok = holds(row);
  return ok === null ? '-' : ok ? 'yes' : 'no';
}

function colour(line: string, ok: string | undefined): string {
  const sgr = ok === 'no' ? '31' : ok === 'yes' ? '32' : null;
  return sgr === null ? line : `\x1b[${sgr}m${line}\x1b[0m`;
}
