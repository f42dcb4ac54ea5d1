import { displayWidth, shortPath, table } from '../output.ts';
import type { Cell, Sheet } from './sheet.ts';

/** Columns that may be cut: the width they are to have as long as others can be left out, and the least. */
const cut: Readonly<Record<string, { good: number; min: number }>> = {
  TITLE: { good: 16, min: 8 },
  DIRECTORY: { good: 22, min: 12 },
  FILE: { good: 24, min: 16 },
  MODEL: { good: 20, min: 12 },
  TOOL: { good: 16, min: 10 },
};
const paths = new Set(['DIRECTORY', 'FILE']);
const shortTitles: Readonly<Record<string, string>> = { 'CACHE HIT': 'HIT' };
/** Columns a narrow terminal goes without, the first of them first. */
const spared = [
  ...['UNKNOWN TOKENS', '', 'CACHE WRITE', 'UNFINISHED', 'DENIED', 'CACHE HIT', 'INPUT', 'OUTPUT'],
  ...['CACHE READ', 'PROVIDER', 'P50', 'P99', 'SESSION', 'SESSIONS', 'TITLE', 'SHARE', 'REQUESTS'],
  ...['FAILED', 'CONVERSATIONS', 'DIRECTORY', 'CONVERSATION'],
];
/** Nobody misses them: the note below the tables says it, or it is a picture. */
const unsaid = new Set(['', 'UNKNOWN TOKENS']);
const unknown = ' + unknown';

interface Place {
  /** Columns of the terminal; undefined where nobody minds how long lines are. */
  width: number | undefined;
  userHome: string;
  paint: (text: string) => string;
  bold: (text: string) => string;
}

/** A sheet as a table that fits: numbers get shorter first, then columns are left out, then texts are cut. */
export function sheetText(sheet: Sheet, place: Place): { text: string; leftOut: string[]; isShort: boolean } {
  const width = place.width ?? Number.POSITIVE_INFINITY;
  const rows = [...sheet.rows, ...(sheet.total ? [sheet.total] : [])];
  // What nothing stands in needs no column.
  let kept = sheet.titles.flatMap((_, i) => (rows.every((row) => (row[i]?.text ?? '') === '') ? [] : [i]));
  let drawn = draw(sheet, rows, kept, false, place);
  if (drawn.needed <= width) return { text: drawn.text(), leftOut: [], isShort: false };
  if (isPairs(sheet) && sheet.titles.length > 2) return sheetText(oneBelowTheOther(sheet), place);
  const leftOut: string[] = [];
  drawn = draw(sheet, rows, kept, true, place);
  for (const title of spared) {
    if (drawn.needed <= width || isPairs(sheet)) break;
    const i = kept.find((at) => sheet.titles[at] === title) ?? 0;
    if (i === 0) continue;
    kept = kept.filter((at) => at !== i);
    if (!unsaid.has(title)) leftOut.push(title.toLowerCase());
    drawn = draw(sheet, rows, kept, true, place);
  }
  return { text: drawn.text(), leftOut, isShort: true };
}

/** Figures beside their names, in columns without titles. */
function isPairs({ titles }: Sheet): boolean {
  return titles.every((title) => title === '');
}

function oneBelowTheOther({ rows }: Sheet): Sheet {
  const pairs = [...rows.map((row) => row.slice(0, 2)), ...rows.map((row) => row.slice(2, 4))];
  return { titles: ['', ''], rows: pairs.filter(([name]) => name?.text) };
}

function draw(
  { titles, total }: Sheet,
  rows: readonly Cell[][],
  kept: readonly number[],
  isShort: boolean,
  { width, userHome, paint, bold }: Place,
): { needed: number; text: () => string } {
  const columns = kept.map((i) => {
    const whole = titles[i] ?? '';
    const title = isShort ? (shortTitles[whole] ?? whole) : whole;
    const isNumber = rows.some((row) => row[i]?.isNumber);
    return { title, isNumber, isPath: paths.has(title), ...cut[title] };
  });
  const cells = rows.map((row) =>
    kept.map((i) => {
      const { text, short } = row[i] ?? { text: '' };
      const shown = isShort ? (short ?? text) : text;
      return paths.has(titles[i] ?? '') ? shortPath(shown, userHome) : shown;
    }),
  );
  const mark = isShort ? ' + ?' : unknown;
  for (const [column] of columns.entries()) {
    // Dollars stand below dollars, also where more is said behind them.
    if (!cells.some((row) => row[column]?.endsWith(mark))) continue;
    for (const row of cells) {
      const text = row[column] ?? '';
      if (text.includes('$') && !text.endsWith(mark)) row[column] = text + ' '.repeat(mark.length);
    }
  }
  const needed = columns.reduce(
    (sum, { title, good }, i) => {
      const widest = Math.max(title.length, ...cells.map((row) => displayWidth(row[i] ?? '')));
      return sum + Math.min(widest, good ?? widest);
    },
    2 * (columns.length - 1),
  );
  const isMarked = (text: string) => text.includes('unknown') || text.endsWith(' + ?');
  const text = () => {
    const printed = table(columns, cells, width, (cell) => (isMarked(cell) ? paint(cell) : cell));
    const lines = printed.trimEnd().split('\n');
    const shown = columns.every(({ title }) => title === '') ? lines.slice(1) : lines;
    if (total && shown.length > 1) shown.push(bold(shown.pop() ?? ''));
    return `${shown.join('\n')}\n`;
  };
  return { needed, text };
}
