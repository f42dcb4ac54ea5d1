/** Of every terminal; the machine's own, for nothing is loaded from elsewhere. */
export const fontFamily =
  'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';
