const key = 'codepiper.palette.recent';
const most = 5;

/** Ids of the commands that were used last, the newest first. */
export function recentCommands(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(stored) ? stored.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

export function rememberCommand(id: string): void {
  try {
    const next = [id, ...recentCommands().filter((each) => each !== id)].slice(0, most);
    localStorage.setItem(key, JSON.stringify(next));
  } catch {
    // A browser that keeps nothing only forgets what was used.
  }
}
