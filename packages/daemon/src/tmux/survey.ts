import { failed } from './control-lines.ts';
import { endOrphans, isOrphan, type OrphansLog, unlistedOrphans } from './orphans.ts';
import { unescapeDollars } from './quote.ts';
import { runTmux } from './run-tmux.ts';

/** What runs on a socket. */
export interface Survey {
  running: boolean;
  /** The keeper session is there. */
  keeper: boolean;
  /** Any session of ours. */
  ours: boolean;
}

export interface SurveyRequest {
  /** tmux's arguments that name the server. */
  serverArgs: readonly string[];
  env: NodeJS.ProcessEnv;
  /** The mark of our sessions. */
  home: string;
  homeKey: string;
  /** Name of the keeper session. */
  keeper: string;
  /** See `TmuxFeatures`. */
  escapesDollars: boolean;
  log: OrphansLog;
}

/** tmux's words when nothing listens on the socket, or stops to. Any other error says nothing about the server. */
const noServer =
  /no server running|server exited|lost server|error connecting to .*\((No such file or directory|Connection refused)\)/;

/**
 * Looks what runs on the socket, by a plain client; ends control clients that a killed daemon of this home left.
 *
 * @throws CodepiperError `tmux_failed` when the server does not say
 */
export async function surveyServer(request: SurveyRequest): Promise<Survey> {
  const { serverArgs, env, home, homeKey, keeper, log } = request;
  const { code, stdout, stderr } = await runTmux(
    [
      ...serverArgs,
      ...['list-sessions', '-F', 's\t#{session_name}\t#{@codepiper_home}', ';'],
      ...['list-clients', '-F', 'c\t#{client_pid}\t#{client_control_mode}\t#{session_name}'],
    ],
    { env },
  );
  if (code !== 0) {
    const running = /no sessions/.test(stderr);
    if (running || noServer.test(stderr)) return { running, keeper: false, ours: false };
    throw failed(`tmux failed to list sessions: ${stderr.trim()}`);
  }
  const printed = request.escapesDollars ? unescapeDollars(stdout) : stdout;
  const rows = printed.split('\n').map((line) => line.split('\t'));
  const orphans = new Set(await unlistedOrphans(homeKey));
  const attached = new Set(rows.map(([kind, pid]) => (kind === 'c' ? Number(pid) : null)));
  // Where there is no /proc those that are being attached are not seen at all.
  const areAttached = process.platform === 'linux' && [...orphans].every((pid) => attached.has(pid));
  for (const [kind, pid, control, sessionName = ''] of rows) {
    if (kind !== 'c' || control !== '1') continue;
    const client = { pid: Number(pid), sessionName };
    if (await isOrphan(client, homeKey, keeper)) orphans.add(client.pid);
  }
  if (orphans.size > 0) {
    const listed = async (): Promise<number[]> => {
      const { stdout } = await runTmux([...serverArgs, 'list-clients', '-F', '#{client_pid}'], { env });
      return stdout.split('\n').map(Number);
    };
    await endOrphans([...orphans], { log, areAttached, listed });
  }
  const sessions = rows.filter(([kind]) => kind === 's');
  return {
    running: true,
    keeper: sessions.some(([, name]) => name === keeper),
    ours: sessions.some(([, , sessionHome]) => sessionHome === home),
  };
}
