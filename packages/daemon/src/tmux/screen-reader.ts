import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { textsOf } from './control-lines.ts';
import type { Link } from './keeper.ts';
import { screenName } from './pane-capture.ts';
import { checkPaneId } from './panes.ts';
import { quote } from './quote.ts';
import type { CaptureRequest } from './tmux.ts';
import { captureFlags } from './typing.ts';

/** Stands behind each screen in a file of many; no screen holds it. */
const separator = '\u001e';

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

  /** What is on many panes, as plain text, by pane id: in one line, by way of one file. */
  async captureAll(link: Link, paneIds: readonly string[]): Promise<Map<string, string>> {
    if (paneIds.length === 0) return new Map();
    const panes = paneIds.map(checkPaneId);
    const name = screenName();
    const file = join(this.#folder, name);
    const save = (buffer: string): string => `save-buffer -a -b ${buffer} "#{@codepiper_run}"`;
    const buffers = [name, `${name}-end`];
    const commands = [
      // save-buffer expands its path as a format; what an option holds is not expanded again.
      `set-option -t ${quote(`=${this.#session}:`)} @codepiper_run ${quote(file)}`,
      `set-buffer -b ${name}-end ${quote(separator)}`,
      ...panes.flatMap((pane) => [
        // A screen with nothing on it makes no buffer.
        `set-buffer -b ${name} " "`,
        `capture-pane -b ${name} -t ${pane}`,
        save(name),
        save(`${name}-end`),
      ]),
    ];
    const cleaning = buffers.map((buffer) => `delete-buffer -b ${buffer}`);
    try {
      const blocks = await link.client.run([...commands, ...cleaning].join(' ; '));
      // An error ends the line: what comes behind it, cleaning too, has not run.
      if (blocks.some(({ ok }) => !ok)) for (const line of cleaning) link.client.send(line);
      textsOf(blocks, `read the screens of ${panes.length} panes`);
      const screens = (await readFile(file, 'utf8')).split(separator);
      return new Map(panes.map((pane, index) => [pane, screens[index] ?? '']));
    } finally {
      await rm(file, { force: true });
    }
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
