import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { textsOf } from './control-lines.ts';
import type { Link } from './keeper.ts';
import { screenName } from './pane-capture.ts';
import { checkPaneId } from './panes.ts';
import { quote } from './quote.ts';
import type { CaptureRequest } from './tmux.ts';
import { captureFlags } from './typing.ts';

/** Reads screens of panes as text. */
export class ScreenReader {
  readonly #folder: string;
  readonly #session: string;

  /**
   * @param folder a private one, for files that tmux writes
   * @param session of the keeper
   */
  constructor(folder: string, session: string) {
    this.#folder = folder;
    this.#session = session;
  }

  /** What is on a pane. */
  capture(link: Link, paneId: string, request: CaptureRequest): Promise<string> {
    const pane = checkPaneId(paneId);
    const name = screenName();
    const fill = `capture-pane -b ${name} -t ${pane} ${captureFlags(request)} ; `;
    return this.read(link, name, pane, fill);
  }

  /**
   * Takes the screen in a buffer by way of a file: what is printed would lose control characters.
   *
   * @param fill commands that fill the buffer, in the same line
   */
  async read(link: Link, buffer: string, pane: string, fill = ''): Promise<string> {
    const file = join(this.#folder, screenName());
    const keeper = quote(`=${this.#session}:`);
    // save-buffer expands its path as a format; what an option holds is not expanded again.
    const save = `set-option -t ${keeper} @codepiper_run ${quote(file)} ; save-buffer -b ${buffer} "#{@codepiper_run}"`;
    try {
      const blocks = await link.client.run(`${fill}${save} ; delete-buffer -b ${buffer}`);
      if (blocks.some(({ ok }) => !ok)) link.client.send(`delete-buffer -b ${buffer}`);
      textsOf(blocks, `read the screen of pane ${pane}`);
      const text = await readFile(file, 'utf8');
      return link.features.padsJoinedLines ? text.replaceAll(/ +$/gm, '') : text;
    } finally {
      await rm(file, { force: true });
    }
  }
}
