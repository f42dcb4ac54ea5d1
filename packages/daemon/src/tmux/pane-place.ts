import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlClient } from './control-client.ts';
import type { Link, TmuxLog } from './keeper.ts';
import type { TmuxFeatures } from './version.ts';

/** The session a pane is in. */
interface PaneSession {
  sessionId: string;
  sessionName: string;
}

/** Where a pane is. */
export interface Place extends PaneSession {
  features: TmuxFeatures;
}

export interface LocateOptions {
  paneId: string;
  log: TmuxLog;
  /** The connection of the driver; null when there is no server. */
  findLink(): Promise<Link | null>;
}

/** Between two questions to a tmux that does not answer, in milliseconds. */
const againAfter = 1_000;

/**
 * Where a pane is now, for a client that is about to be attached to its session. Asks again for as long as tmux does
 * not answer.
 *
 * @returns null when it is gone, or `signal` was given
 */
export async function locatePane(options: LocateOptions, signal: AbortSignal): Promise<Place | null> {
  const { paneId, findLink, log } = options;
  while (!signal.aborted) {
    try {
      const link = await findLink();
      if (!link) return null;
      // Before a client is attached to its session.
      if (link.features.diesOfKeptPanes) link.client.send(`set-option -p -t ${paneId} remain-on-exit off`);
      const found = await findPane(link.client, paneId);
      return found && { ...found, features: link.features };
    } catch (error) {
      if (signal.aborted) break;
      log.warn({ err: error, paneId }, 'tmux does not say where a pane is; asking again');
      await sleep(againAfter, undefined, { ref: false, signal }).catch(() => undefined);
    }
  }
  return null;
}

/** The session a pane is in; null when it is gone. */
export async function findPane(client: ControlClient, paneId: string): Promise<PaneSession | null> {
  const [told] = await client.run(
    `display-message -p -t ${paneId} "#{pane_id}\t#{session_id}\t#{session_name}"`,
  );
  const [id, sessionId = '', sessionName = ''] = told?.ok ? told.body.toString('utf8').split('\t') : [];
  return id === paneId ? { sessionId, sessionName } : null;
}
