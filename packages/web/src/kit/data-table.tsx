import { toCsv } from '@codepiper/core/csv.ts';
import { Download } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { cx } from './cx.ts';
import { downloadText } from './download.ts';

export interface Column<Row> {
  title: string;
  /** What is shown. */
  cell(row: Row): ReactNode;
  /** What a CSV file gets; the column is not in it when absent. */
  raw?(row: Row): string;
  isNumber?: boolean;
  /** Left out where there is little room. */
  isExtra?: boolean;
}

interface Props<Row> {
  /** What it is of, for those who do not see where it stands. */
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf(row: Row): string;
  /** Said when there are no rows. */
  empty: ReactNode;
}

/** Rows of figures. Wide ones scroll by themselves. */
export function DataTable<Row>({ label, rows, columns, keyOf, empty }: Props<Row>) {
  if (rows.length === 0) return <p className="py-6 text-center text-quiet text-sm">{empty}</p>;
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by the arrow keys too
      tabIndex={0}
      className="overflow-x-auto"
    >
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{label}</caption>
        <thead>
          <tr className="border-line border-b text-quiet">
            {columns.map(({ title, isNumber, isExtra }) => (
              <th
                key={title}
                scope="col"
                className={cx(
                  'whitespace-nowrap px-2 py-1.5 font-medium',
                  isNumber ? 'text-right' : 'text-left',
                  isExtra && 'hidden sm:table-cell',
                )}
              >
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} className="border-line/60 border-b last:border-0">
              {columns.map(({ title, cell, isNumber, isExtra }) => (
                <td
                  key={title}
                  className={cx(
                    'px-2 py-1.5 align-top',
                    isNumber && 'whitespace-nowrap text-right tabular-nums',
                    isExtra && 'hidden sm:table-cell',
                  )}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Gives the rows of a table as a CSV file. */
export function CsvButton<Row>({
  name,
  rows,
  columns,
}: {
  /** Of the file, without its ending. */
  name: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
}) {
  const save = () => {
    const kept = columns.flatMap(({ title, raw }) => (raw ? [{ title, raw }] : []));
    const text = toCsv([
      kept.map(({ title }) => title),
      ...rows.map((row) => kept.map(({ raw }) => raw(row))),
    ]);
    downloadText(`${name}.csv`, text, 'text/csv');
  };
  return (
    <IconButton label="Save as CSV" size="small" disabled={rows.length === 0} onClick={save}>
      <Download aria-hidden="true" className="size-4" />
    </IconButton>
  );
}
