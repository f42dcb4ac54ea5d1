import { jsonText } from '@codepiper/core/json-text.ts';

/** Columns a text takes on a terminal; control characters must be gone. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (plain.test(character)) width += 1;
    else if (!invisible().test(character)) width += wide().test(character) ? 2 : 1;
  }
  return width;
}

/** Latin letters and signs: one column each, nothing to clean. Most cells are, and the big patterns are slow. */
const plain = /^[ -~\u00a1-\u00ac\u00ae-\u02ff]*$/;
// Made when first needed.
const invisible = lazily(() => /^[\p{Mn}\p{Me}\p{Cf}]$/u);
const wide = lazily(
  () =>
    /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}$/u,
);

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Controls, line and paragraph separators, and what turns the direction of writing: a text with them is not what it looks. */
const misleading = lazily(() => /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu);

/** Text that comes from elsewhere, safe to print: a name or path cannot move the cursor, nor turn what stands beside it. */
export function clean(text: string): string {
  return plain.test(text) ? text : text.replaceAll(misleading(), escaped);
}

/** The same for a text of several lines. */
export function cleanLines(text: string): string {
  return text.split('\n').map(clean).join('\n');
}

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, '0')}`;
}

/** Cuts to a width, with an ellipsis where something is gone. */
export function truncate(text: string, width: number): string {
  if (text.length <= width / 2 || displayWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const character of text) {
    const more = displayWidth(character);
    if (used + more > width - 1) break;
    kept += character;
    used += more;
  }
  return `${kept}…`;
}

/** The same for a path, of which the end says most. */
export function truncateStart(text: string, width: number): string {
  if (text.length <= width / 2 || displayWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const character of [...text].reverse()) {
    const more = displayWidth(character);
    if (used + more > width - 1) break;
    kept = character + kept;
    used += more;
  }
  // From the beginning of a name on, where one is near.
  const slash = kept.indexOf('/');
  return `…${slash > 0 && slash < kept.length / 2 ? kept.slice(slash) : kept}`;
}

export interface Column {
  title: string;
  /** May be cut, down to this width, when the table is too wide. */
  min?: number;
  /** Numbers: their digits stand below each other. */
  isNumber?: boolean;
  /** Paths: what is cut is their beginning. */
  isPath?: boolean;
}

/**
 * A table with aligned columns. Given a width, the widest columns that may be cut are, until it fits. `paint`
 * colours a cell after it was measured.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
  paint: (text: string, column: number) => string = (text) => text,
): string {
  const cells = rows.map((row) =>
    row.map((text) => {
      const cleaned = clean(text);
      return { text: cleaned, width: displayWidth(cleaned) };
    }),
  );
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...cells.map((row) => row[i]?.width ?? 0)),
  );
  if (width !== undefined) shrink(columns, widths, width);
  const last = columns.length - 1;
  const lines = cells.map((row) =>
    row
      .map((cell, i) => {
        const room = widths[i] ?? 0;
        const isCut = cell.width > room;
        const { isNumber, isPath } = columns[i] ?? {};
        const text = isCut ? (isPath ? truncateStart : truncate)(cell.text, room) : cell.text;
        const gap = ' '.repeat(room - (isCut ? displayWidth(text) : cell.width));
        if (isNumber) return gap + paint(text, i);
        return paint(text, i) + (i === last ? '' : gap);
      })
      .join('  ')
      .trimEnd(),
  );
  const titles = columns.map(({ title, isNumber }, i) => {
    const room = widths[i] ?? 0;
    const text = truncate(title, room);
    return isNumber ? text.padStart(room) : text.padEnd(i === last ? 0 : room);
  });
  return `${[titles.join('  ').trimEnd(), ...lines].join('\n')}\n`;
}

function shrink(columns: readonly Column[], widths: number[], width: number): void {
  const total = () => widths.reduce((sum, w) => sum + w, 2 * (widths.length - 1));
  while (total() > width) {
    let widest = -1;
    for (const [i, column] of columns.entries()) {
      const w = widths[i] ?? 0;
      if (column.min !== undefined && w > column.min && w > (widths[widest] ?? 0)) widest = i;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

/** `12s`, `5m`, `3h`, `2d`: how long ago a time was. */
export function age(iso: string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(iso)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** A path with the user's home as `~`. */
export function shortPath(path: string, userHome: string): string {
  if (userHome === '/' || userHome === '') return path;
  if (path === userHome) return '~';
  return path.startsWith(`${userHome}/`) ? `~${path.slice(userHome.length)}` : path;
}

/** A value as the `--json` of every command prints it. */
export function toJson(value: unknown): string {
  return `${jsonText(value, 2)}\n`;
}

/** A value as one line, for those that come one after the other. */
export function toJsonLine(value: unknown): string {
  return `${jsonText(value)}\n`;
}

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

const sgr: Record<Colour, string> = { red: '31', green: '32', yellow: '33', dim: '2', bold: '1' };

/** Colours text, or leaves it alone. */
export function colour(text: string, name: Colour, isOn: boolean): string {
  return isOn && text !== '' ? `\x1b[${sgr[name]}m${text}\x1b[0m` : text;
}
