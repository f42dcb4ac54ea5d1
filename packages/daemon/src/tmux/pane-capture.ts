import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlClient } from './control-client.ts';
import { textsOf } from './control-lines.ts';
import type { CapturedRows } from './pane-rows.ts';
import { type PaneCaptures, type PaneState, paneStateFormat, parsePaneState } from './pane-state.ts';
import { quote } from './quote.ts';
import type { TmuxFeatures } from './version.ts';

/** Files of screens in the private folder of the run; those a killed daemon left are swept by this prefix. */
export const screenPrefix = 'screen-';

export function screenName(): string {
  return `${screenPrefix}${randomBytes(6).toString('hex')}`;
}

export interface StateRequest {
  paneId: string;
  /** tmux's id of the pane's session, e.g. `$3`. */
  sessionId: string;
  /** Lines of history; 0 for none. */
  history: number;
  /** Private folder for what is captured. */
  folder: string;
  features: Pick<TmuxFeatures, 'keepsSpaces'>;
  /** A command to run between the captures and anything the pane prints after them. */
  command?: string;
  /**
   * Called at the place of the picture in the client's stream: all output before it is in the picture, and none of the
   * output after it.
   */
  onPlace(): void;
}

/** Stands between the captures in the file, and can stand in none of them but the last. */
const separator = '\u001e';

/**
 * Takes a picture of a pane through a client that is attached to its session. tmux looks at no output between the
 * commands of one line until one of them has to wait, and only saving does. Captures go to buffers and from there to a
 * file: servers from 3.2 to 3.4 never give back the memory of what `capture-pane -p` printed.
 *
 * @returns null when there is no such pane
 * @throws CodepiperError `tmux_failed`
 */
export async function capturePane(client: ControlClient, request: StateRequest): Promise<PaneState | null> {
  const { paneId, sessionId, history, folder, features, command } = request;
  const name = screenName();
  const file = join(folder, name);
  // Without history to tell, one row is captured for nothing: there is no range that is empty.
  const above = history > 0 ? `-S -${history} -E -1` : '-E 0';
  const styled = features.keepsSpaces ? '-e -N' : '-e';
  const flags = [`${styled} ${above}`, `-J ${above}`, styled, '-J', `-a -q ${styled}`, '-a -q -J', '-P'];
  const buffer = (index: number): string => `${name}-${index}`;
  const commands = [
    `display-message -p -t ${paneId} ${quote(paneStateFormat)}`,
    // What has nothing to say makes no buffer; saving one that is not there would be an error.
    ...flags.map((_, index) => `set-buffer -b ${buffer(index)} " "`),
    ...flags.map((flag, index) => `capture-pane -b ${buffer(index)} -t ${paneId} ${flag}`),
    ...(command ? [command] : []),
    `set-buffer -b ${name} ${quote(separator)}`,
    // save-buffer expands its path as a format; what an option holds is not expanded again.
    `set-option -t '${sessionId}' @codepiper_run ${quote(folder)}`,
    ...flags.flatMap((_, index) => [
      ...(index > 0 ? [`save-buffer -a -b ${name} "#{@codepiper_run}/${name}"`] : []),
      `save-buffer -a -b ${buffer(index)} "#{@codepiper_run}/${name}"`,
    ]),
  ];
  const cleaning = [name, ...flags.map((_, index) => buffer(index))].map(
    (each) => `delete-buffer -b ${each}`,
  );
  let isFirst = true;
  try {
    const blocks = await client.run([...commands, ...cleaning].join(' ; '), {
      onBlock: ({ ok }) => {
        if (isFirst && ok) request.onPlace();
        isFirst = false;
      },
    });
    const [facts] = blocks;
    if (!facts?.ok) return null;
    // An error ends the line: what comes behind it, cleaning too, has not run.
    if (blocks.some(({ ok }) => !ok)) for (const line of cleaning) client.send(line);
    textsOf(blocks, `read the screen of pane ${paneId}`);
    const captures = readCaptures(await readFile(file), history > 0);
    return parsePaneState(paneId, facts.body.toString('utf8'), {
      ...captures,
      keepsSpaces: features.keepsSpaces,
    });
  } finally {
    await rm(file, { force: true });
  }
}

function readCaptures(file: Buffer, hasHistory: boolean): Omit<PaneCaptures, 'keepsSpaces'> {
  const parts: Buffer[] = [];
  let from = 0;
  while (parts.length < 6) {
    const end = file.indexOf(separator, from);
    if (end === -1) break;
    parts.push(file.subarray(from, end));
    from = end + 1;
  }
  const pending = file.subarray(from);
  const rowsAt = (index: number): CapturedRows => ({
    rows: parts[index]?.toString('utf8') ?? '',
    joined: parts[index + 1]?.toString('utf8') ?? '',
  });
  return {
    history: hasHistory ? rowsAt(0) : { rows: '', joined: '' },
    screen: rowsAt(2),
    behind: rowsAt(4),
    pending: pending[0] === 0x1b ? pending : new Uint8Array(),
  };
}
