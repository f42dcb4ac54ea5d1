import { failed } from './control-lines.ts';
import { quote } from './quote.ts';
import type { NewPane, PaneInfo } from './tmux.ts';
import type { TmuxFeatures } from './version.ts';

/** Sessions that hold a daemon's connection and no program. */
export const keeperPrefix = 'codepiper-keeper-';

/**
 * One line per pane. Tabs stand between the fields: tmux lets no control character into a title or a session name.
 * The home is last, as it comes from outside.
 */
export const paneFormat = [
  '#{pane_id}',
  '#{pane_pid}',
  '#{pane_width}',
  '#{pane_height}',
  '#{@codepiper_typed}',
  '#{session_name}',
  '#{pane_title}',
  '#{@codepiper_home}',
].join('\t');

/** Reads a line of {@link paneFormat}; null for a line that is none. */
export function parsePane(line: string, attached: ReadonlySet<string>): PaneInfo | null {
  const [paneId, pid, cols, rows, typed, sessionName, title, home] = line.split('\t');
  if (!paneId || !sessionName || title === undefined || home === undefined) return null;
  return {
    sessionName,
    paneId,
    pid: Number(pid),
    cols: Number(cols),
    rows: Number(rows),
    title,
    attached: attached.has(sessionName),
    home,
    typed: typed ?? '',
  };
}

/** Line that makes a session with its options and prints {@link paneFormat}; the home is not set yet in what it prints. */
export function newPaneLine(
  pane: NewPane,
  home: string,
  { ownServer, windowSize }: { ownServer: boolean; windowSize: TmuxFeatures['windowSize'] },
): string {
  const target = quote(`=${pane.sessionName}:`);
  const size = `-x ${pane.cols} -y ${pane.rows}`;
  // tmux hands a single argument to a shell, and runs several as they are.
  const argv = pane.argv.length === 1 ? ['/usr/bin/env', ...pane.argv] : pane.argv;
  const commands = [
    `new-session -d -P -F ${quote(paneFormat)} ${size} -s ${quote(pane.sessionName)} -- ${argv.map(quote).join(' ')}`,
    `set-option -t ${target} @codepiper_home ${quote(home)}`,
    `set-option -t ${target} destroy-unattached off`,
  ];
  if (!ownServer) {
    // On somebody else's server only what belongs to this session may be set.
    for (const option of ['remain-on-exit off', `window-size ${windowSize}`, 'allow-rename off']) {
      commands.push(`set-option -w -t ${target} ${option}`);
    }
  }
  return commands.join(' ; ');
}

/**
 * Arguments that start a server (when none runs) and make the keeper session. Server-wide options are set on our own
 * server only, and before the first window, whose history limit is taken when it is made.
 */
export function keeperArgs(
  keeper: string,
  options: { ownServer: boolean; terminal: string; windowSize: TmuxFeatures['windowSize'] },
): string[] {
  const target = `=${keeper}:`;
  // One process that never wakes up and does not mind a stray C-c; a hangup ends it, as the server is gone then.
  const program = ['sh', '-c', "trap '' INT QUIT TSTP; exec sleep 2147483647"];
  const commands = [
    ['new-session', '-d', '-s', keeper, '-x', '80', '-y', '24', '--', ...program],
    ['set-option', '-t', target, 'destroy-unattached', 'off'],
  ];
  if (options.ownServer) {
    commands.unshift(
      ['set-option', '-s', 'exit-empty', 'off'],
      ['set-option', '-s', 'escape-time', '0'],
      ['set-option', '-s', 'default-terminal', options.terminal],
      ['set-option', '-s', 'set-clipboard', 'off'],
      ['set-option', '-g', 'history-limit', '10000'],
      ['set-option', '-g', 'status', 'off'],
      ['set-option', '-g', 'destroy-unattached', 'off'],
      ['set-option', '-gw', 'remain-on-exit', 'off'],
      ['set-option', '-gw', 'window-size', options.windowSize],
      ['set-option', '-gw', 'allow-rename', 'off'],
    );
  }
  return commands.flatMap((command, index) => (index === 0 ? command : [';', ...command]));
}

/** Pane ids go into the line as they are. */
export function checkPaneId(paneId: string): string {
  if (!/^%\d+$/.test(paneId)) throw failed(`not a pane id: ${JSON.stringify(paneId)}`);
  return paneId;
}
