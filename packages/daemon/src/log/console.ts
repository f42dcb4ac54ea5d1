const colours: Readonly<Record<string, number>> = {
  trace: 90,
  debug: 90,
  info: 36,
  warn: 33,
  error: 31,
  fatal: 31,
};

/** One line of the log as a person reads it on a terminal: time, level, sentence, fields. */
export function formatLine(line: string): string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, pid: _pid, msg, err, ...rest } = fields;
  const clock = new Date(String(time)).toLocaleTimeString('en-GB');
  const label = String(level);
  const error = isError(err) ? ` (${err.message})` : '';
  const extra = Object.entries(rest).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const text = `${clock} \u001b[${colours[label] ?? 0}m${label.padEnd(5)}\u001b[0m ${printable(String(msg ?? ''))}`;
  return `${text}${printable(error)}${extra.map(printable).join('')}\n`;
}

function isError(value: unknown): value is { message: string } {
  return typeof value === 'object' && value !== null && 'message' in value;
}

/** What is logged may come from anywhere; it must not steer the terminal or break the line. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
