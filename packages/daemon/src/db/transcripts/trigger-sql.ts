/** A quarter of an hour: the local days of every time zone consist of whole ones. */
export const quarterMs = 900_000;
/** The quarter of an hour a time is in; 0 for none. */
export const quarterSql = (at: string): string => `coalesce(${at}, 0) / ${quarterMs} * ${quarterMs}`;

/** Whether one of the columns has another value than before, in a trigger. */
export const isChanged = (...columns: string[]) =>
  columns.map((column) => `old.${column} IS NOT new.${column}`).join(' OR ');
