export interface EnvRow {
  id: string;
  key: string;
  value: string;
}

/** A line that gives a variable a value, as shells and .env files write it. */
const assignment = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/;

/**
 * Variables of a pasted text: lines of `KEY=value`, with or without quotes; comments and blank lines are left out. Null
 * when it is another kind of text.
 */
export function readEnvText(text: string): { key: string; value: string }[] | null {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  const found = lines.map((line) => assignment.exec(line));
  if (found.length === 0 || found.some((match) => match === null)) return null;
  return found.flatMap((match) => {
    const [, key = '', value = ''] = match ?? [];
    return [{ key, value: unquote(value.trim()) }];
  });
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted?.[2] ?? value;
}

/** Rows with new ones in them: one of the same name takes the new value, an empty row its place. */
export function addRows(
  rows: readonly EnvRow[],
  added: readonly { key: string; value: string }[],
): readonly EnvRow[] {
  const next = rows.filter(({ key, value }) => key !== '' || value !== '');
  for (const { key, value } of added) {
    const at = next.findIndex((row) => row.key === key);
    const known = next[at];
    if (known) next[at] = { ...known, value };
    else next.push({ id: crypto.randomUUID(), key, value });
  }
  return next;
}
