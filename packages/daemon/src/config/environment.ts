/** The environment as a plain record. No other file of the daemon reads `process.env`. */
export function readEnvironment(): Record<string, string | undefined> {
  return { ...process.env };
}

/** How a daemon tells the one that takes its place where the dashboard was: it goes on there if any port will do. */
const keptPortName = 'CODEPIPER_KEPT_PORT';

/** As the former daemon of this process left it. It is taken out: programs that are started have no use for it. */
export function takeKeptPort(): number | null {
  const port = Number(process.env[keptPortName]);
  delete process.env[keptPortName];
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}

/** The variables that leave it for the next daemon. */
export function keepPort(port: number | null): Record<string, string> {
  return port === null ? {} : { [keptPortName]: String(port) };
}
