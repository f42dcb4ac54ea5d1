import type { Link } from './keeper.ts';
import { keeperPrefix } from './panes.ts';
import { quote } from './quote.ts';

/** Name of our format subscription. */
const titlesName = 'titles';
/** How often titles are asked for where tmux does not tell them (3.0, 3.1), in milliseconds. */
const titlesInterval = 2_000;

/** All panes with session, home and title; tabs cannot occur in a title. For `refresh-client -B`. */
const titlesFormat = '#{S:#{W:#{P:#{pane_id}\t#{session_name}\t#{@codepiper_home}\t#{pane_title}\t}}}';

export interface TitlesOptions {
  home: string;
  /** The connection if there is one now. */
  currentLink: () => Link | null;
  /** The titles of our panes by pane id, when one has changed. */
  onTitles: (titles: ReadonlyMap<string, string>) => void;
}

/** Watches the titles of our panes: told by tmux, or where it does not tell them, asked for. */
export class Titles {
  readonly #o: TitlesOptions;
  #titles: ReadonlyMap<string, string> = new Map();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: TitlesOptions) {
    this.#o = options;
  }

  /** At each connection. */
  watch({ client, features }: Link): void {
    if (features.subscriptions) client.send(`refresh-client -B ${quote(`${titlesName}::${titlesFormat}`)}`);
    else this.#timer ??= setInterval(() => void this.#ask(), titlesInterval).unref();
  }

  /** Nobody wants them any more. */
  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    const link = this.#o.currentLink();
    if (link?.features.subscriptions) link.client.send(`refresh-client -B ${titlesName}`);
  }

  /** Takes what tmux says of a subscription. */
  take(subscription: string, text: string): void {
    if (subscription !== titlesName) return;
    const titles = parseTitles(text, this.#o.home);
    if (sameTitles(titles, this.#titles)) return;
    this.#titles = titles;
    this.#o.onTitles(titles);
  }

  async #ask(): Promise<void> {
    const line = `display-message -p ${quote(titlesFormat)}`;
    const blocks = await this.#o
      .currentLink()
      ?.client.run(line)
      .catch(() => undefined); // the next round asks again
    const [block] = blocks ?? [];
    if (block?.ok) this.take(titlesName, block.body.toString('utf8'));
  }
}

/** Titles by pane id of the panes of `home`, without the one that holds the connection. */
function parseTitles(text: string, home: string): Map<string, string> {
  const fields = text.split('\t');
  const titles = new Map<string, string>();
  for (let index = 0; index + 3 < fields.length; index += 4) {
    const [paneId, sessionName, paneHome, title] = fields.slice(index, index + 4);
    if (!paneId || paneHome !== home || sessionName?.startsWith(keeperPrefix)) continue;
    titles.set(paneId, title ?? '');
  }
  return titles;
}

function sameTitles(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([paneId, title]) => b.get(paneId) === title);
}
