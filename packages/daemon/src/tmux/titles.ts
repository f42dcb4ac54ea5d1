import { keeperPrefix } from './panes.ts';

/** All panes with session, home and title; tabs cannot occur in a title. For `refresh-client -B`. */
export const titlesFormat = '#{S:#{W:#{P:#{pane_id}\t#{session_name}\t#{@codepiper_home}\t#{pane_title}\t}}}';

/** Titles by pane id of the panes of `home`, without the one that holds the connection. */
export function parseTitles(text: string, home: string): Map<string, string> {
  const fields = text.split('\t');
  const titles = new Map<string, string>();
  for (let index = 0; index + 3 < fields.length; index += 4) {
    const [paneId, sessionName, paneHome, title] = fields.slice(index, index + 4);
    if (!paneId || paneHome !== home || sessionName?.startsWith(keeperPrefix)) continue;
    titles.set(paneId, title ?? '');
  }
  return titles;
}

export function sameTitles(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([paneId, title]) => b.get(paneId) === title);
}
