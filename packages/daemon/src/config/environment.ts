/** The environment as a plain record. No other file of the daemon reads `process.env`. */
export function readEnvironment(): Record<string, string | undefined> {
  return { ...process.env };
}
